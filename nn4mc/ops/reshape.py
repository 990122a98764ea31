"""reshape: the same elements in another shape; no C unless the memory has to move."""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import NUMBERS, Operator, expect, size, wholes


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    shape = wholes(node, "shape")
    expect(size(shape) == size(inputs[0]), node, f"{inputs[0]} has not as many elements as {shape}")
    return (shape,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (inputs[0].reshape(wholes(node, "shape")),)


OPERATOR = Operator(
    name="reshape",
    about="the same elements in another shape: Reshape, Flatten, Squeeze, Unsqueeze",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    attributes=("shape",),
    types=NUMBERS,
    in_place=(0,),
    view=True,
)
