"""q_pool: int8 maximum or average over windows, channels last; padding is never counted."""

from collections.abc import Sequence

import numpy as np

from nn4mc.fixed_point import clamp, integers
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, expect, size, whole, wholes
from nn4mc.ops.sliding import DILATIONS, PADS, STRIDES, sliding_axes, tap_slices, valid_counts

MAX, AVERAGE = "max", "average"


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, kind = inputs[0], node.attributes.get("kind")
    expect(kind in (MAX, AVERAGE), node, f"kind is {kind!r}, expected '{MAX}' or '{AVERAGE}'")
    height, width = sliding_axes(node, x, wholes(node, "kernel"))
    pads, kernel = wholes(node, PADS), wholes(node, "kernel")
    covers = max(pads[0], pads[2]) < kernel[0] and max(pads[1], pads[3]) < kernel[1]
    expect(covers, node, f"pads {pads} leave windows of {kernel} that hold padding alone")
    expect(wholes(node, DILATIONS) == (1, 1), node, f"dilations {wholes(node, DILATIONS)}, expected (1, 1)")
    for name in ("minimum", "maximum"):
        whole(node, name)
    return ((x[0], height.outputs, width.outputs, x[3]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x = integers(inputs[0])
    (shape,) = _shapes(node, [x.shape])
    height, width = sliding_axes(node, x.shape, wholes(node, "kernel"))
    largest, total = np.full(shape, -128), np.zeros(shape, np.int64)
    for _, down, rows in tap_slices(height):
        for _, across, columns in tap_slices(width):
            met = x[:, rows, columns]
            largest[:, down, across] = np.maximum(largest[:, down, across], met)
            total[:, down, across] += met
    count = integers(valid_counts(height, width))[None, :, :, None]
    average = np.sign(total) * ((np.abs(total) + count // 2) // count)
    result = largest if node.attributes["kind"] == MAX else average
    return (clamp(result, whole(node, "minimum"), whole(node, "maximum")),)


def _macs(node: Node, inputs: Sequence[Shape]) -> int:
    (out,) = _shapes(node, inputs)
    return size(out) * size(wholes(node, "kernel")) if node.attributes["kind"] == AVERAGE else 0


OPERATOR = Operator(
    name="q_pool",
    about="int8 maximum or average over windows, channels last",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    attributes=("kind", "kernel", STRIDES, DILATIONS, PADS, "minimum", "maximum"),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized_pool"),
)
