"""First and second derivatives of every differentiable operator, against finite differences in float64."""

import numpy as np
import pytest

from nn4mc.control.rules import RULES
from nn4mc.control.rules_recurrent import RECURRENT_RULES
from nn4mc.control.trace import differentiable
from nn4mc.ops import OPERATORS
from tests.control.derivative_cases import CASES, evaluate, graph_and_point, graph_function, stencil, whole_tape

RELATIVE = 1e-6
NOT_DIFFERENTIABLE = {
    "quantize", "dequantize", "requantize", "to_steps", "q_add", "q_conv", "q_conv_float", "q_dense", "q_dense_float",
    "q_gru", "q_lstm", "q_mean", "q_mul", "q_pool", "q_rnn", "q_softmax", "q_table",
}  # fmt: skip
"""What works on integers, or rounds to them."""
IDS = [f"{i}_{case.op}" for i, case in enumerate(CASES)]


def off(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest error relative to the largest derivative."""
    return float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))


def test_every_operator_is_differentiable_or_known_not_to_be():
    assert {name for name in OPERATORS if not differentiable(name)} <= NOT_DIFFERENTIABLE


def test_every_rule_is_tested():
    assert {case.op for case in CASES} == {*RULES, *RECURRENT_RULES}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_value_first_and_second_derivative(case):
    made, point = graph_and_point(case)
    tape = whole_tape(made)
    jet = evaluate(tape, point)
    assert off(jet.value, graph_function(made)(point)) <= 1e-12
    assert off(jet.first, stencil(graph_function(made), point)) <= RELATIVE
    assert jet.second is not None
    assert off(jet.second, stencil(lambda x: evaluate(tape, x, second=False).first, point)) <= RELATIVE
