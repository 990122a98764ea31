"""What an operator is: a table of facts and functions that every stage of the pipeline reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from nn4mc.errors import GraphError
from nn4mc.ir import Array, Node, Shape


def no_scratch(_node: Node, _inputs: Sequence[Shape]) -> int:
    """Return 0: the operator needs no memory but its inputs and outputs."""
    return 0


def no_macs(_node: Node, _inputs: Sequence[Shape]) -> int:
    """Return 0: the operator multiplies and accumulates nothing."""
    return 0


@dataclass(frozen=True)
class Operator:
    """One operator; its C is ``codegen/templates/ops/<name>.c.j2``.

    ``shapes`` gives the output shapes and raises GraphError when the inputs do not fit; ``reference`` computes in
    float64; ``macs`` counts multiply-accumulates; ``scratch`` counts float32 words of working memory;
    ``attributes`` maps each attribute to the values it may take; ``in_place`` is the input whose memory output 0
    may reuse; ``elementwise`` operators can be fused behind a product as its activation.
    """

    name: str
    about: str
    arity: tuple[int, int]
    shapes: Callable[[Node, Sequence[Shape]], tuple[Shape, ...]]
    reference: Callable[[Node, Sequence[Array]], tuple[Array, ...]]
    macs: Callable[[Node, Sequence[Shape]], int] = no_macs
    scratch: Callable[[Node, Sequence[Shape]], int] = no_scratch
    attributes: tuple[str, ...] = ()
    constants: tuple[int, ...] = ()
    in_place: int | None = None
    elementwise: bool = False


def expect(condition: bool, node: Node, what: str) -> None:
    """Raise GraphError for ``node`` unless ``condition`` holds; ``what`` says found and expected."""
    if not condition:
        raise GraphError(f"node '{node.name}' ({node.op}): {what}")


def expect_shape(node: Node, what: str, found: Shape, expected: Shape) -> None:
    """Raise GraphError unless the input called ``what`` has the expected shape."""
    expect(found == expected, node, f"{what} has shape {found}, expected {expected}")


def elementwise(name: str, about: str, function: Callable[[Array], Array]) -> Operator:
    """Return the operator that applies ``function`` to each element of its one input."""
    return Operator(
        name=name,
        about=about,
        arity=(1, 1),
        shapes=lambda _node, inputs: (inputs[0],),
        reference=lambda _node, inputs: (function(inputs[0]),),
        in_place=0,
        elementwise=True,
    )


def size(shape: Shape) -> int:
    """Return the number of elements of a shape; 1 for a scalar."""
    return prod(shape)
