"""transpose: axis i of the output is axis perm[i] of the input."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import strides
from nn4mc.ops.base import ANY_TYPE, Operator, expect, wholes
from nn4mc.ops.strided import RUNTIME, read_walk, walk_details

PERM = "perm"


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    perm, shape = wholes(node, PERM), inputs[0]
    expect(sorted(perm) == list(range(len(shape))), node, f"perm {perm} does not order the axes of shape {shape}")
    return (tuple(shape[axis] for axis in perm),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.transpose(inputs[0], wholes(node, PERM)),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    steps = strides(inputs[0].shape)
    walk = read_walk(outputs[0].shape, [steps[axis] for axis in wholes(node, PERM)])
    return walk_details(outputs[0], [walk])


OPERATOR = Operator(
    name="transpose",
    about="axes in another order",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=(PERM,),
    types=ANY_TYPE,
    runtime=RUNTIME,
)
