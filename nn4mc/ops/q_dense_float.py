"""q_dense_float: y = activation((W (x - zero_x) + b) * scale), W and x in integers, y float32; one scale a row.

Inputs: x, W (out, in) int8 or int16, b (out) int32, scale (out) float32. See nn4mc/ops/quantized.py for x.
"""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import NUMBERS, Operator
from nn4mc.ops.q_dense import dense_macs, dense_shape, dense_sums
from nn4mc.ops.quantized import (
    INPUT,
    PRODUCT_FILES,
    STEP_FILES,
    check_input,
    check_rows,
    pack_product,
    product_details,
    product_scratch,
    to_float,
)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias, scale = inputs
    made = dense_shape(node, x, weights)
    check_input(node)
    check_rows(node, weights[0], ("bias", "scale"), (bias, scale))
    activation_of(node)
    return (made,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, scale = inputs
    return (activation_of(node)(to_float(dense_sums(node, x, weights, bias), scale)),)


OPERATOR = Operator(
    name="q_dense_float",
    about="dense layer with integer products and float32 results",
    arity=(4, 4),
    shapes=_shapes,
    reference=_reference,
    macs=dense_macs,
    scratch=product_scratch,
    details=product_details,
    packed=pack_product,
    packs=(1, 2),
    attributes=(*INPUT, ACTIVATION),
    constants=(1, 2, 3),
    types=NUMBERS,
    converts=True,
    runtime=(*PRODUCT_FILES, *STEP_FILES),
    takes_activation=True,
)
