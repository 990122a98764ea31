"""What each pass does, and that none changes what a graph computes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nn4mc import passes
from nn4mc.errors import GraphError
from nn4mc.gate import check
from nn4mc.ir import Graph, Node, State, Tensor
from nn4mc.passes import PASSES, lower
from nn4mc.passes.drop_identity import drop_identity
from nn4mc.passes.drop_unused import drop_unused
from nn4mc.passes.fold_constants import fold_constants
from nn4mc.passes.fuse_activation import fuse_activation
from nn4mc.reference import run
from tests.graphs import constant, graph, random_graph

X, A, B, Y = (Tensor(name, (2,)) for name in "xaby")
W, C = constant("w", [[1, 2], [3, 4]]), constant("c", [1, -1])
DENSE = Node("d", "dense", ("x", "w", "c"), ("a",))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    return random_graph(lambda low, high: draw(st.integers(low, high)))


@pytest.mark.parametrize("one_pass", [*PASSES, lower])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(original=graphs())
def test_computes_the_same_before_and_after(one_pass, original: Graph):
    changed = check(one_pass(original), "the pass under test")
    width = sum(original.tensors[name].shape[0] for name in original.inputs)
    rows = np.random.default_rng(0).uniform(-2, 2, (4, width))
    np.testing.assert_allclose(run(changed, rows), run(original, rows), rtol=1e-6, atol=1e-6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(original=graphs())
def test_lowering_a_lowered_graph_changes_nothing(original: Graph):
    once = lower(original)
    twice = lower(once)
    assert (twice.nodes, twice.outputs, twice.states) == (once.nodes, once.outputs, once.states)
    assert list(twice.tensors) == list(once.tensors)


def test_drop_identity_rewires_chains_outputs_and_states():
    nodes = [Node("i", "identity", ("x",), ("a",)), Node("j", "identity", ("a",), ("b",))]
    states = [State("y", "b", np.zeros(2, np.float32))]
    found = drop_identity(graph([X, A, B, Y], nodes, outputs="b a", states=states))
    assert found.nodes == () and found.outputs == ("x", "x") and found.states[0].after == "x"


def test_fold_constants_computes_what_depends_on_no_input():
    nodes = [Node("r", "relu", ("c",), ("a",)), Node("d", "dense", ("a", "w", "c"), ("b",)), DENSE_TO_Y]
    found = fold_constants(graph([X, A, B, Y, W, C], nodes, outputs="y b"))
    assert [node.name for node in found.nodes] == ["e"]
    assert found.tensors["b"].data.tolist() == [1 * 1 + 1, 3 * 1 - 1]
    assert found.tensors["b"].data.dtype == np.float32


DENSE_TO_Y = Node("e", "dense", ("x", "w", "b"), ("y",))


def test_fold_constants_keeps_what_depends_on_a_state():
    nodes = [Node("r", "relu", ("a",), ("y",))]
    one = graph([X, A, Y], nodes, states=[State("a", "y", np.zeros(2, np.float32))])
    assert fold_constants(one).nodes == one.nodes


def test_fuse_activation_takes_the_only_reader_of_a_product():
    found = fuse_activation(graph([X, A, Y, W, C], [DENSE, Node("t", "tanh", ("a",), ("y",))]))
    assert found.nodes == (Node("d", "dense", ("x", "w", "c"), ("y",), {"activation": "tanh"}),)


def test_fuse_activation_takes_one_activation_of_a_chain():
    nodes = [DENSE, Node("t", "tanh", ("a",), ("b",)), Node("r", "relu", ("b",), ("y",))]
    found = fuse_activation(graph([X, A, B, Y, W, C], nodes))
    assert [(node.op, dict(node.attributes)) for node in found.nodes] == [
        ("dense", {"activation": "tanh"}),
        ("relu", {}),
    ]


@pytest.mark.parametrize("outputs", ["y a", "y b"])
def test_fuse_activation_leaves_a_product_that_others_read(outputs: str):
    nodes = [DENSE, Node("t", "tanh", ("a",), ("y",)), Node("s", "relu", ("a",), ("b",))]
    one = graph([X, A, B, Y, W, C], nodes, outputs=outputs)
    assert fuse_activation(one).nodes == one.nodes


def test_drop_unused_keeps_what_outputs_and_next_states_need():
    nodes = [DENSE, Node("t", "tanh", ("a",), ("b",)), Node("r", "relu", ("x",), ("y",))]
    states = [State("s", "a", np.zeros(2, np.float32))]
    kept = drop_unused(graph([X, A, B, Y, W, C, Tensor("s", (2,))], nodes, states=states))
    assert [node.name for node in kept.nodes] == ["d", "r"]
    assert "b" not in kept.tensors
    assert [node.name for node in drop_unused(graph([X, A, B, Y, W, C], nodes)).nodes] == ["r"]


def test_a_pass_that_breaks_an_invariant_is_named(monkeypatch: pytest.MonkeyPatch):
    def lose_the_output(one: Graph) -> Graph:
        return Graph(one.name, one.tensors, one.nodes, one.inputs, (), one.states, one.source)

    monkeypatch.setattr(passes, "PASSES", (lose_the_output,))
    with pytest.raises(GraphError, match="after lose_the_output: the graph has no output"):
        lower(graph([X, Y], [Node("r", "relu", ("x",), ("y",))]))
