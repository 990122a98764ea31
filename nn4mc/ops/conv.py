"""conv: 2D convolution (cross-correlation) with channels last; 1D is a height of 1, depthwise is groups = channels.

Inputs: x (N, H, W, C), weights (O, kernel height, kernel width, C / groups), bias (O); output (N, Ho, Wo, O). Output
channels o of group g = o // (O / groups) see the input channels g C / groups and following. Padding counts as zeros.

The C adds in one order: bias first, then the kernel's rows, its columns and the channels; padding is skipped.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import Operator, constant, expect, expect_shape, size, whole, wholes
from nn4mc.ops.packing import MOST_SWEPT_ROWS, PackedConstants, pack_channels, pack_groups
from nn4mc.ops.sliding import DILATIONS, PADS, STRIDES, Sliding, sliding_axes, tap_slices
from nn4mc.target import Target

GROUPS = "groups"


def _axes(node: Node, inputs: Sequence[Shape]) -> tuple[Sliding, Sliding]:
    return sliding_axes(node, inputs[0], inputs[1][1:3])


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias = inputs
    fits = len(weights) == 4 and 0 not in weights
    expect(fits, node, f"weights have shape {weights}, expected (out, kernel height, kernel width, in / groups)")
    height, width = _axes(node, inputs)
    groups, channels, outputs = whole(node, GROUPS), x[3], weights[0]
    divides = groups >= 1 and channels % groups == 0 and outputs % groups == 0
    expect(divides, node, f"{groups} groups do not divide {channels} input and {outputs} output channels")
    expect_shape(node, "weights", weights, (*weights[:3], channels // groups))
    expect_shape(node, "bias", bias, (outputs,))
    activation_of(node)
    return ((x[0], height.outputs, width.outputs, outputs),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias = inputs
    (shape,) = _shapes(node, [array.shape for array in inputs])
    height, width = _axes(node, [array.shape for array in inputs])
    groups, taps = whole(node, GROUPS), list(product(tap_slices(height), tap_slices(width)))
    y = np.zeros(shape)
    if weights.shape[3] == 1:
        # One input channel an output: products by element are much faster than as many tiny matrices.
        seen = np.repeat(x, shape[3] // groups, axis=3)
        for (i, row_to, row_from), (j, column_to, column_from) in taps:
            y[:, row_to, column_to] += seen[:, row_from, column_from] * weights[:, i, j, 0]
        return (activation_of(node)(y + bias),)
    parts = (np.split(x, groups, axis=3), np.split(weights, groups), np.split(y, groups, axis=3))
    for met, kernel, made in zip(*parts, strict=True):
        for (i, row_to, row_from), (j, column_to, column_from) in taps:
            made[:, row_to, column_to] += met[:, row_from, column_from] @ kernel[:, i, j].T
    return (activation_of(node)(y + bias),)


def _macs(node: Node, inputs: Sequence[Shape]) -> int:
    """Those of the full kernel at every position; what falls into the padding is skipped and still counted."""
    return size(_shapes(node, inputs)[0]) * size(inputs[1][1:])


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    """``axes``, ``kernel``, and how taps meet the image.

    ``unpadded``: every position meets all taps, and all parts the same x. ``touching``: a row of taps is one stretch
    of the image. ``stretches``: how many are met at most.
    """
    height, width = _axes(node, [tensor.shape for tensor in inputs])
    kernel = _kernel(node, inputs)
    touching = kernel == "nn4mc_channels" or (whole(node, GROUPS) == 1 and width.dilation == 1)
    one_x = whole(node, GROUPS) == 1 or (kernel == "nn4mc_channels" and inputs[0].shape[3] <= MOST_SWEPT_ROWS)
    return {
        "kernel": kernel,
        "unpadded": one_x and not any(wholes(node, PADS)),
        "axes": (height, width),
        "touching": int(touching),
        "stretches": height.kernel * (1 if touching else width.kernel),
    }


def _kernel(node: Node, inputs: Sequence[Tensor]) -> str:
    """Return the family of C kernels: for one input channel each, for two positions at once, or for one position."""
    if whole(node, GROUPS) == len(constant(inputs[1])) == inputs[0].shape[3] > 1:
        return "nn4mc_channels"
    one_place = inputs[0].shape[:3] == (1, *inputs[1].shape[1:3]) and not any(wholes(node, PADS))
    return "nn4mc_rows" if one_place and whole(node, GROUPS) == 1 else "nn4mc_pairs"


def _packed(node: Node, inputs: Sequence[Tensor], target: Target) -> PackedConstants:
    """The rows of each group are its output channels, the columns the taps of the kernel and their channels.

    Where each output channel has one input channel of its own, blocks of channels take their taps side by side.
    """
    weights, bias = constant(inputs[1]), constant(inputs[2])
    outputs, groups = len(weights), whole(node, GROUPS)
    flat = weights.reshape(outputs, -1)
    most = target.block_rows if _kernel(node, inputs) == "nn4mc_rows" else min(target.block_rows, MOST_SWEPT_ROWS)
    if _kernel(node, inputs) == "nn4mc_channels":
        return {"rows": pack_channels(flat, bias, most)}
    return {"rows": pack_groups(flat, bias, groups, weights.shape[3], most)}


OPERATOR = Operator(
    name="conv",
    about="2D convolution, channels last: 1D, strided, dilated, grouped and depthwise too",
    arity=(3, 3),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    details=_details,
    packed=_packed,
    packs=(1, 2),
    attributes=(STRIDES, DILATIONS, PADS, GROUPS, ACTIVATION),
    constants=(1, 2),
    runtime=("nn4mc_conv", "nn4mc_sliding", "nn4mc_rows", "nn4mc_sweep"),
    takes_activation=True,
)
