"""quantize: float32 to int8, nearest step, halves away from zero: clamp(round(x / scale) + zero_point)."""

from collections.abc import Sequence

from nn4mc.fixed_point import to_int8
from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import ANY_TYPE, Operator, expect, number, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(number(node, "scale") > 0.0, node, f"scale {number(node, 'scale')}, expected above 0")
    whole(node, "zero_point")
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (to_int8(inputs[0], number(node, "scale"), whole(node, "zero_point")),)


OPERATOR = Operator(
    name="quantize",
    about="float32 to int8: clamp(round(x / scale) + zero_point)",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    attributes=("scale", "zero_point"),
    types=ANY_TYPE,
    converts=True,
    runtime=("nn4mc_fixed_point", "nn4mc_quantized"),
)
