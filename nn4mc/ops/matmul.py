"""matmul: a (..., m, k) times b (..., k, n) by numpy's rules; the axes in front broadcast, a vector loses its axis.

The C adds the products of one element from left to right, starting at 0.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import merged
from nn4mc.ops.base import Operator, expect, size
from nn4mc.ops.broadcast import broadcast, stretched_strides


def _matrices(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, Shape]:
    """Return both shapes with vectors made matrices: a row on the left, a column on the right."""
    a, b = inputs
    expect(len(a) >= 1 and len(b) >= 1, node, f"inputs have shapes {a} and {b}, expected at least one axis each")
    wide_a = a if len(a) > 1 else (1, a[0])
    wide_b = b if len(b) > 1 else (b[0], 1)
    expect(wide_a[-1] == wide_b[-2], node, f"inputs have shapes {a} and {b}: {wide_a[-1]} columns, {wide_b[-2]} rows")
    return wide_a, wide_b


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    a, b = _matrices(node, inputs)
    rows = a[-2:-1] if len(inputs[0]) > 1 else ()
    columns = b[-1:] if len(inputs[1]) > 1 else ()
    return ((*broadcast(node, a[:-2], b[:-2]), *rows, *columns),)


def _reference(_node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.asarray(np.matmul(inputs[0], inputs[1])),)


def _macs(node: Node, inputs: Sequence[Shape]) -> int:
    a, b = _matrices(node, inputs)
    return size(broadcast(node, a[:-2], b[:-2])) * a[-2] * a[-1] * b[-1]


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    """``axes`` in front of the matrices, with their steps through a and b; sizes (m, k) (k, n)."""
    a, b = _matrices(node, [tensor.shape for tensor in inputs])
    m, k, n = a[-2], a[-1], b[-1]
    batch = broadcast(node, a[:-2], b[:-2])
    steps_a = [m * k * step for step in stretched_strides(a[:-2], batch)]
    steps_b = [k * n * step for step in stretched_strides(b[:-2], batch)]
    return {"axes": merged(list(zip(batch, steps_a, steps_b, strict=True))), "m": m, "k": k, "n": n}


OPERATOR = Operator(
    name="matmul",
    about="matrix product of the last two axes, with broadcasting in front",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    details=_details,
    runtime=("nn4mc_axes", "nn4mc_matmul"),
)
