"""Two inputs element by element, their shapes stretched to each other as numpy does."""

from collections.abc import Callable, Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import merged, strides
from nn4mc.ops.base import Operator, expect


def broadcast(node: Node, first: Shape, second: Shape) -> Shape:
    """Return the shape both inputs stretch to; GraphError when they do not."""
    rank = max(len(first), len(second))
    wide_first, wide_second = _widened(first, rank), _widened(second, rank)
    fits = all(a == b or 1 in (a, b) for a, b in zip(wide_first, wide_second, strict=True))
    expect(fits, node, f"inputs have shapes {first} and {second}, which do not broadcast")
    return tuple(max(a, b) for a, b in zip(wide_first, wide_second, strict=True))


def stretched_strides(shape: Shape, out: Shape) -> tuple[int, ...]:
    """Return the steps through an input for each axis of the output: 0 where it is stretched.

    >>> stretched_strides((3, 1), (2, 3, 4))
    (0, 1, 0)
    """
    steps = strides(shape)
    own = tuple(0 if size == 1 else step for size, step in zip(shape, steps, strict=True))
    return (*((0,) * (len(out) - len(shape))), *own)


def binary(name: str, about: str, function: Callable[[Array, Array], Array]) -> Operator:
    """Return the operator that applies ``function`` to two inputs element by element."""
    return Operator(
        name=name,
        about=about,
        arity=(2, 2),
        shapes=lambda node, inputs: (broadcast(node, inputs[0], inputs[1]),),
        reference=lambda _node, inputs: (np.asarray(function(inputs[0], inputs[1])),),
        details=broadcast_details,
        runtime=("nn4mc_axes", "nn4mc_broadcast"),
        in_place=(0, 1),
        pointwise=True,
    )


def broadcast_details(_node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """Return ``axes``: of the output, each with its size and the steps through both inputs."""
    out = outputs[0].shape
    first, second = (stretched_strides(tensor.shape, out) for tensor in inputs[:2])
    return {"axes": merged(list(zip(out, first, second, strict=True)))}


def _widened(shape: Shape, rank: int) -> Shape:
    return (*((1,) * (rank - len(shape))), *shape)
