"""relu, tanh, sigmoid and identity against Python's math, and what all operators have in common."""

import math

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Node
from nn4mc.ops import OPERATORS, operator

X = np.array([-800.0, -3.0, -1e-30, 0.0, 1e-30, 0.7, 3.0, 800.0])
EXPECTED = {
    "relu": [max(v, 0.0) for v in X],
    "tanh": [math.tanh(v) for v in X],
    "sigmoid": [1 / (1 + math.exp(-v)) if v > -700 else 0.0 for v in X],
    "identity": list(X),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_is_its_function_of_each_element(name: str):
    node = Node("n", name, ("x",), ("y",))
    (found,) = operator(name).reference(node, [X])
    np.testing.assert_allclose(found, EXPECTED[name], rtol=1e-15)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_keeps_the_shape(name: str, shape: tuple[int, ...]):
    op = operator(name)
    assert op.shapes(Node("n", name, ("x",), ("y",)), [shape]) == (shape,)
    assert op.elementwise and op.in_place == (0,) and op.macs(Node("n", name, (), ()), [shape]) == 0


PROMISED = """
    relu relu6 tanh sigmoid identity silu softplus softsign mish selu exp log sqrt neg abs reciprocal erf gelu gelu_tanh
    hard_swish hard_sigmoid6 leaky_relu elu celu hard_sigmoid clip relu_general prelu
    add sub mul div maximum minimum softmax layer_norm reduce_mean reduce_sum reduce_max reduce_min
    matmul dense concat reshape transpose slice pad reverse gather tile conv pool rnn gru lstm
    quantize dequantize requantize q_dense q_conv q_pool q_softmax q_table q_add q_mul q_mean
"""


def test_the_promised_operators_are_there():
    assert set(PROMISED.split()) <= set(OPERATORS)


def test_unknown_operator_is_refused_with_those_there_are():
    with pytest.raises(GraphError, match=r"no operator 'convolve'\. Known: abs, add, celu"):
        operator("convolve")
