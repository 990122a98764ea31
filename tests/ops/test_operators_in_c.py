"""The C of every operator against float64, in random graphs: branches, chains, several states and outputs."""

from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.ir import Graph, Node, State, Tensor
from nn4mc.reference import run
from tests.c_network import CNetwork, load
from tests.graphs import constant, graph, random_graph, seeded

GRAPHS = 80
STEPS = 5
X, Y = Tensor("x", (3,)), Tensor("y", (3,))
S, Q = Tensor("s", (3,)), Tensor("q", (3,))
START = np.float32([0.5, -0.25, 2.0])

CORNERS = {
    "output_is_the_input": graph([X], [], outputs="x"),
    "output_is_the_old_state": graph([X, S], [], outputs="s", states=[State("s", "x", START)]),
    "state_kept": graph([X, S, Y], [Node("r", "relu", ("x",), ("y",))], states=[State("s", "s", START)]),
    "states_swapped": graph(
        [X, S, Q], [], outputs="s q", states=[State("s", "q", START), State("q", "s", START[::-1].copy())]
    ),
    "delay_line": graph([X, S, Q], [], outputs="q", states=[State("s", "x", START), State("q", "s", START)]),
    "same_output_twice": graph([X, Y], [Node("r", "tanh", ("x",), ("y",))], outputs="y y"),
    "output_is_the_state": graph(
        [X, S, Y], [Node("r", "tanh", ("s",), ("y",))], outputs="y", states=[State("s", "y", START)]
    ),
    "two_states_one_value": graph(
        [X, S, Q, Y],
        [Node("r", "tanh", ("s",), ("y",))],
        outputs="q",
        states=[State("s", "y", START), State("q", "y", START)],
    ),
    "constant_output": graph(
        [X, constant("c", START), Y], [Node("r", "relu", ("c",), ("y",))], outputs="x y"
    ),
    "constant_next_state": graph([X, S, constant("c", START)], [], outputs="s", states=[State("s", "c", START)]),
    "identity_chain": graph(
        [X, Tensor("a", (3,)), Tensor("b", (3,)), Y],
        [Node(f"i{i}", "identity", (a,), (b,)) for i, (a, b) in enumerate(zip("xab", "aby", strict=True))],
    ),
    "scalar": graph([Tensor("x", ()), Tensor("y", ())], [Node("r", "sigmoid", ("x",), ("y",))]),
    "matrix_in_c_order": graph([Tensor("x", (2, 3)), Tensor("y", (2, 3))], [Node("r", "tanh", ("x",), ("y",))]),
}  # fmt: skip


def inputs_of(one: Graph, seed: int) -> np.ndarray:
    width = sum(int(np.prod(one.tensors[name].shape)) for name in one.inputs)
    return np.random.default_rng(seed).uniform(-2, 2, (STEPS, width)).astype(np.float32)


def assert_computes(c: CNetwork, original: Graph, seed: int) -> None:
    rows = inputs_of(original, seed)
    expected = run(original, rows)
    np.testing.assert_allclose(c.run_all(rows), expected, rtol=1e-5, atol=2e-6)
    assert c.selftest() <= 1e-5 * max(1.0, float(np.abs(expected).max()))


@pytest.mark.parametrize("target", ["cortex-m4f", "generic"])
def test_random_graphs_compute_what_float64_does(tmp_path: Path, target: str):
    first = 0 if target == "generic" else 10_000
    drawn = [random_graph(seeded(first + i), f"net_{i}") for i in range(GRAPHS // 2)]
    for i, c in enumerate(load([compile_graph(one, target_name=target) for one in drawn], tmp_path)):
        assert_computes(c, drawn[i], seed=i)


def test_corner_cases_compute_what_float64_does(tmp_path: Path):
    networks = [compile_graph(one, name) for name, one in CORNERS.items()]
    for c, original in zip(load(networks, tmp_path), CORNERS.values(), strict=True):
        assert_computes(c, original, seed=7)


def test_blocks_of_four_rows_and_single_rows_give_the_same_bits(tmp_path: Path):
    drawn = [random_graph(seeded(20_000 + i), f"net_{i}") for i in range(16)]
    answers = []
    for target in ("cortex-m4f", "generic"):
        folder = tmp_path / target
        loaded = load([compile_graph(one, target_name=target) for one in drawn], folder)
        answers.append([c.run_all(inputs_of(one, 3)).tobytes() for c, one in zip(loaded, drawn, strict=True)])
    assert answers[0] == answers[1]
