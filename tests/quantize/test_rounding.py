"""Rounding with feedback and tables: better than rounding alone, and never out of range."""

import numpy as np
import pytest

from nn4mc.ir import Node
from nn4mc.ops import operator
from nn4mc.ops.activation import activation_of
from nn4mc.quantize.calibrate import Seen
from nn4mc.quantize.rounding import mean_error, round_rows
from nn4mc.quantize.scales import affine, make_matrix, symmetric
from nn4mc.quantize.tables import fixed_table, make_table


def correlated(rng: np.random.Generator, count: int = 400, columns: int = 12) -> np.ndarray:
    """Inputs as sensors give them: related to each other, and not around zero."""
    return rng.normal(0, 1, (count, 4)) @ rng.normal(0, 1, (4, columns)) + rng.normal(0.5, 1, columns)


def test_feedback_changes_products_less_than_rounding_alone():
    rng = np.random.default_rng(0)
    inputs, weights = correlated(rng), rng.uniform(-1, 1, (8, 12)).astype(np.float32)
    scales = np.abs(weights).max(axis=1) / 127
    errors = {}
    for name, given in (("alone", None), ("feedback", inputs)):
        restored = round_rows(weights, scales, 127, given) * scales[:, None]
        error = (inputs - inputs.mean(axis=0)) @ (restored - weights).T
        errors[name] = np.sqrt(np.mean(error**2))
        assert np.abs(restored / scales[:, None]).max() <= 127
    assert errors["feedback"] < 0.5 * errors["alone"]


def test_the_bias_makes_up_for_the_mean():
    rng = np.random.default_rng(1)
    inputs, weights = correlated(rng), rng.uniform(-1, 1, (8, 12)).astype(np.float32)
    bias, x = rng.uniform(-1, 1, 8).astype(np.float32), symmetric(float(np.abs(inputs).max()))
    matrix = make_matrix(weights, bias, "int8", x, inputs)
    exact = inputs @ weights.T + bias
    found = (inputs @ (matrix.weights * matrix.scales[:, None] / x.scale).T) + matrix.bias * matrix.scales
    assert np.abs((found - exact).mean(axis=0)).max() < 2e-5
    np.testing.assert_allclose(matrix.lacking, mean_error(weights, matrix.restored, inputs), atol=1e-6)


@pytest.mark.parametrize("inputs", [None, np.zeros((5, 3)), np.ones((5, 3))])
def test_without_anything_that_varies_each_weight_is_rounded_alone(inputs: np.ndarray | None):
    weights = np.array([[0.5, -1.0, 0.26]])
    assert round_rows(weights, np.array([0.1]), 127, inputs).tolist() == [[5, -10, 3]]


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "silu", "gelu"])
def test_a_table_is_within_a_step_where_it_is_not_clipped(name: str):
    samples = np.random.default_rng(2).normal(0, 1.5, 4000)
    function = activation_of(Node("n", "dense", (), (), {"activation": name}))
    after = affine(Seen(*(float(one) for one in np.percentile(function(samples), [0, 100])), samples))
    made = make_table(function, Seen(float(samples.min()), float(samples.max()), samples), after)
    reals = made.before.scale * (np.arange(-128, 128) - made.before.zero)
    low, high = after.real_range
    expected = np.clip(operator(name).reference(Node("n", name, (), ()), [reals])[0], low, high)
    assert np.abs(after.scale * (made.values - float(after.zero)) - expected).max() <= 0.501 * after.scale


def test_a_saturating_function_is_looked_up_in_its_middle():
    samples = np.random.default_rng(3).normal(0, 1, 4000)
    seen = Seen(-20.0, 20.0, np.concatenate([samples, [-20.0, 20.0]]))
    made = make_table(np.tanh, seen, affine(Seen(-1.0, 1.0, samples)))
    assert made.before.scale * 255 < 12, "of a range of 40"


def test_infinite_values_of_a_function_saturate():
    steps = affine(Seen(-1.0, 1.0, np.zeros(1)))
    table = fixed_table(np.log, steps, steps)
    assert table[steps.zero + 128] == -128, "log(0)"
    assert abs(int(table[127 + 128]) - steps.zero) <= 1, "log of almost 1"
