"""Strides worked out at compile time: the tables that the kernels walk arrays by."""

from collections.abc import Sequence

from nn4mc.ir import Node, Shape
from nn4mc.ops.base import expect

Axis = tuple[int, int, int]
"""The size of an axis, and how many elements one step along it moves in each of two arrays."""


def strides(shape: Shape) -> tuple[int, ...]:
    """Return the elements that one step along each axis moves, in C order.

    >>> strides((2, 3, 4))
    (12, 4, 1)
    """
    steps = [1]
    for length in reversed(shape[1:]):
        steps.append(steps[-1] * length)
    return tuple(reversed(steps[: len(shape)]))


def merged(axes: Sequence[Axis]) -> list[Axis]:
    """Return the same walk with as few axes as possible, at least one: fewer loops, longer runs.

    >>> merged([(2, 12, 0), (3, 4, 1), (4, 1, 3)])
    [(2, 12, 0), (3, 4, 1), (4, 1, 3)]
    >>> merged([(2, 3, 3), (1, 9, 9), (3, 1, 1)])
    [(6, 1, 1)]
    """
    out: list[Axis] = []
    for size, first, second in axes:
        if size == 1:
            continue
        if out and out[-1][1:] == (size * first, size * second):
            out[-1] = (out[-1][0] * size, first, second)
        else:
            out.append((size, first, second))
    return out or [(1, 0, 0)]


def checked_axis(node: Node, axis: int, rank: int) -> int:
    """Return ``axis`` if it is one of ``rank``; GraphError otherwise."""
    expect(0 <= axis < rank, node, f"axis {axis}, expected 0 to {rank - 1}")
    return axis
