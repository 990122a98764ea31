"""cancel_transposes: fewer transposes, or none, and the network computes the same."""

from collections.abc import Sequence

import numpy as np
import pytest

from nn4mc.gate import check
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Attribute, Graph, Shape, Source
from nn4mc.passes.cancel_transposes import cancel_transposes
from nn4mc.passes.drop_unused import drop_unused
from nn4mc.passes.permutations import moves_nothing
from nn4mc.reference import run

TO_LAST = {"perm": (0, 2, 3, 1)}
TO_FIRST = {"perm": (0, 3, 1, 2)}
SOURCE = Source("test", "0" * 64)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def moved(graph: Graph) -> int:
    """Return how many elements the graph's transposes move."""
    return sum(int(np.prod(graph.tensors[node.outputs[0]].shape)) for node in graph.nodes if node.op == "transpose")


def cancelled(graph: Graph) -> Graph:
    """Return the graph after the pass; what it computes and the shape of its outputs are the same."""
    after = check(drop_unused(cancel_transposes(check(graph, "building"))), "cancel_transposes")
    count = sum(int(np.prod(graph.tensors[name].shape)) for name in graph.inputs)
    x = np.random.default_rng(7).uniform(-2, 2, (3, count))
    np.testing.assert_allclose(run(after, x), run(graph, x), rtol=1e-12, atol=1e-12)
    assert [after.tensors[name].shape for name in after.outputs] == [
        graph.tensors[name].shape for name in graph.outputs
    ]
    return after


class Chain:
    """A graph of one node behind the other."""

    def __init__(self, shape: Shape) -> None:
        self.builder = GraphBuilder("net", "test")
        self.at = self.builder.input("x", shape)

    def then(
        self, op: str, attributes: dict[str, Attribute] | None = None, others: Sequence[np.ndarray] = ()
    ) -> "Chain":
        constants = [self.builder.constant("c", one) for one in others]
        self.at = self.builder.node(op, op, [self.at, *constants], attributes)
        return self

    def ops(self) -> list[str]:
        return ops(cancelled(self.builder.finish([self.at], SOURCE)))


def test_inverse_transposes_vanish():
    assert Chain((1, 4, 5, 3)).then("neg").then("transpose", TO_FIRST).then("transpose", TO_LAST).ops() == ["neg"]


def test_across_elementwise_parametric_and_binary_nodes():
    scales = np.random.default_rng(0).uniform(1, 2, (3, 1, 1))
    chain = Chain((1, 4, 5, 3)).then("transpose", TO_FIRST).then("relu").then("leaky_relu", {"alpha": 0.1})
    chain.then("mul", {}, [scales]).then("add", {}, [np.array(2.0)]).then("prelu", {}, [scales]).then(
        "transpose", TO_LAST
    )
    assert chain.ops() == ["relu", "leaky_relu", "mul", "add", "prelu"]


def test_a_residual_block_in_channels_first_has_no_transpose_inside():
    builder = GraphBuilder("net", "test")
    x = builder.node("transpose", "in", [builder.input("x", (1, 4, 5, 3))], TO_FIRST)
    branch = builder.node("tanh", "f", [builder.node("transpose", "t1", [x], TO_LAST)])
    joined = builder.node("add", "sum", [x, builder.node("transpose", "t2", [branch], TO_FIRST)])
    both = builder.node("concat", "both", [joined, x], {"axis": 1})
    out = builder.node("transpose", "out", [both], TO_LAST)
    assert ops(cancelled(builder.finish([out], SOURCE))) == ["tanh", "add", "concat"]


def test_pooling_over_the_image_needs_no_transpose():
    chain = Chain((1, 4, 5, 3)).then("transpose", TO_FIRST).then("reduce_mean", {"axes": (2, 3), "keepdims": False})
    assert chain.ops() == ["reduce_mean"]


def test_an_identity_transpose_vanishes():
    assert Chain((2, 3)).then("relu").then("transpose", {"perm": (0, 1)}).ops() == ["relu"]


def test_moving_axes_of_one_is_a_reshape():
    assert Chain((1, 1, 5, 3)).then("transpose", {"perm": (2, 0, 3, 1)}).ops() == ["reshape"]


def test_what_has_to_be_moved_is_moved_once():
    chain = Chain((1, 4, 5, 3)).then("transpose", TO_FIRST).then("transpose", {"perm": (0, 2, 1, 3)})
    assert chain.then("relu").then("reshape", {"shape": (60,)}).ops() == ["relu", "transpose", "reshape"]


def test_a_graph_is_left_alone_where_waiting_would_cost_more():
    chain = Chain((1, 4, 5, 3)).then("transpose", TO_FIRST).then("tile", {"repeats": (1, 1, 2, 2)})
    assert chain.ops() == ["transpose", "tile"]


