"""Many rows at once are what each row is alone, in any graph, and no row knows of the others."""

from dataclasses import replace

import numpy as np
import pytest

from nn4mc.importers import load
from nn4mc.importers.builder import GraphBuilder
from nn4mc.passes import lower
from nn4mc.quantize import Quantizing, Scheme, quantize_calibrated
from nn4mc.reference import initial_state, step
from nn4mc.reference_batch import initial_states, step_rows
from tests.graphs import SOURCE, random_graph, seeded
from tests.recurrent_cases import random_window

ROWS = 5
RAPTOR = lower(load("raptor"))


def same_as_alone(graph, steps=4):
    """Run rows together and alone; the largest difference between the two, relative to the largest output."""
    rng = np.random.default_rng(5)
    width = sum(int(np.prod(graph.tensors[name].shape)) for name in graph.inputs)
    together, alone = initial_states(graph, ROWS), [initial_state(graph) for _ in range(ROWS)]
    worst = 0.0
    for _ in range(steps):
        x = rng.uniform(-2, 2, (ROWS, width)).astype(np.float32)
        made = step_rows(graph, x, together)
        each = [step(graph, row, state) for row, state in zip(x, alone, strict=True)]
        wanted = np.array([one.outputs for one in each])
        worst = max(worst, float(np.abs(made.outputs - wanted).max() / max(1.0, np.abs(wanted).max())))
        together, alone = made.state, [dict(one.state) for one in each]
    return worst


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs(seed):
    assert same_as_alone(random_graph(seeded(seed))) < 1e-12


def window_graph(op, seed, **fixed):
    """A random window that carries its states on, so that every row comes to have states of its own."""
    case = random_window(op, np.random.default_rng(seed), **fixed)
    builder = GraphBuilder(op, "test")
    x, *states = case.inputs
    before = [builder.state(f"s{i}", state) for i, state in enumerate(states)]
    constants = [builder.constant(f"c{i}", one) for i, one in enumerate(case.constants)]
    y = builder.node(op, "node", [builder.input("x", x.shape), *before, *constants], case.attributes)
    for old, new in zip(before, builder.outputs()[1:], strict=True):
        builder.carry(old, new)
    return builder.finish([y], SOURCE)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_windows_of_a_gru_of_any_batch_in_both_directions(seed, reset_after):
    assert same_as_alone(window_graph("gru", seed, reset_after=reset_after, reverse=bool(seed % 2))) < 1e-12


@pytest.mark.parametrize("op", ["rnn", "lstm"])
def test_operators_without_a_rule_are_computed_row_by_row(op):
    assert same_as_alone(window_graph(op, 3)) == 0.0


def test_raptor():
    assert same_as_alone(RAPTOR, steps=50) < 1e-12


@pytest.mark.parametrize("weights", ["int8", "int16"])
def test_raptor_in_integers_is_bit_for_bit_what_a_row_is_alone(weights):
    graph = quantize_calibrated(RAPTOR, Quantizing(Scheme(weights, weights))).graph
    assert {node.op for node in graph.nodes} == {"q_dense_float", "q_gru", "reshape"}
    assert same_as_alone(graph, steps=50) == 0.0


def test_no_bit_of_a_row_depends_on_the_other_rows():
    x = np.random.default_rng(1).normal(size=(64, 22))
    state = {"gru_1_state": np.random.default_rng(2).normal(size=(64, 1, 16))}
    whole = step_rows(RAPTOR, x, state)
    for rows in (slice(0, 1), slice(3, 5), slice(7, 64), slice(63, None, -1)):
        some = step_rows(RAPTOR, x[rows], {name: values[rows] for name, values in state.items()})
        assert np.array_equal(some.outputs, whole.outputs[rows])
        assert all(np.array_equal(some.state[name], whole.state[name][rows]) for name in whole.state)


def test_an_output_that_is_a_constant_is_the_same_in_every_row():
    graph = replace(RAPTOR, outputs=("dense_2_bias",))
    made = step_rows(graph, np.zeros((3, 22)), initial_states(graph, 3))
    assert np.array_equal(made.outputs, np.tile(RAPTOR.tensors["dense_2_bias"].data, (3, 1)))
