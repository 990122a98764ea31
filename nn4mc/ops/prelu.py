"""prelu: x above 0, slope x below; the slope broadcasts to x."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import Operator, expect
from nn4mc.ops.broadcast import broadcast, broadcast_details


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, slope = inputs
    expect(broadcast(node, x, slope) == x, node, f"slope of shape {slope} is larger than x of shape {x}")
    return (x,)


def _reference(_node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, slope = inputs
    return (np.where(x > 0.0, x, slope * x),)


OPERATOR = Operator(
    name="prelu",
    about="x above 0, slope x below; the slope broadcasts to x",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    details=broadcast_details,
    runtime=("nn4mc_axes", "nn4mc_broadcast"),
    in_place=(0,),
    pointwise=True,
)
