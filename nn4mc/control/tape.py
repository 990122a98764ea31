"""A network as a tape: what one step computes from its atoms, in three kinds of line that are easy to differentiate.

An atom is a vector: a part of the network's input, a state, or what a line made. A line is

    affine    out = bias + sum of M x (or of +x, -x)      over atoms x
    unary     out = f(x), element by element              f of nn4mc.control.unary
    product   out = a b, element by element

Unary lines and products read only what lines made. `nn4mc.control.trace` turns any differentiable graph into a tape;
`nn4mc.control.jets` runs one with derivatives.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nn4mc.ir import Array


@dataclass(frozen=True)
class Term:
    """``matrix`` (out, in) times an atom, or ``sign`` (+1 or -1) times it where there is no matrix."""

    atom: str
    matrix: Array | None = None
    sign: float = 1.0


@dataclass(frozen=True)
class Affine:
    """out = bias (out,) + the sum of the terms; no two of them read the same atom."""

    out: str
    bias: Array
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Unary:
    """out = f(x) for each element."""

    out: str
    function: str
    x: str


@dataclass(frozen=True)
class Product:
    """out = a b for each element; a and b may be one atom."""

    out: str
    a: str
    b: str


Line = Affine | Unary | Product


@dataclass(frozen=True)
class Tape:
    """The lines in order, and the length of every atom.

    ``inputs`` are the atoms that the network's input is made of, one behind the other; ``states`` maps the atom of
    each state before the step to that after it; ``output`` is the atom of all outputs.
    """

    lines: tuple[Line, ...]
    lengths: Mapping[str, int]
    inputs: tuple[str, ...]
    states: Mapping[str, str]
    initial: Mapping[str, Array]
    output: str
