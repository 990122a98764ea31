"""requantize: int8 to int8 of another scale and zero point."""

from collections.abc import Sequence

from nn4mc.fixed_point import clamp, rescale
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, whole

ATTRIBUTES = ("input_zero", "multiplier", "shift", "output_zero", "minimum", "maximum")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    for name in ATTRIBUTES:
        whole(node, name)
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    scaled = rescale(inputs[0] - whole(node, "input_zero"), whole(node, "multiplier"), whole(node, "shift"))
    return (clamp(scaled + whole(node, "output_zero"), whole(node, "minimum"), whole(node, "maximum")),)


OPERATOR = Operator(
    name="requantize",
    about="int8 to int8 of another scale and zero point",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    attributes=ATTRIBUTES,
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized"),
    in_place=(0,),
)
