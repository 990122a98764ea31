"""What conv and pool share: a kernel that slides over the two middle axes of (batch, height, width, channels)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import expect, wholes

STRIDES, DILATIONS, PADS = "strides", "dilations", "pads"
_LARGEST = 1 << 16
"""Of a stride, a dilation or a pad: sums of them stay far below 2^31 in C."""


@dataclass(frozen=True)
class Sliding:
    """One axis: ``kernel`` taps, ``dilation`` apart, move by ``stride`` over ``length`` elements and their padding."""

    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def outputs(self) -> int:
        """The number of positions, rounded down; below 1 when the kernel does not fit."""
        reach = (self.kernel - 1) * self.dilation + 1
        return (self.length + self.before + self.after - reach) // self.stride + 1

    def taps(self, position: int) -> range:
        """Return the taps that meet an element, not padding, at an output position."""
        start = position * self.stride - self.before
        first = max(0, -(start // self.dilation))
        last = min(self.kernel, (self.length - 1 - start) // self.dilation + 1)
        return range(first, max(first, last))

    def index(self, position: int, tap: int) -> int:
        """Return the input element that a tap meets."""
        return position * self.stride - self.before + tap * self.dilation


def sliding_axes(node: Node, x: Shape, kernel: tuple[int, ...]) -> tuple[Sliding, Sliding]:
    """Return the height's and the width's axis of ``x`` (N, H, W, C).

    Raises GraphError when the attributes strides (2), dilations (2) and pads (top, left, bottom, right) do not fit.
    """
    expect(len(x) == 4 and 0 not in x, node, f"x has shape {x}, expected (batch, height, width, channels)")
    strides = _numbers(node, STRIDES, 2, 1)
    dilations = _numbers(node, DILATIONS, 2, 1)
    pads = _numbers(node, PADS, 4, 0)
    expect(len(kernel) == 2 and min(kernel) >= 1, node, f"kernel is {kernel}, expected (height, width)")
    height, width = (
        Sliding(x[1 + i], kernel[i], strides[i], dilations[i], pads[i], pads[2 + i]) for i in range(len(kernel))
    )
    for axis, length in ((height, "height"), (width, "width")):
        expect(axis.outputs >= 1, node, f"the kernel {kernel} does not fit the {length} {axis.length} with pads {pads}")
    return height, width


def _numbers(node: Node, name: str, count: int, least: int) -> tuple[int, ...]:
    values = wholes(node, name)
    fits = len(values) == count and all(least <= value <= _LARGEST for value in values)
    expect(fits, node, f"{name} is {values}, expected {count} numbers from {least} to {_LARGEST}")
    return values


def tap_slices(axis: Sliding) -> Iterator[tuple[int, slice, slice]]:
    """Yield each tap with the output positions where it meets the input, and the elements it meets there."""
    for tap in range(axis.kernel):
        offset = tap * axis.dilation - axis.before
        first = max(0, -(offset // axis.stride))
        last = min(axis.outputs, (axis.length - 1 - offset) // axis.stride + 1)
        if first < last:
            start = first * axis.stride + offset
            stop = (last - 1) * axis.stride + offset + 1
            yield tap, slice(first, last), slice(start, stop, axis.stride)


def valid_counts(height: Sliding, width: Sliding) -> Array:
    """Return how many taps meet an element, not padding, at each output position (Ho, Wo)."""
    rows, columns = (
        np.array([len(axis.taps(position)) for position in range(axis.outputs)], np.float64) for axis in (height, width)
    )
    return np.outer(rows, columns)
