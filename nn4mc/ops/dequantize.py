"""dequantize: int8 to float32: scale * (x - zero_point)."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import ANY_TYPE, Operator, expect, number, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(number(node, "scale") > 0.0, node, f"scale {number(node, 'scale')}, expected above 0")
    whole(node, "zero_point")
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    steps = (inputs[0] - whole(node, "zero_point")).astype(np.float32)
    return ((np.float32(number(node, "scale")) * steps).astype(np.float64),)


OPERATOR = Operator(
    name="dequantize",
    about="int8 to float32: scale * (x - zero_point)",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    attributes=("scale", "zero_point"),
    types=ANY_TYPE,
    converts=True,
    runtime=("nn4mc_fixed_point", "nn4mc_quantized"),
)
