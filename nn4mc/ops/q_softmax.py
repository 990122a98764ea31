"""q_softmax: softmax of int8 along the last axis, to int8 of a given scale.

The second input holds the 256 values exp(-scale_in * beta * d) as float32, d being the steps below the largest input.
Sums are float32 from left to right, in the reference too, so that C and reference agree exactly.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.fixed_point import clamp, integers
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, expect, expect_shape, number, size, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(len(inputs[0]) >= 1, node, "input is a scalar, expected at least one axis")
    expect_shape(node, "table", inputs[1], (256,))
    expect(number(node, "scale") > 0.0, node, f"scale {number(node, 'scale')}, expected above 0")
    whole(node, "zero_point")
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, table = integers(inputs[0]), inputs[1].astype(np.float32)
    powers = table[x.max(axis=-1, keepdims=True) - x]
    total = np.cumsum(powers, axis=-1, dtype=np.float32)[..., -1:]
    factor = np.float32(1.0) / (total * np.float32(number(node, "scale")))
    steps = (powers * factor + np.float32(0.5)).astype(np.int64)
    return (clamp(steps + whole(node, "zero_point")),)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    return 2 * size(inputs[0])


OPERATOR = Operator(
    name="q_softmax",
    about="softmax of int8 along the last axis, exp by a table of 256 floats",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    attributes=("scale", "zero_point"),
    constants=(1,),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized"),
)
