"""A state taken out and put back: a step can be tried and taken back, or go on in another context."""

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from tests.c_network import Buffer, CNetwork, load
from tests.contract.folders import stateless


@pytest.fixture(scope="module")
def raptor_in_c(tmp_path_factory: pytest.TempPathFactory) -> CNetwork:
    network: Network = compile_model("raptor")
    return load([network], tmp_path_factory.mktemp("save"))[0]


def _call(c: CNetwork, name: str, first: Buffer, second: Buffer) -> None:
    function = getattr(c.library, f"{c.network.name}_{name}")
    function.restype = None
    function(first.pointer, second.pointer)
    assert first.guarded() and second.guarded(), "written outside a buffer"


def test_restoring_a_saved_state_takes_a_step_back(raptor_in_c: CNetwork):
    c, rows = raptor_in_c, np.random.default_rng(3).normal(size=(5, 22)).astype(np.float32)
    context, saved = c.context(), Buffer(c.network.plan.state_len)
    for row in rows[:3]:
        c.run(context, row)
    _call(c, "save", context, saved)
    first = c.run(context, rows[3])[1]
    other = c.run(context, rows[4])[1]
    _call(c, "restore", context, saved)
    assert c.run(context, rows[3])[1].tobytes() == first.tobytes()
    assert other.tobytes() != first.tobytes()


def test_a_saved_state_goes_on_in_a_fresh_context(raptor_in_c: CNetwork):
    c, rows = raptor_in_c, np.random.default_rng(4).normal(size=(4, 22)).astype(np.float32)
    whole, fresh, saved = c.context(), c.context(), Buffer(c.network.plan.state_len)
    for row in rows[:3]:
        c.run(whole, row)
    _call(c, "save", whole, saved)
    _call(c, "restore", fresh, saved)
    assert c.run(fresh, rows[3])[1].tobytes() == c.run(whole, rows[3])[1].tobytes()


def test_a_network_without_state_has_neither_function(tmp_path_factory: pytest.TempPathFactory):
    c = load([compile_graph(stateless())], tmp_path_factory.mktemp("stateless"))[0]
    assert not hasattr(c.library, f"{c.network.name}_save")
