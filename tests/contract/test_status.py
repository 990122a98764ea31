"""What a step does to its caller's memory: refused inputs, overflows, two networks at once."""

import numpy as np
import pytest

from nn4mc.api import compile_graph
from tests.c_network import CNetwork, load
from tests.contract.folders import compile_every, overflowing, stateless

OK, ERROR_INPUT, ERROR_OUTPUT = 0, -1, -2
NOT_FINITE = [0x7F800000, 0xFF800000, 0x7F800001, 0x7FC00000, 0xFFC00001, 0x7FFFFFFF, 0xFFFFFFFF]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CNetwork]:
    networks = [compile_every(), compile_graph(overflowing()), compile_graph(stateless())]
    made = load(networks, tmp_path_factory.mktemp("status"), "-fsanitize=undefined", "-fno-sanitize-recover=all")
    return {c.network.name: c for c in made}


@pytest.mark.parametrize("name", ["every", "overflowing", "stateless"])
@pytest.mark.parametrize("bits", NOT_FINITE, ids=hex)
def test_a_nan_or_inf_input_touches_neither_state_nor_output(loaded: dict[str, CNetwork], name: str, bits: int):
    c = loaded[name]
    context = c.context()
    row = np.linspace(-1, 1, c.network.plan.in_len).astype(np.float32)
    assert c.run(context, row)[0] == OK
    before = context.bits.copy()
    for position in range(c.network.plan.in_len):
        bad = row.copy()
        bad.view(np.uint32)[position] = bits
        status, out = c.run(context, bad)
        assert status == ERROR_INPUT
        assert (out.view(np.uint32) == 0xC0FFEE42).all(), "the output was written"
        assert (context.bits == before).all(), "the context was written"


def test_a_refused_step_leaves_no_trace_in_the_next(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    rows = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
    plain, disturbed = c.context(), c.context()
    for row in rows:
        c.run(disturbed, np.float32([np.nan, 0, 0]))
        assert c.run(plain, row)[1].tobytes() == c.run(disturbed, row)[1].tobytes()


def test_an_overflow_is_written_as_zero_and_said_and_the_state_advances(loaded: dict[str, CNetwork]):
    c = loaded["overflowing"]
    context = c.context()
    status, out = c.run(context, np.float32([3e38, 1.5]))
    assert status == ERROR_OUTPUT
    assert out.tolist() == [0.0, 3.0, 0.0, 0.0]
    assert context.values[:2].tolist() == np.float32([3e38, 1.5]).tolist()
    assert c.run(context, np.float32([1, 2])) == (OK, pytest.approx([2, 4, 3e38, 1.5]))


@pytest.mark.parametrize("extreme", [3.4028235e38, -3.4028235e38, 1e-45, -1e-45, -0.0])
def test_finite_extremes_give_finite_outputs(loaded: dict[str, CNetwork], extreme: float):
    for c in loaded.values():
        context = c.context()
        for _ in range(3):
            status, out = c.run(context, np.full(c.network.plan.in_len, extreme, np.float32))
            assert status in (OK, ERROR_OUTPUT)
            assert np.isfinite(out).all()


def test_recovers_from_extremes_because_gates_bound_the_state(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    context = c.context()
    c.run(context, np.float32([3e38, -3e38, 3e38]))
    for _ in range(3):
        status, out = c.run(context, np.zeros(3, np.float32))
    assert status == OK and np.abs(out).max() < 10


def test_two_networks_interleaved_are_two_networks(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    rows = np.random.default_rng(3).normal(size=(2, 8, 3)).astype(np.float32)
    apart = [c.run_all(rows[i]) for i in range(2)]
    contexts = [c.context(), c.context()]
    together = [[], []]
    for step in range(8):
        for i in range(2):
            together[i].append(c.run(contexts[i], rows[i, step])[1])
    assert np.array(together).tobytes() == np.array(apart).tobytes()


def test_a_copy_of_the_context_goes_back_in_time(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    row = np.float32([0.1, 0.2, 0.3])
    context, saved = c.context(), c.context()
    c.run(context, row)
    saved.bits[:] = context.bits
    first = c.run(context, row)[1]
    c.run(context, row)
    assert c.run(saved, row)[1].tobytes() == first.tobytes()


def test_the_arena_keeps_nothing_from_step_to_step(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    rows = np.random.default_rng(4).normal(size=(5, 3)).astype(np.float32)
    poisoned = c.context()
    found = []
    for row in rows:
        poisoned.bits[c.network.plan.state_len :] = 0x7FC00000
        found.append(c.run(poisoned, row)[1])
    assert np.array(found).tobytes() == c.run_all(rows).tobytes()


def test_init_needs_no_memory_cleared_before(loaded: dict[str, CNetwork]):
    c = loaded["every"]
    fresh = c.context()
    expected = np.concatenate([state.initial.ravel() for state in c.network.graph.states])
    np.testing.assert_array_equal(fresh.values[: c.network.plan.state_len], expected)
