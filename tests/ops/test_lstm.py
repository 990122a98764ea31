"""lstm against torch.nn.LSTM and Keras' equations in loops; its C against float64, as a window and step by step."""

import math
from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Array, Node
from nn4mc.ops import operator
from nn4mc.plan import Region
from tests.recurrent_cases import bits_of_steps_and_window, errors_of_windows, random_window, stepwise

LSTM = operator("lstm")
TIME, BATCH, WIDTH, HIDDEN = 5, 2, 3, 4
ROWS = 4 * HIDDEN
SHAPES = [(TIME, BATCH, WIDTH), (BATCH, HIDDEN), (BATCH, HIDDEN), (ROWS, WIDTH), (ROWS, HIDDEN), (ROWS,)]


def node(**attributes: object) -> Node:
    return Node("l", "lstm", (), (), attributes)


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def hard_sigmoid(v: float) -> float:
    return min(1.0, max(0.0, 0.2 * v + 0.5))


def test_is_torch_lstm_in_both_directions():
    torch = pytest.importorskip("torch")
    module = torch.nn.LSTM(WIDTH, HIDDEN, bidirectional=True).double()
    x = torch.randn(TIME, BATCH, WIDTH).double()
    h, c = torch.randn(2, 2, BATCH, HIDDEN).double()
    expected, (last_h, last_c) = module(x, (h, c))
    weights = {name: value.detach().numpy() for name, value in module.named_parameters()}
    for index, suffix in enumerate(["l0", "l0_reverse"]):
        bias = weights[f"bias_ih_{suffix}"] + weights[f"bias_hh_{suffix}"]
        matrices = [weights[f"weight_ih_{suffix}"], weights[f"weight_hh_{suffix}"]]
        inputs = [x.numpy(), h[index].numpy(), c[index].numpy(), *matrices, bias]
        y, h_n, c_n = LSTM.reference(node(reverse=bool(index)), inputs)
        of_direction = expected[..., index * HIDDEN : (index + 1) * HIDDEN].detach().numpy()
        np.testing.assert_allclose(y, of_direction, atol=1e-12)
        np.testing.assert_allclose(h_n, last_h[index].detach().numpy(), atol=1e-12)
        np.testing.assert_allclose(c_n, last_c[index].detach().numpy(), atol=1e-12)


def keras_lstm(x: Array, kernel: Array, recurrent: Array, bias: Array) -> list[list[float]]:
    """Keras 2: kernel (in, 4 units) in columns i, f, c, o; hard_sigmoid gates, from states of zero."""
    h, c, out = [0.0] * HIDDEN, [0.0] * HIDDEN, []
    for now in x:
        sums = [
            sum(now[k] * kernel[k, j] for k in range(WIDTH))
            + sum(h[k] * recurrent[k, j] for k in range(HIDDEN))
            + bias[j]
            for j in range(ROWS)
        ]
        i, f, g, o = (sums[gate * HIDDEN : (gate + 1) * HIDDEN] for gate in range(4))
        c = [hard_sigmoid(f[k]) * c[k] + hard_sigmoid(i[k]) * math.tanh(g[k]) for k in range(HIDDEN)]
        h = [hard_sigmoid(o[k]) * math.tanh(c[k]) for k in range(HIDDEN)]
        out.append(h)
    return out


def test_is_keras_lstm():
    rng = np.random.default_rng(0)
    x, bias = rng.normal(size=(TIME, WIDTH)), rng.normal(size=ROWS)
    kernel, recurrent = rng.normal(size=(WIDTH, ROWS)), rng.normal(size=(HIDDEN, ROWS))
    zeros = np.zeros((1, HIDDEN))
    inputs = [x[:, np.newaxis], zeros, zeros, kernel.T, recurrent.T, bias]
    y, _, _ = LSTM.reference(node(gate_activation="hard_sigmoid"), inputs)
    np.testing.assert_allclose(y[:, 0], keras_lstm(x, kernel, recurrent, bias), atol=1e-13)


def test_c_windows_are_float64_within_1e_6_of_the_range(tmp_path: Path):
    assert errors_of_windows("lstm", 32, tmp_path).max() < 1e-6


def test_c_step_by_step_has_the_bits_of_the_window(tmp_path: Path):
    steps, window = bits_of_steps_and_window(random_window("lstm", np.random.default_rng(6), reverse=False), tmp_path)
    assert steps == window


def test_both_states_are_updated_in_place():
    network = stepwise(random_window("lstm", np.random.default_rng(7)), "in_place")
    for state in network.graph.states:
        assert network.plan.locations[state.before].region is Region.STATE
        assert network.plan.locations[state.after] == network.plan.locations[state.before]
    hidden = network.graph.states[0].initial.size
    assert (network.plan.state_len, network.plan.arena_len) == (2 * hidden, 4 * hidden)
    assert [copy.count for copy in network.plan.copies] == [hidden], "only the state that is the output is copied"


def test_counts_macs_and_scratch():
    assert LSTM.macs(node(), SHAPES) == TIME * BATCH * ROWS * (WIDTH + HIDDEN)
    assert LSTM.scratch(node(), SHAPES) == ROWS


@pytest.mark.parametrize(
    ("attributes", "index", "shape", "message"),
    [
        ({}, 2, (BATCH, 3), "a state has shape"),
        ({}, 3, (3 * HIDDEN, WIDTH), "W has shape"),
        ({}, 4, (3 * HIDDEN, HIDDEN), "U has shape"),
        ({}, 5, (HIDDEN,), "bias has shape"),
        ({"gate_activation": "selu"}, 0, SHAPES[0], "gate_activation is 'selu'"),
    ],
)
def test_refuses_what_does_not_fit(attributes: dict[str, object], index: int, shape: tuple[int, ...], message: str):
    shapes = [*SHAPES[:index], shape, *SHAPES[index + 1 :]]
    with pytest.raises(GraphError, match=message):
        LSTM.shapes(node(**attributes), shapes)
