"""q_table: int8 to int8 by a table of 256: what tanh, sigmoid, relu and every other function of one value become."""

from collections.abc import Sequence

from nn4mc.fixed_point import INT8_MIN, integers
from nn4mc.ir import INT8, Array, Node, Shape
from nn4mc.ops.base import Operator, expect_shape


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect_shape(node, "table", inputs[1], (256,))
    return (inputs[0],)


def _reference(_node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, table = inputs
    return (table[integers(x) - INT8_MIN],)


OPERATOR = Operator(
    name="q_table",
    about="int8 to int8 by a table of 256 entries: tanh, sigmoid, relu, leaky_relu, hard_swish ...",
    arity=(2, 2),
    shapes=_shapes,
    reference=_reference,
    constants=(1,),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized"),
    in_place=(0,),
)
