"""dense: y = activation(W x + b) along the last axis; W of shape (out, in).

The C adds in one order: bias first, then the products in the order of the input.
"""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import Operator, expect, expect_shape, size


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias = inputs
    expect(len(weights) == 2, node, f"weights have shape {weights}, expected (out, in)")
    expect(len(x) >= 1, node, "input is a scalar, expected at least one axis")
    expect_shape(node, "input", x, (*x[:-1], weights[1]))
    expect_shape(node, "bias", bias, (weights[0],))
    activation_of(node)
    return ((*x[:-1], weights[0]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias = inputs
    return (activation_of(node)(x @ weights.T + bias),)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    return size(inputs[0][:-1]) * inputs[1][0] * inputs[1][1]


OPERATOR = Operator(
    name="dense",
    about="activation(W x + b) along the last axis",
    arity=(3, 3),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    attributes=(ACTIVATION,),
    constants=(1, 2),
    runtime=("nn4mc_product",),
    takes_activation=True,
)
