"""Runs a tape in float64 with first and second derivatives along any number of directions at once.

Along directions d = 1..D a jet of a vector (n,) holds its value, dv/dd (D, n) and, if asked for, d2v/dd dd' (D, D, n).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.control.tape import Affine, Product, Tape, Term, Unary
from nn4mc.control.unary import UNARY
from nn4mc.ir import Array


@dataclass(frozen=True)
class Jet:
    """A value (n,), its first derivatives (D, n), and its second (D, D, n) or None."""

    value: Array
    first: Array
    second: Array | None = None


def constant_jet(value: Array, directions: int, second: bool) -> Jet:
    """Return a jet that does not move."""
    n = value.size
    return Jet(value, np.zeros((directions, n)), np.zeros((directions, directions, n)) if second else None)


def run_tape(tape: Tape, given: Mapping[str, Jet]) -> dict[str, Jet]:
    """Return every atom; ``given`` holds the inputs and the states."""
    jets = dict(given)
    for line in tape.lines:
        if isinstance(line, Affine):
            jets[line.out] = _affine(line, jets)
        elif isinstance(line, Unary):
            jets[line.out] = _unary(line, jets[line.x])
        else:
            jets[line.out] = _product(line, jets)
    return jets


def _affine(line: Affine, jets: Mapping[str, Jet]) -> Jet:
    """Return bias + the sum of the terms; without terms a jet that does not move."""
    like = next(iter(jets.values()))
    made = constant_jet(line.bias, len(like.first), like.second is not None)
    for term in line.terms:
        x = jets[term.atom]
        moved = [_apply(values, term) for values in (x.value, x.first, x.second) if values is not None]
        second = None if made.second is None else made.second + moved[2]
        made = Jet(made.value + moved[0], made.first + moved[1], second)
    return made


def _apply(values: Array, term: Term) -> Array:
    return term.sign * values if term.matrix is None else values @ term.matrix.T


def _unary(line: Unary, x: Jet) -> Jet:
    function = UNARY[line.function]
    y = function.value(x.value)
    slope = function.first(x.value, y)
    second = None
    if x.second is not None:
        bend = function.second(x.value, y)
        second = slope * x.second + bend * (x.first[:, None] * x.first[None])
    return Jet(y, slope * x.first, second)


def _product(line: Product, jets: Mapping[str, Jet]) -> Jet:
    a, b = jets[line.a], jets[line.b]
    second = None
    if a.second is not None and b.second is not None:
        cross = a.first[:, None] * b.first[None]
        second = a.value * b.second + a.second * b.value + cross + cross.swapaxes(0, 1)
    return Jet(a.value * b.value, a.value * b.first + b.value * a.first, second)
