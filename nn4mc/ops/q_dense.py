"""q_dense: y = clamp(zero + (W (x - zero_x) + b) * scale) along the last axis in integers; one scale a row.

Inputs: x, W (out, in) int8 or int16, b (out) int32, multiplier (out) and shift (out) int32 as in nn4mc.fixed_point, and
for int8 perhaps a table (256) that the result is looked up in. The scaling rounds once: of TensorFlow Lite's kernels
the dense one alone does so. See nn4mc/ops/quantized.py for x.
"""

from collections.abc import Sequence

from nn4mc.fixed_point import Integers, integers
from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.base import NUMBERS, Operator, expect, expect_shape, size, whole
from nn4mc.ops.quantized import (
    INPUT,
    OUTPUT,
    PRODUCT_FILES,
    STEP_FILES,
    check_input,
    check_rows,
    check_table,
    pack_factors,
    pack_product,
    product_details,
    product_scratch,
    shift_of,
    shifted,
    steps_of,
    to_integers,
)


def dense_shape(node: Node, x: Shape, weights: Shape) -> Shape:
    """Return the shape of W x; GraphError when the two do not fit."""
    expect(len(weights) == 2, node, f"weights have shape {weights}, expected (out, in)")
    expect(len(x) >= 1, node, "input is a scalar, expected at least one axis")
    expect_shape(node, "input", x, (*x[:-1], weights[1]))
    return (*x[:-1], weights[0])


def dense_sums(node: Node, x: Array, weights: Array, bias: Array) -> Integers:
    """Return the sums of a dense layer, its bias added."""
    return shifted(steps_of(node, x) @ integers(weights).T, shift_of(node)) + integers(bias)


def dense_macs(_node: Node, inputs: Sequence[Shape]) -> int:
    """Return the multiply-accumulates of a dense layer."""
    return size(inputs[0][:-1]) * inputs[1][0] * inputs[1][1]


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights = inputs[:2]
    made = dense_shape(node, x, weights)
    check_rows(node, weights[0], ("bias", "multiplier", "shift"), inputs[2:5])
    check_input(node)
    check_table(node, inputs)
    for name in OUTPUT:
        whole(node, name)
    return (made,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, *factors = inputs
    return (to_integers(node, dense_sums(node, x, weights, bias), factors),)


OPERATOR = Operator(
    name="q_dense",
    about="dense layer in integers: int32 sums, one scale a row, perhaps a table behind",
    arity=(5, 6),
    shapes=_shapes,
    reference=_reference,
    macs=dense_macs,
    scratch=product_scratch,
    details=product_details,
    packed=lambda node, inputs, target: {**pack_product(node, inputs, target), **pack_factors(inputs)},
    packs=(1, 2, 3, 4),
    attributes=(*INPUT, *OUTPUT),
    constants=(1, 2, 3, 4, 5),
    types=NUMBERS,
    converts=True,
    runtime=(*PRODUCT_FILES, *STEP_FILES),
)
