"""softmax: exp(x) / sum(exp(x)) along an axis, with the maximum subtracted first."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import checked_axis
from nn4mc.ops.base import Operator, size, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    checked_axis(node, whole(node, "axis"), len(inputs[0]))
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    axis = whole(node, "axis")
    powers = np.exp(inputs[0] - inputs[0].max(axis=axis, keepdims=True))
    return (np.asarray(powers / powers.sum(axis=axis, keepdims=True)),)


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    """``blocks`` of ``length`` elements that are ``step`` apart, ``step`` such lines to a block."""
    axis, shape = whole(node, "axis"), inputs[0].shape
    return {"blocks": size(shape[:axis]), "length": shape[axis], "step": size(shape[axis + 1 :])}


OPERATOR = Operator(
    name="softmax",
    about="exp(x) / sum(exp(x)) along an axis",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=("axis",),
    runtime=("nn4mc_elementary", "nn4mc_normalise"),
    in_place=(0,),
)
