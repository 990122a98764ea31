"""gru against the equations of torch.nn.GRU and of Keras' GRU layer, written here once more in loops."""

import math

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Array, Node
from nn4mc.ops import operator
from nn4mc.ops.gru import from_keras_order, merge_biases

GRU = operator("gru")
IN, HIDDEN = 5, 3


def node(reset_after: object = True) -> Node:
    return Node("g", "gru", ("x", "h", "w", "u", "b"), ("y",), {"reset_after": reset_after})


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def dot(row: Array, vector: Array) -> float:
    return sum(float(a) * float(b) for a, b in zip(row, vector, strict=True))


def torch_gru(x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> list[float]:  # noqa: PLR0917 - as the equations name them
    """torch.nn.GRU: weight_ih_l0 and its kin are W_ir | W_iz | W_in in rows, each with a bias of its own."""
    gi = [dot(w_ih[i], x) + b_ih[i] for i in range(3 * HIDDEN)]
    gh = [dot(w_hh[i], h) + b_hh[i] for i in range(3 * HIDDEN)]
    out = []
    for i in range(HIDDEN):
        r = sigmoid(gi[i] + gh[i])
        z = sigmoid(gi[HIDDEN + i] + gh[HIDDEN + i])
        n = math.tanh(gi[2 * HIDDEN + i] + r * gh[2 * HIDDEN + i])
        out.append((1 - z) * n + z * h[i])
    return out


def keras_gru(x: Array, h: Array, kernel: Array, recurrent: Array, bias: Array, reset_after: bool) -> list[float]:  # noqa: PLR0917 - as the equations name them
    """Keras: kernel (in, 3 units) in columns z, r, h; bias (2, 3 units) if reset_after, else (3 units)."""
    input_bias, recurrent_bias = (bias[0], bias[1]) if reset_after else (bias, np.zeros(3 * HIDDEN))
    m = [dot(kernel[:, i], x) + input_bias[i] for i in range(3 * HIDDEN)]
    inner = [dot(recurrent[:, i], h) + recurrent_bias[i] for i in range(3 * HIDDEN)]
    z = [sigmoid(m[i] + inner[i]) for i in range(HIDDEN)]
    r = [sigmoid(m[HIDDEN + i] + inner[HIDDEN + i]) for i in range(HIDDEN)]
    gated = np.array([r[i] * h[i] for i in range(HIDDEN)])
    out = []
    for i in range(HIDDEN):
        at = 2 * HIDDEN + i
        hidden = r[i] * inner[at] if reset_after else dot(recurrent[:, at], gated)
        out.append(z[i] * h[i] + (1 - z[i]) * math.tanh(m[at] + hidden))
    return out


def draw(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def test_is_torch_gru():
    x, h = draw(IN), draw(HIDDEN)
    w_ih, w_hh, b_ih, b_hh = draw(9, IN), draw(9, HIDDEN), draw(9), draw(9)[::-1]
    (found,) = GRU.reference(node(), [x, h, w_ih, w_hh, merge_biases(b_ih, b_hh)])
    np.testing.assert_allclose(found, torch_gru(x, h, w_ih, w_hh, b_ih, b_hh), rtol=1e-6)


@pytest.mark.parametrize("reset_after", [True, False])
def test_is_keras_gru(reset_after: bool):
    x, h, kernel, recurrent = draw(IN), draw(HIDDEN), draw(IN, 9), draw(HIDDEN, 9)
    bias = draw(2, 9) if reset_after else draw(9)
    of_input, of_hidden = (bias[0], bias[1]) if reset_after else (bias, np.zeros(9, np.float32))
    merged = merge_biases(from_keras_order(of_input), from_keras_order(of_hidden))
    constants = [from_keras_order(kernel.T), from_keras_order(recurrent.T), merged]
    (found,) = GRU.reference(node(reset_after), [x, h, *constants])
    np.testing.assert_allclose(found, keras_gru(x, h, kernel, recurrent, bias, reset_after), rtol=1e-6)


def test_keras_gate_order_z_r_h_becomes_r_z_n():
    rows = np.array([[1.0], [2.0], [3.0]], np.float32)
    assert from_keras_order(rows).ravel().tolist() == [2.0, 1.0, 3.0]


def test_biases_of_r_and_z_are_summed_and_those_of_n_kept_apart():
    merged = merge_biases(np.float32([1, 2, 3]), np.float32([10, 20, 30]))
    assert merged.tolist() == [11.0, 22.0, 3.0, 30.0]
    assert merged.dtype == np.float32


def test_counts_macs_and_scratch():
    shapes = [(IN,), (HIDDEN,), (9, IN), (9, HIDDEN), (12,)]
    assert GRU.macs(node(), shapes) == 9 * IN + 9 * HIDDEN
    assert GRU.scratch(node(), shapes) == 4 * HIDDEN


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(IN,), (HIDDEN,), (9, 4), (9, HIDDEN), (12,)], "W has shape"),
        ([(IN,), (HIDDEN,), (9, IN), (3, HIDDEN), (12,)], "U has shape"),
        ([(IN,), (HIDDEN,), (9, IN), (9, HIDDEN), (9,)], "bias has shape"),
        ([(1, IN), (HIDDEN,), (9, IN), (9, HIDDEN), (12,)], "expected vectors"),
    ],
)
def test_refuses_shapes_that_do_not_fit(shapes: list[tuple[int, ...]], message: str):
    with pytest.raises(GraphError, match=message):
        GRU.shapes(node(), shapes)


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_refuses_reset_after_that_is_no_truth_value(value: object):
    with pytest.raises(GraphError, match="reset_after must be true or false"):
        GRU.shapes(node(value), [(IN,), (HIDDEN,), (9, IN), (9, HIDDEN), (12,)])
