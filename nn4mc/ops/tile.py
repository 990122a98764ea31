"""tile: the whole array again and again, ``repeats`` times along each axis."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import strides
from nn4mc.ops.base import ANY_TYPE, Operator, expect, wholes
from nn4mc.ops.strided import RUNTIME, read_walk, walk_details

REPEATS = "repeats"


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    repeats, shape = wholes(node, REPEATS), inputs[0]
    fits = len(repeats) == len(shape) and all(times >= 1 for times in repeats)
    expect(fits, node, f"repeats {repeats}, expected one number from 1 on for each axis of shape {shape}")
    return (tuple(times * length for times, length in zip(repeats, shape, strict=True)),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.tile(inputs[0], wholes(node, REPEATS)),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """Each axis becomes two: the repetitions, which stand still in the input, and the axis itself."""
    shape = inputs[0].shape
    pairs = zip(wholes(node, REPEATS), shape, strict=True)
    sizes = tuple(size for pair in pairs for size in pair)
    steps = [step for stride in strides(shape) for step in (0, stride)]
    return walk_details(outputs[0], [read_walk(sizes, steps)])


OPERATOR = Operator(
    name="tile",
    about="the array repeated along each axis",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=(REPEATS,),
    types=ANY_TYPE,
    runtime=RUNTIME,
)
