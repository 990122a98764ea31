"""q_conv: int8 convolution, channels last; int32 sums, one scale an output channel; depthwise is groups = C.

Inputs: x (N, H, W, C), W (O, kh, kw, C / groups) int8, b (O) int32, multiplier (O) and shift (O) int32.
Padding stands for real 0: it adds nothing.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.fixed_point import clamp, integers, rescale
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, expect, expect_shape, size, whole
from nn4mc.ops.sliding import DILATIONS, PADS, STRIDES, sliding_axes, tap_slices

SCALING = ("input_zero", "output_zero", "minimum", "maximum")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias, multiplier, shift = inputs
    expect(len(weights) == 4, node, f"weights have shape {weights}, expected (out, kh, kw, in / groups)")
    height, width = sliding_axes(node, x, weights[1:3])
    groups = whole(node, "groups")
    expect(groups >= 1 and weights[0] % groups == 0, node, f"{groups} groups do not divide {weights[0]} channels")
    expect(
        x[3] == weights[3] * groups, node, f"x has {x[3]} channels, weights {weights[3]} for each of {groups} groups"
    )
    for what, shape in (("bias", bias), ("multiplier", multiplier), ("shift", shift)):
        expect_shape(node, what, shape, (weights[0],))
    for name in SCALING:
        whole(node, name)
    return ((x[0], height.outputs, width.outputs, weights[0]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, multiplier, shift = (integers(one) for one in inputs)
    (shape,) = _shapes(node, [one.shape for one in inputs])
    groups = whole(node, "groups")
    pixels = (x - whole(node, "input_zero")).reshape(*x.shape[:3], groups, -1)
    taps = weights.reshape(groups, -1, *weights.shape[1:])
    sums = np.zeros((*shape[:3], groups, shape[3] // groups), np.int64)
    height, width = sliding_axes(node, x.shape, weights.shape[1:3])
    for row, down, rows in tap_slices(height):
        for column, across, columns in tap_slices(width):
            met = pixels[:, rows, columns]
            sums[:, down, across] += np.einsum("nhwgc,goc->nhwgo", met, taps[:, :, row, column])
    scaled = rescale(sums.reshape(shape) + bias, multiplier, shift) + whole(node, "output_zero")
    return (clamp(scaled, whole(node, "minimum"), whole(node, "maximum")),)


def _macs(node: Node, inputs: Sequence[Shape]) -> int:
    (out,) = _shapes(node, inputs)
    return size(out) * size(inputs[1][1:])


OPERATOR = Operator(
    name="q_conv",
    about="int8 convolution, channels last: int32 sums, one scale a channel",
    arity=(5, 5),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    attributes=(STRIDES, DILATIONS, PADS, "groups", *SCALING),
    constants=(1, 2, 3, 4),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized_product"),
)
