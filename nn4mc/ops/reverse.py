"""reverse: the elements along an axis in the opposite order."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import checked_axis, strides
from nn4mc.ops.base import ANY_TYPE, Operator, whole
from nn4mc.ops.strided import RUNTIME, read_walk, walk_details


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    checked_axis(node, whole(node, "axis"), len(inputs[0]))
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.flip(inputs[0], whole(node, "axis")),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    axis, shape = whole(node, "axis"), inputs[0].shape
    steps = list(strides(shape))
    start = (shape[axis] - 1) * steps[axis]
    steps[axis] = -steps[axis]
    return walk_details(outputs[0], [read_walk(shape, steps, start)])


OPERATOR = Operator(
    name="reverse",
    about="an axis in the opposite order",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=("axis",),
    types=ANY_TYPE,
    runtime=RUNTIME,
)
