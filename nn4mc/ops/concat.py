"""concat: arrays one behind the other along an axis."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.base import ANY_TYPE, Operator, expect, size, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    axis = whole(node, "axis")
    expect(0 <= axis < len(inputs[0]), node, f"axis {axis} of shape {inputs[0]}")
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in inputs if len(shape) == len(inputs[0])}
    same = len(others) == 1 and len({len(shape) for shape in inputs}) == 1
    expect(same, node, f"inputs have shapes {list(inputs)}, expected equal ones but for axis {axis}")
    joined = sum(shape[axis] for shape in inputs)
    return ((*inputs[0][:axis], joined, *inputs[0][axis + 1 :]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.concatenate(inputs, axis=whole(node, "axis")),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """``blocks`` outer indices; in each, ``runs`` elements of each input follow one another."""
    axis = whole(node, "axis")
    return {"blocks": size(outputs[0].shape[:axis]), "runs": [size(tensor.shape[axis:]) for tensor in inputs]}


OPERATOR = Operator(
    name="concat",
    about="arrays one behind the other along an axis",
    arity=(1, 256),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=("axis",),
    types=ANY_TYPE,
)
