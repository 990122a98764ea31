"""one_step: where a recurrent operator makes one step, its output is read from its last state."""

import numpy as np
import pytest

from nn4mc.gate import check
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Graph
from nn4mc.passes import lower
from nn4mc.passes.one_step import one_step
from nn4mc.reference import run
from tests.kernel_cases import SOURCE


def graph(time: int, read_y: bool = True) -> Graph:
    rng = np.random.default_rng(0)
    builder = GraphBuilder("net", "test")
    x, h = builder.input("x", (time, 1, 3)), builder.state("h", np.zeros((1, 2), np.float32))
    constants = [
        builder.constant(name, rng.normal(size=size)) for name, size in (("w", (2, 3)), ("u", (2, 2)), ("b", 2))
    ]
    y = builder.node("rnn", "node", [x, h, *constants])
    _, last = builder.outputs()
    builder.carry(h, last)
    return builder.finish([y if read_y else last], SOURCE)


def test_y_of_one_step_becomes_a_view_of_the_state():
    before = graph(1)
    after = check(one_step(before), "the test")
    recurrent, view = after.nodes
    assert (view.op, view.inputs, view.outputs) == ("reshape", recurrent.outputs[1:], before.nodes[0].outputs[:1])
    rows = np.random.default_rng(1).normal(size=(4, 3))
    np.testing.assert_array_equal(run(after, rows), run(before, rows))


@pytest.mark.parametrize(("time", "read_y"), [(2, True), (1, False)])
def test_leaves_a_window_and_an_unread_y_alone(time: int, read_y: bool):
    before = graph(time, read_y)
    assert one_step(before).nodes == before.nodes


def test_once_is_enough():
    lowered = lower(graph(1))
    assert one_step(lowered).nodes == lowered.nodes
