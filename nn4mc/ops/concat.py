"""concat: vectors one behind the other."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import Operator, expect


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(all(len(shape) == 1 for shape in inputs), node, f"inputs have shapes {list(inputs)}, expected vectors")
    return ((sum(shape[0] for shape in inputs),),)


def _reference(_node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.concatenate(inputs),)


OPERATOR = Operator(
    name="concat",
    about="vectors one behind the other",
    arity=(1, 64),
    shapes=_shapes,
    reference=_reference,
)
