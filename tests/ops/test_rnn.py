"""rnn against torch.nn.RNN and the equation in loops; its C against float64, as a window and step by step."""

import math
from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Node
from nn4mc.ops import operator
from tests.recurrent_cases import bits_of_steps_and_window, errors_of_windows, random_window

RNN = operator("rnn")
TIME, BATCH, WIDTH, HIDDEN = 5, 2, 3, 4
SHAPES = [(TIME, BATCH, WIDTH), (BATCH, HIDDEN), (HIDDEN, WIDTH), (HIDDEN, HIDDEN), (HIDDEN,)]


def node(**attributes: object) -> Node:
    return Node("r", "rnn", (), (), attributes)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_is_torch_rnn_in_both_directions(activation: str):
    torch = pytest.importorskip("torch")
    module = torch.nn.RNN(WIDTH, HIDDEN, nonlinearity=activation, bidirectional=True).double()
    x, h = torch.randn(TIME, BATCH, WIDTH).double(), torch.randn(2, BATCH, HIDDEN).double()
    expected, last = module(x, h)
    weights = {name: value.detach().numpy() for name, value in module.named_parameters()}
    for index, suffix in enumerate(["l0", "l0_reverse"]):
        bias = weights[f"bias_ih_{suffix}"] + weights[f"bias_hh_{suffix}"]
        inputs = [x.numpy(), h[index].numpy(), weights[f"weight_ih_{suffix}"], weights[f"weight_hh_{suffix}"], bias]
        y, h_n = RNN.reference(node(reverse=bool(index), activation=activation), inputs)
        of_direction = expected[..., index * HIDDEN : (index + 1) * HIDDEN].detach().numpy()
        np.testing.assert_allclose(y, of_direction, atol=1e-12)
        np.testing.assert_allclose(h_n, last[index].detach().numpy(), atol=1e-12)


def test_is_its_equation_and_reads_time_backwards():
    one = np.ones((1, 1))
    x = np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1)
    y, h_n = RNN.reference(node(reverse=True), [x, 0.5 * one, 2 * one, 3 * one, np.array([0.25])])
    h, expected = 0.5, []
    for value in (0.3, 0.2, 0.1):
        h = math.tanh(2 * value + 0.25 + 3 * h)
        expected.insert(0, h)
    np.testing.assert_allclose(y.ravel(), expected, atol=1e-15)
    assert h_n.item() == y[0].item()


def test_c_windows_are_float64_within_1e_6_of_the_range(tmp_path: Path):
    assert errors_of_windows("rnn", 25, tmp_path).max() < 1e-6


def test_c_step_by_step_has_the_bits_of_the_window(tmp_path: Path):
    steps, window = bits_of_steps_and_window(random_window("rnn", np.random.default_rng(5), reverse=False), tmp_path)
    assert steps == window


def test_counts_macs_and_scratch():
    assert RNN.macs(node(), SHAPES) == TIME * BATCH * (HIDDEN * WIDTH + HIDDEN * HIDDEN)
    assert RNN.scratch(node(), SHAPES) == HIDDEN


@pytest.mark.parametrize(
    ("attributes", "index", "shape", "message"),
    [
        ({}, 0, (TIME, WIDTH), "x has shape"),
        ({}, 0, (0, BATCH, WIDTH), "x has shape"),
        ({}, 1, (HIDDEN,), "a state has shape"),
        ({}, 2, (HIDDEN, 2), "W has shape"),
        ({}, 3, (HIDDEN,), "U has shape"),
        ({}, 4, (1,), "bias has shape"),
        ({"reverse": 1}, 0, SHAPES[0], "reverse is 1"),
        ({"activation": "swish"}, 0, SHAPES[0], "activation is 'swish', expected one of tanh"),
        ({"activation": 3}, 0, SHAPES[0], "activation is 3"),
    ],
)
def test_refuses_what_does_not_fit(attributes: dict[str, object], index: int, shape: tuple[int, ...], message: str):
    shapes = [*SHAPES[:index], shape, *SHAPES[index + 1 :]]
    with pytest.raises(GraphError, match=message):
        RNN.shapes(node(**attributes), shapes)
