"""q_add: int8 a + b of different scales, with broadcasting; a - b is a negative second multiplier.

Both are brought to a common scale with 20 bits to spare, added, and scaled to the output.
"""

from collections.abc import Sequence

from nn4mc.fixed_point import Integers, clamp, integers, rescale
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, whole
from nn4mc.ops.broadcast import broadcast, broadcast_details

LEFT_SHIFT = 20
_FIRST = ("zero_1", "multiplier_1", "shift_1")
_SECOND = ("zero_2", "multiplier_2", "shift_2")
_OUTPUT = ("multiplier", "shift", "output_zero", "minimum", "maximum")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    for name in (*_FIRST, *_SECOND, *_OUTPUT):
        whole(node, name)
    return (broadcast(node, inputs[0], inputs[1]),)


def _term(node: Node, values: Array, names: Sequence[str]) -> Integers:
    """Return an input in the common scale."""
    zero, multiplier, shift = (whole(node, name) for name in names)
    return rescale((integers(values) - zero) << LEFT_SHIFT, multiplier, shift)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    first, second = (_term(node, values, names) for values, names in zip(inputs, (_FIRST, _SECOND), strict=True))
    scaled = rescale(first + second, whole(node, "multiplier"), whole(node, "shift")) + whole(node, "output_zero")
    return (clamp(scaled, whole(node, "minimum"), whole(node, "maximum")),)


OPERATOR = Operator(
    name="q_add",
    about="int8 a + b, or a - b, of different scales, with broadcasting",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    details=broadcast_details,
    attributes=(*_FIRST, *_SECOND, *_OUTPUT),
    types=(INT8,),
    in_place=(0, 1),
    runtime=("nn4mc_fixed_point", "nn4mc_axes", "nn4mc_quantized_binary"),
)
