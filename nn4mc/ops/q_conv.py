"""q_conv: convolution in integers, channels last; int32 sums, one scale an output channel; depthwise is groups = C.

Inputs: x (N, H, W, C), W (O, kh, kw, C / groups) int8 or int16, b (O), multiplier (O) and shift (O) int32, and for int8
perhaps a table (256). Padding stands for real 0: it adds nothing. Results are rounded twice, as TensorFlow Lite's
kernel does it, or once with ``rounds_once``. See nn4mc/ops/quantized.py for x, which float32 is not.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn4mc.fixed_point import Integers, integers
from nn4mc.ir import INT8, INT16, Array, Node, Shape, Tensor
from nn4mc.ops.base import Operator, expect, size, whole, wholes
from nn4mc.ops.integer_rows import INT8_STEPS, words_of
from nn4mc.ops.packing import Packed, PackedConstants
from nn4mc.ops.quantized import (
    INPUT_ZERO,
    LIMIT,
    OUTPUT,
    PRODUCT_FILES,
    SUM_SHIFT,
    check_input,
    check_rows,
    check_table,
    limit_of,
    pack_factors,
    pack_product,
    plain_factors,
    product_details,
    shift_of,
    shifted,
    steps_of,
    to_integers,
)
from nn4mc.ops.sliding import DILATIONS, PADS, STRIDES, sliding_axes, tap_slices

ROUNDS_ONCE = "rounds_once"
WINDOW = (STRIDES, DILATIONS, PADS, "groups")
INPUT = (INPUT_ZERO, LIMIT, SUM_SHIFT)


def conv_shape(node: Node, x: Shape, weights: Shape) -> Shape:
    """Return the shape of a convolution's output; GraphError when x, weights and window do not fit."""
    expect(len(weights) == 4, node, f"weights have shape {weights}, expected (out, kh, kw, in / groups)")
    height, width = sliding_axes(node, x, weights[1:3])
    groups = whole(node, "groups")
    expect(groups >= 1 and weights[0] % groups == 0, node, f"{groups} groups do not divide {weights[0]} channels")
    expect(
        x[3] == weights[3] * groups, node, f"x has {x[3]} channels, weights {weights[3]} for each of {groups} groups"
    )
    check_input(node)
    return (x[0], height.outputs, width.outputs, weights[0])


def conv_sums(node: Node, x: Array, weights: Array, bias: Array) -> Integers:
    """Return the sums of a convolution, its bias added."""
    shape = conv_shape(node, x.shape, weights.shape)
    groups = whole(node, "groups")
    pixels = steps_of(node, x).reshape(*x.shape[:3], groups, -1)
    taps = integers(weights).reshape(groups, -1, *weights.shape[1:])
    sums = np.zeros((*shape[:3], groups, shape[3] // groups), np.int64)
    height, width = sliding_axes(node, x.shape, weights.shape[1:3])
    for row, down, rows in tap_slices(height):
        for column, across, columns in tap_slices(width):
            met = pixels[:, rows, columns]
            sums[:, down, across] += np.einsum("nhwgc,goc->nhwgo", met, taps[:, :, row, column])
    return shifted(sums.reshape(shape), shift_of(node)) + integers(bias)


def conv_macs(node: Node, inputs: Sequence[Shape]) -> int:
    """Return the multiply-accumulates of the full kernel at every position."""
    return size(conv_shape(node, *inputs[:2])) * size(inputs[1][1:])


def conv_scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    """Return the words of a window in steps and of the sums of one place."""
    return words_of(inputs[1][0], size(inputs[1][1:]))


def pack_conv(node: Node, inputs: Sequence[Tensor], target: Any) -> PackedConstants:
    """Return weights and bias packed, or one behind the other as they are where there are groups."""
    if whole(node, "groups") == 1:
        return pack_product(node, inputs, target)
    weights, bias = inputs[1], inputs[2]
    assert weights.data is not None and bias.data is not None
    return {
        "weights": Packed(weights.data.ravel(), f"{weights.name} {weights.shape}"),
        "bias": Packed(bias.data, bias.name),
    }


def conv_details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """Return what `product_details` does, and whether windows are read in place rather than copied.

    Each must be one stretch of int16 without a zero point, for the one kernel that takes any address.
    """
    _, kernel_height, kernel_width, _ = inputs[1].shape
    dilations = wholes(node, DILATIONS)
    lines = kernel_height == 1 or (kernel_width == inputs[0].shape[2] and dilations[0] == 1)
    plain = inputs[0].dtype == INT16 and inputs[1].dtype == INT8 and whole(node, INPUT_ZERO) == 0
    wide = limit_of(node) > INT8_STEPS and whole(node, "groups") == 1
    in_place = int(lines and plain and wide and dilations[1] == 1)
    return {**product_details(node, inputs, outputs), "in_place": in_place}


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights = inputs[:2]
    made = conv_shape(node, x, weights)
    check_rows(node, weights[0], ("bias", "multiplier", "shift"), inputs[2:5])
    check_table(node, inputs)
    once = bool(node.attributes.get(ROUNDS_ONCE))
    expect(once or len(inputs) == 5, node, f"a table behind results that are rounded twice; set {ROUNDS_ONCE}")
    for name in OUTPUT:
        whole(node, name)
    return (made,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, *factors = inputs
    sums = conv_sums(node, x, weights, bias)
    return (to_integers(node, sums, factors, twice=not node.attributes.get(ROUNDS_ONCE)),)


def _packed(node: Node, inputs: Sequence[Tensor], target: Any) -> PackedConstants:
    factors = pack_factors(inputs) if node.attributes.get(ROUNDS_ONCE) else plain_factors(inputs)
    return {**pack_conv(node, inputs, target), **factors}


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    details = conv_details(node, inputs, outputs)
    return (
        details
        if node.attributes.get(ROUNDS_ONCE)
        else {**details, "finish": "nn4mc_finish_int8_twice", "even_shift": 0}
    )


OPERATOR = Operator(
    name="q_conv",
    about="convolution in integers, channels last: int32 sums, one scale a channel",
    arity=(5, 6),
    shapes=_shapes,
    reference=_reference,
    macs=conv_macs,
    scratch=conv_scratch,
    details=_details,
    packed=_packed,
    packs=(1, 2, 3, 4),
    attributes=(*WINDOW, *INPUT, *OUTPUT, ROUNDS_ONCE),
    constants=(1, 2, 3, 4, 5),
    types=(INT8, INT16),
    converts=True,
    runtime=PRODUCT_FILES,
)
