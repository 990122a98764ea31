"""q_conv_float: convolution with integer products, channels last, and float32 results; depthwise is groups = C.

Inputs: x (N, H, W, C), W (O, kh, kw, C / groups) int8 or int16, b (O) int32, scale (O) float32. Padding stands for
real 0. See nn4mc/ops/quantized.py for x, which float32 is not.
"""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import NUMBERS, Operator
from nn4mc.ops.q_conv import INPUT, WINDOW, conv_details, conv_macs, conv_scratch, conv_shape, conv_sums, pack_conv
from nn4mc.ops.quantized import PRODUCT_FILES, check_rows, to_float


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, weights, bias, scale = inputs
    made = conv_shape(node, x, weights)
    check_rows(node, weights[0], ("bias", "scale"), (bias, scale))
    activation_of(node)
    return (made,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, weights, bias, scale = inputs
    return (activation_of(node)(to_float(conv_sums(node, x, weights, bias), scale)),)


OPERATOR = Operator(
    name="q_conv_float",
    about="convolution with integer products and float32 results, channels last",
    arity=(4, 4),
    shapes=_shapes,
    reference=_reference,
    macs=conv_macs,
    scratch=conv_scratch,
    details=conv_details,
    packed=pack_conv,
    packs=(1, 2),
    attributes=(*WINDOW, *INPUT, ACTIVATION),
    constants=(1, 2, 3),
    types=NUMBERS,
    converts=True,
    runtime=PRODUCT_FILES,
    takes_activation=True,
)
