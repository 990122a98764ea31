"""q_mul: int8 a * b of different scales, with broadcasting."""

from collections.abc import Sequence

from nn4mc.fixed_point import clamp, integers, rescale
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, whole
from nn4mc.ops.broadcast import broadcast, broadcast_details

ATTRIBUTES = ("zero_1", "zero_2", "multiplier", "shift", "output_zero", "minimum", "maximum")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    for name in ATTRIBUTES:
        whole(node, name)
    return (broadcast(node, inputs[0], inputs[1]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    product = (integers(inputs[0]) - whole(node, "zero_1")) * (integers(inputs[1]) - whole(node, "zero_2"))
    scaled = rescale(product, whole(node, "multiplier"), whole(node, "shift")) + whole(node, "output_zero")
    return (clamp(scaled, whole(node, "minimum"), whole(node, "maximum")),)


OPERATOR = Operator(
    name="q_mul",
    about="int8 a * b of different scales, with broadcasting",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    details=broadcast_details,
    attributes=ATTRIBUTES,
    types=(INT8,),
    in_place=(0, 1),
    runtime=("nn4mc_fixed_point", "nn4mc_axes", "nn4mc_quantized_binary"),
)
