"""dense against loops, and what it refuses."""

import math

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Node
from nn4mc.ops import OPERATORS, operator

DENSE = operator("dense")
ACTIVATIONS = {
    "identity": lambda v: v,
    "relu": lambda v: v if v > 0 else 0.0,
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
    "tanh": math.tanh,
}


def node(**attributes: str) -> Node:
    return Node("d", "dense", ("x", "w", "b"), ("y",), attributes)


@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_is_the_activation_of_the_weighted_sum_plus_bias(activation: str | None):
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(size=7), rng.normal(size=(3, 7)), rng.normal(size=3)
    attributes = {} if activation is None else {"activation": activation}
    (found,) = DENSE.reference(node(**attributes), [x, w, b])
    apply = ACTIVATIONS[activation or "identity"]
    expected = [apply(b[i] + sum(w[i, j] * x[j] for j in range(7))) for i in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_counts_one_mac_a_weight_and_needs_no_scratch():
    shapes = [(7,), (3, 7), (3,)]
    assert DENSE.macs(node(), shapes) == 21
    assert DENSE.scratch(node(), shapes) == 0


def test_works_on_every_row_of_more_axes():
    assert DENSE.shapes(node(), [(1, 7), (3, 7), (3,)]) == ((1, 3),)
    assert DENSE.shapes(node(), [(4, 2, 7), (3, 7), (3,)]) == ((4, 2, 3),)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(7,), (21,), (3,)], r"weights have shape \(21,\)"),
        ([(6,), (3, 7), (3,)], r"input has shape \(6,\), expected \(7,\)"),
        ([(7, 1), (3, 7), (3,)], r"input has shape \(7, 1\)"),
        ([(7,), (3, 7), (7,)], r"bias has shape \(7,\), expected \(3,\)"),
    ],
)
def test_refuses_shapes_that_do_not_fit(shapes: list[tuple[int, ...]], message: str):
    with pytest.raises(GraphError, match=message):
        DENSE.shapes(node(), shapes)


def test_refuses_an_unknown_activation_by_name():
    known = ", ".join(name for name, one in OPERATORS.items() if one.elementwise)
    assert {"identity", "relu", "sigmoid", "tanh"} <= set(known.split(", "))
    with pytest.raises(GraphError, match=f"activation 'swish' is not one of {known}$"):
        DENSE.shapes(node(activation="swish"), [(7,), (3, 7), (3,)])
