"""pool: the largest or the average value under a kernel, channel by channel, with channels last.

Input x (N, H, W, C), output (N, Ho, Wo, C) with sizes rounded down. The maximum ignores padding; the average divides
by the number of elements under the kernel, or by the kernel's size when ``count_include_pad``. Every position of the
kernel must meet at least one element. The C adds the kernel's rows and columns in order, and divides once.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.base import Operator, expect, wholes
from nn4mc.ops.sliding import DILATIONS, PADS, STRIDES, Sliding, sliding_axes, tap_slices, valid_counts

KIND, KERNEL, COUNT_INCLUDE_PAD = "kind", "kernel", "count_include_pad"
MAXIMUM, AVERAGE = "max", "average"


def _axes(node: Node, x: Shape) -> tuple[Sliding, Sliding]:
    return sliding_axes(node, x, wholes(node, KERNEL))


def _counts_padding(node: Node) -> bool:
    value = node.attributes.get(COUNT_INCLUDE_PAD, False)
    expect(isinstance(value, bool), node, f"attribute {COUNT_INCLUDE_PAD} is {value!r}, expected true or false")
    return bool(value)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    (x,) = inputs
    height, width = _axes(node, x)
    kind = node.attributes.get(KIND)
    expect(kind in (MAXIMUM, AVERAGE), node, f"{KIND} is {kind!r}, expected '{MAXIMUM}' or '{AVERAGE}'")
    _counts_padding(node)
    for axis in (height, width):
        # The first and the last position reach deepest into the padding, unless dilated taps can straddle the input.
        doubtful = range(axis.outputs) if axis.dilation > axis.length else (0, axis.outputs - 1)
        empty = next((at for at in doubtful if not axis.taps(at)), None)
        expect(empty is None, node, f"at position {empty} the kernel meets only padding; use smaller pads")
    return ((x[0], height.outputs, width.outputs, x[3]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    (x,) = inputs
    height, width = _axes(node, x.shape)
    is_maximum = node.attributes[KIND] == MAXIMUM
    combine = np.maximum if is_maximum else np.add
    y = np.full((x.shape[0], height.outputs, width.outputs, x.shape[3]), -np.inf if is_maximum else 0.0)
    for _, row_to, row_from in tap_slices(height):
        for _, column_to, column_from in tap_slices(width):
            here = y[:, row_to, column_to]
            here[...] = combine(here, x[:, row_from, column_from])
    if is_maximum:
        return (y,)
    whole_kernel = float(height.kernel * width.kernel)
    return (y / (whole_kernel if _counts_padding(node) else valid_counts(height, width)[..., np.newaxis]),)


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return {"axes": _axes(node, inputs[0].shape), "counts_padding": int(_counts_padding(node))}


OPERATOR = Operator(
    name="pool",
    about="maximum or average under a sliding kernel, channels last",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=(KIND, KERNEL, STRIDES, DILATIONS, PADS, COUNT_INCLUDE_PAD),
    runtime=("nn4mc_pool", "nn4mc_sliding", "nn4mc_copy"),
)
