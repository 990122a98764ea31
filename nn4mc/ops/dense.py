"""dense: y = activation(W x + b) along the last axis; W of shape (out, in).

The C adds in one order: bias first, then the products in the order of the input.
"""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import Operator, constant, expect, expect_shape, size
from nn4mc.ops.packing import MOST_SWEPT_ROWS, PackedConstants, pack_rows
from nn4mc.target import Target


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


def _packed(_node: Node, inputs: Sequence[Tensor], target: Target) -> PackedConstants:
    weights, bias = constant(inputs[1]), constant(inputs[2])
    swept = size(inputs[0].shape[:-1]) > 1
    most = min(target.block_rows, MOST_SWEPT_ROWS) if swept else target.block_rows
    return {"rows": pack_rows(weights, bias, most, f"{inputs[1].name} and {inputs[2].name}")}


OPERATOR = Operator(
    name="dense",
    about="activation(W x + b) along the last axis",
    arity=(3, 3),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    packed=_packed,
    packs=(1, 2),
    attributes=(ACTIVATION,),
    constants=(1, 2),
    runtime=("nn4mc_rows", "nn4mc_sweep"),
    takes_activation=True,
)
