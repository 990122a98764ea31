"""celu: x above 0, alpha (exp(x / alpha) - 1) below."""

from collections.abc import Sequence
from dataclasses import replace

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops import functions
from nn4mc.ops.base import expect, number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    alpha = number(node, "alpha")
    return alpha * functions.elu(x / alpha, 1.0)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(number(node, "alpha") > 0.0, node, f"alpha is {number(node, 'alpha')}, expected more than 0")
    return (inputs[0],)


OPERATOR = replace(
    parametric("celu", "x above 0, alpha (exp(x / alpha) - 1) below", _function, ("alpha",)), shapes=_shapes
)
