"""gather: the slices at ``indices`` along an axis, in that order; negative ones count from the end."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import checked_axis
from nn4mc.ops.base import ANY_TYPE, Operator, expect, size, whole, wholes
from nn4mc.ops.strided import RUNTIME, type_suffix

ATTRIBUTES = ("axis", "indices")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    shape, indices = inputs[0], wholes(node, "indices")
    axis = checked_axis(node, whole(node, "axis"), len(shape))
    inside = len(indices) > 0 and all(-shape[axis] <= index < shape[axis] for index in indices)
    expect(inside, node, f"indices {indices[:20]}, expected at least one, each within an axis of {shape[axis]}")
    return ((*shape[:axis], len(indices), *shape[axis + 1 :]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.take(inputs[0], wholes(node, "indices"), axis=whole(node, "axis")),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """``blocks`` of ``length`` slices of ``run`` elements each; ``indices`` from 0 on."""
    axis, shape = whole(node, "axis"), inputs[0].shape
    return {
        "blocks": size(shape[:axis]),
        "length": shape[axis],
        "run": size(shape[axis + 1 :]),
        "indices": [index % shape[axis] for index in wholes(node, "indices")],
        "suffix": type_suffix(outputs[0]),
    }


OPERATOR = Operator(
    name="gather",
    about="slices along an axis by constant indices",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=ATTRIBUTES,
    types=ANY_TYPE,
    runtime=RUNTIME,
)
