"""Coarse activations: verify and the self-test allow what --activation-error asks for, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from nn4mc.api import Network, compile_model
from nn4mc.margin import margins
from nn4mc.target import DEFAULT_CODE, CodeOptions
from nn4mc.verify import verify


@pytest.fixture(scope="module")
def coarse() -> Network:
    return compile_model("raptor", code=CodeOptions(activation_error="1e-3"))


def test_verify_passes_with_the_error_that_was_asked_for(coarse: Network):
    found = verify(coarse, steps=100)
    assert found.passed
    assert found.layers[0].tolerance < 1e-4, "the first layer has no tanh"
    assert 1e-3 < found.layers[1].tolerance < 0.1


def test_verify_fails_where_no_error_was_asked_for(coarse: Network):
    found = verify(replace(coarse, code=DEFAULT_CODE), steps=100)
    assert found.diverges_at is not None
    assert found.diverges_at.op == "gru"


def test_the_self_test_s_limit_grows_with_the_error():
    limits = [
        compile_model("raptor", code=CodeOptions(activation_error=error)).emitted.golden.limit
        for error in ("2e-7", "4e-5", "1e-3")
    ]
    assert limits == sorted(limits) and len(set(limits)) == 3


def test_a_margin_is_proportional_to_a_small_error_and_none_without():
    graph = compile_model("raptor").graph
    rows = np.random.default_rng(0).normal(size=(4, 22)).astype(np.float32)
    assert margins(graph, rows) == {} == margins(graph, rows, 2e-7)
    small, twice = (margins(graph, rows, error) for error in (1e-5, 2e-5))
    for name, margin in small.items():
        assert twice[name] == pytest.approx(2 * margin, rel=0.01, abs=1e-12)
