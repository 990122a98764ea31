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
    assert op.elementwise and op.in_place == 0 and op.macs(Node("n", name, (), ()), [shape]) == 0


def test_there_are_exactly_the_promised_operators():
    assert set(OPERATORS) == {"dense", "gru", "relu", "tanh", "sigmoid", "identity", "concat"}


def test_unknown_operator_is_refused_with_those_there_are():
    with pytest.raises(GraphError, match=r"no operator 'conv'\. Known: concat, dense, gru"):
        operator("conv")
