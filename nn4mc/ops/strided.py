"""Moving elements about: every such operator is one or more walks through two arrays at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from nn4mc.ir import INT8, Shape, Tensor
from nn4mc.ops.axes import Axis, merged, strides

RUNTIME = ("nn4mc_axes", "nn4mc_shape")


@dataclass(frozen=True)
class Walk:
    """Elements to copy: along ``axes``, from ``start`` on in the source and from ``target`` on in the output.

    The source is input 0, or with ``within`` the output itself.
    """

    axes: tuple[Axis, ...]
    start: int = 0
    target: int = 0
    within: bool = False


def read_walk(sizes: Shape, steps: Sequence[int], start: int = 0) -> Walk:
    """Return the walk that fills an output of shape ``sizes`` in C order, ``steps`` apart in the input."""
    return Walk(tuple(merged(list(zip(sizes, steps, strides(sizes), strict=True)))), start)


def walk_details(tensor: Tensor, walks: Sequence[Walk]) -> dict[str, object]:
    """Return what ``strided.c.j2`` reads: the walks and the suffix of the kernels for the tensor's type."""
    return {"walks": walks, "suffix": type_suffix(tensor)}


def type_suffix(tensor: Tensor) -> str:
    """Return what a kernel's name ends with for the tensor's type."""
    return "_int8" if tensor.dtype == INT8 else ""


def offset(index: Sequence[int], shape: Shape) -> int:
    """Return how many elements lie before the one at ``index``.

    >>> offset((1, 2), (3, 4))
    6
    """
    return sum(i * step for i, step in zip(index, strides(shape), strict=True))
