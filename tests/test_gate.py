"""Every invariant of the IR, broken once: the gate names the stage and the place."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.gate import check
from nn4mc.ir import Graph, Node, State, Tensor
from tests.graphs import constant, graph


def sound() -> Graph:
    """Return x -> dense -> a -> relu -> y with a state s that becomes y."""
    tensors = [Tensor("x", (2,)), Tensor("s", (2,)), Tensor("a", (2,)), Tensor("y", (2,))]
    constants = [constant("w", np.eye(2)), constant("b", [0, 0])]
    nodes = [Node("d", "dense", ("x", "w", "b"), ("a",)), Node("r", "relu", ("a",), ("y",))]
    return graph([*tensors, *constants], nodes, states=[State("s", "y", np.zeros(2, np.float32))])


def tensor(name: str, changed: Tensor | None) -> Callable[[Graph], Graph]:
    """Return what replaces a tensor of a graph, or takes it away."""

    def change(one: Graph) -> Graph:
        others = {key: value for key, value in one.tensors.items() if key != name}
        return replace(one, tensors=others if changed is None else {**others, name: changed})

    return change


def node(index: int, **changes: object) -> Callable[[Graph], Graph]:
    def change(one: Graph) -> Graph:
        nodes = list(one.nodes)
        nodes[index] = replace(nodes[index], **changes)  # type: ignore[arg-type]
        return replace(one, nodes=tuple(nodes))

    return change


def state(before: str, after: str, initial: np.ndarray) -> Callable[[Graph], Graph]:
    return lambda one: replace(one, states=(State(before, after, initial),))


ZEROS = np.zeros(2, np.float32)
NAN = np.array([np.nan, 0], np.float32)
BROKEN = {
    "no input": (lambda g: replace(g, inputs=()), "has no input"),
    "no output": (lambda g: replace(g, outputs=()), "has no output"),
    "undeclared node input": (node(1, inputs=("ghost",)), "'ghost' is used but not declared"),
    "undeclared output": (lambda g: replace(g, outputs=("ghost",)), "'ghost' is used but not declared"),
    "undeclared input": (lambda g: replace(g, inputs=("ghost",)), "'ghost' is used but not declared"),
    "undeclared state": (state("ghost", "y", ZEROS), "'ghost' is used but not declared"),
    "tensor filed under another name": (tensor("y", Tensor("z", (2,))), "tensor 'z' is filed under 'y'"),
    "empty axis": (tensor("x", Tensor("x", (0,))), "every axis must be at least 1"),
    "node names twice": (node(1, name="d"), "two nodes share a name"),
    "read before made": (lambda g: replace(g, nodes=g.nodes[::-1]), "node 'r' (relu) reads 'a' before it is made"),
    "made twice": (node(1, outputs=("a",)), "tensor 'a' is made twice, again by node 'r'"),
    "input made by a node": (node(1, outputs=("x",)), "tensor 'x' is made twice"),
    "constant made by a node": (node(1, outputs=("b",)), "tensor 'b' is made twice"),
    "output nobody makes": (lambda g: replace(g, nodes=g.nodes[:1]), "'y' is an output or a next state"),
    "input twice": (lambda g: replace(g, inputs=("x", "x")), "'x' is given twice"),
    "input is a state": (lambda g: replace(g, inputs=("x", "s")), "'s' is given twice"),
    "input is a constant": (lambda g: replace(g, inputs=("x", "b")), "'b' is an input or a state, and a constant"),
    "state is a constant": (state("b", "y", ZEROS), "'b' is an input or a state, and a constant"),
    "unknown operator": (node(1, op="swish"), "no operator 'swish'"),
    "too few inputs": (node(0, inputs=("x", "w")), "node 'd' (dense) has 2 inputs, expected 3 to 3"),
    "too many inputs": (node(1, inputs=("a", "a")), "node 'r' (relu) has 2 inputs, expected 1 to 1"),
    "two outputs": (node(1, outputs=("y", "s")), "has outputs of shape"),
    "unknown attribute": (node(1, attributes={"alpha": 0.1}), "attributes ['alpha']"),
    "unknown activation": (node(0, attributes={"activation": "swish"}), "activation 'swish' is not one of"),
    "weights are no constant": (tensor("w", Tensor("w", (2, 2))), "reads 'w' before it is made"),
    "bias is an input": (
        lambda g: replace(tensor("b", Tensor("b", (2,)))(g), inputs=("x", "b")),
        "node 'd' (dense): 'b' must be a constant",
    ),
    "shape is not the operator's": (tensor("y", Tensor("y", (3,))), "node 'r' (relu) has outputs of shape ((3,),)"),
    "weights do not fit": (tensor("w", constant("w", np.eye(3))), "input has shape (2,), expected (3,)"),
    "constant in float64": (tensor("b", Tensor("b", (2,), np.zeros(2))), "constant 'b' is float64, declared float32"),
    "constant of another shape": (tensor("b", Tensor("b", (2,), np.zeros(3, np.float32))), "declared (2,)"),
    "constant with NaN": (tensor("b", Tensor("b", (2,), NAN)), "constant 'b' holds NaN or Inf"),
    "initial state of another shape": (state("s", "y", np.zeros(3, np.float32)), "before, after and initial"),
    "initial state with NaN": (state("s", "y", NAN), "state 's' starts with NaN or Inf"),
    "initial state in float64": (state("s", "y", np.zeros(2)), "state 's' starts as float64"),
}  # fmt: skip


def test_a_sound_graph_passes_unchanged():
    one = sound()
    assert check(one, "loading") is one


@pytest.mark.parametrize("fault", BROKEN)
def test_refuses(fault: str):
    break_it, message = BROKEN[fault]
    with pytest.raises(GraphError) as caught:
        check(break_it(sound()), "the pass under test")
    assert str(caught.value).startswith("after the pass under test: ")
    assert message in str(caught.value)


SCALE = {"scale": 0.1, "zero_point": 0}


def test_refuses_an_operator_that_would_mix_types():
    tensors = [Tensor("x", (2,)), Tensor("q", (2,), None, "int8"), Tensor("y", (4,))]
    nodes = [Node("to", "quantize", ("x",), ("q",), SCALE), Node("join", "concat", ("x", "q"), ("y",), {"axis": 0})]
    with pytest.raises(GraphError, match=r"'join' \(concat\) mixes float32 and int8"):
        check(graph(tensors, nodes), "loading")