def test_an_output_that_others_read_too():
    builder = GraphBuilder("net", "test")
    first = builder.node("transpose", "t", [builder.input("x", (1, 4, 5, 3))], TO_FIRST)
    second = builder.node("transpose", "back", [builder.node("relu", "r", [first])], TO_LAST)
    after = cancelled(builder.finish([first, second], SOURCE))
    assert sorted(ops(after)) == ["relu", "transpose"]


def test_a_state_is_carried_in_its_own_order():
    builder = GraphBuilder("net", "test")
    x = builder.input("x", (2, 3))
    before = builder.state("h", np.zeros((2, 3), np.float32))
    turned = builder.node("transpose", "t", [builder.node("add", "sum", [x, before])], {"perm": (1, 0)})
    back = builder.node("transpose", "back", [builder.node("tanh", "f", [turned])], {"perm": (1, 0)})
    builder.carry(before, back)
    assert ops(cancelled(builder.finish([turned], SOURCE))).count("transpose") == 1


def random_graph(rng: np.random.Generator) -> Graph:
    """Return a graph of a dozen nodes in which every transpose meets others, readers and all kinds of operators."""
    builder = GraphBuilder("net", "test")
    tensors = [builder.input("x", tuple(rng.integers(1, 4, 4).tolist()))]
    for _ in range(12):
        tensors.append(random_node(builder, tensors, rng))
    return builder.finish([tensors[-1], tensors[int(rng.integers(1, len(tensors)))]], SOURCE)


def random_node(builder: GraphBuilder, tensors: list[str], rng: np.random.Generator) -> str:
    source = tensors[int(rng.integers(max(0, len(tensors) - 3), len(tensors)))]
    shape = builder.shape(source)
    rank = len(shape)
    same = [name for name in tensors if builder.shape(name) == shape]
    axis = int(rng.integers(0, max(1, rank)))
    zeros, ones = (0,) * rank, (1,) * rank
    mask = tuple(1 if rng.random() < 0.5 else length for length in shape)[int(rng.integers(0, rank + 1)) :]
    constant = builder.constant("c", rng.uniform(0.5, 1.5, mask))
    choices: list[tuple[str, list[str], dict[str, Attribute]]] = [
        ("transpose", [source], {"perm": tuple(rng.permutation(rank).tolist())}),
        ("relu", [source], {}),
        ("clip", [source], {"maximum": 1.5}),
        ("mul", [source, constant] if rng.random() < 0.5 else [constant, source], {}),
        ("maximum", [source, str(rng.choice(same))], {}),
        ("add", [source, str(rng.choice(same))], {}),
        ("reshape", [source], {"shape": shape[::-1]}),
    ]
    choices += [choices[0]] * 5
    if rank:
        small = int(np.prod(shape)) < 500
        choices += [
            ("concat", [source, str(rng.choice(same))] if small else [source], {"axis": axis}),
            ("softmax", [source], {"axis": axis}),
            ("reverse", [source], {"axis": axis}),
            ("gather", [source], {"axis": axis, "indices": (0, -1)[: 2 if small else 1]}),
            ("reduce_sum", [source], {"axes": (axis,), "keepdims": bool(rng.random() < 0.7)}),
            ("slice", [source], {"starts": zeros, "sizes": tuple(-(-n // 2) for n in shape), "steps": (2,) * rank}),
            ("pad", [source], {"before": zeros if not small else ones, "after": zeros, "mode": "edge"}),
        ]
    op, inputs, attributes = choices[int(rng.integers(0, len(choices)))]
    return builder.node(op, op, inputs, attributes)


@pytest.mark.parametrize("seed", range(150))
def test_random_graphs_compute_the_same_and_never_move_more(seed: int):
    graph = random_graph(np.random.default_rng(seed))
    after = cancelled(graph)
    assert moved(after) <= moved(graph)


def test_the_pass_does_cancel_in_random_graphs():
    graphs = [random_graph(np.random.default_rng(seed)) for seed in range(150)]
    assert sum(moved(cancelled(graph)) for graph in graphs) < 0.8 * sum(moved(drop_unused(graph)) for graph in graphs)


@pytest.mark.parametrize("seed", range(30))
def test_moves_nothing_is_what_numpy_says(seed: int):
    rng = np.random.default_rng(seed)
    shape, perm = tuple(rng.integers(1, 3, 4).tolist()), tuple(rng.permutation(4).tolist())
    x = np.arange(np.prod(shape)).reshape(shape)
    assert moves_nothing(perm, shape) == (x.transpose(perm).ravel() == x.ravel()).all()
