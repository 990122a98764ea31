"""q_dense: int8 y = clamp(zero + (W (x - zero_x) + b) * scale) along the last axis; one scale a row.

Inputs: x, W (out, in) int8, b (out) int32, multiplier (out) and shift (out) int32 as in nn4mc.fixed_point.
The scaling rounds once: of TensorFlow Lite's kernels the dense one alone does so.
"""

from collections.abc import Sequence

from nn4mc.fixed_point import clamp, integers, rescale_once
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, expect, expect_shape, size, whole

ATTRIBUTES = ("input_zero", "output_zero", "minimum", "maximum")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias, multiplier, shift = inputs
    expect(len(weights) == 2, node, f"weights have shape {weights}, expected (out, in)")
    expect(len(x) >= 1, node, "input is a scalar, expected at least one axis")
    expect_shape(node, "input", x, (*x[:-1], weights[1]))
    for what, shape in (("bias", bias), ("multiplier", multiplier), ("shift", shift)):
        expect_shape(node, what, shape, (weights[0],))
    for name in ATTRIBUTES:
        whole(node, name)
    return ((*x[:-1], weights[0]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, multiplier, shift = (integers(one) for one in inputs)
    sums = (x - whole(node, "input_zero")) @ weights.T + bias
    scaled = rescale_once(sums, multiplier, shift) + whole(node, "output_zero")
    return (clamp(scaled, whole(node, "minimum"), whole(node, "maximum")),)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    return size(inputs[0][:-1]) * inputs[1][0] * inputs[1][1]


OPERATOR = Operator(
    name="q_dense",
    about="int8 dense layer: int32 sums, one scale a row",
    arity=(5, 5),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    attributes=ATTRIBUTES,
    constants=(1, 2, 3, 4),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized_product"),
)
