"""fold_scale: what is linear by channel behind a product disappears, and the network computes the same."""

from collections.abc import Callable

import numpy as np
import pytest

from nn4mc.gate import check
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Graph, Source
from nn4mc.passes.fold_scale import fold_scale
from nn4mc.reference import run

CHANNELS = 3
Follow = Callable[[GraphBuilder, str], str]


def network(product: str, follow: Follow, rng: np.random.Generator) -> Graph:
    """Return a product with three output channels and what ``follow`` puts behind it."""
    builder = GraphBuilder("net", "test")
    bias = builder.constant("b", rng.uniform(-1, 1, CHANNELS))
    if product == "dense":
        x = builder.input("x", (2, 4))
        y = builder.node("dense", "product", [x, builder.constant("w", rng.uniform(-1, 1, (CHANNELS, 4))), bias])
    else:
        x = builder.input("x", (1, 3, 4, 2))
        weights = builder.constant("w", rng.uniform(-1, 1, (CHANNELS, 2, 2, 2)))
        window = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "groups": 1}
        y = builder.node("conv", "product", [x, weights, bias], window)
    return builder.finish([follow(builder, y)], Source("test", "0" * 64))


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def assert_same(before: Graph, after: Graph) -> None:
    check(before, "building")
    check(after, "fold_scale")
    x = np.random.default_rng(9).uniform(-2, 2, (5, sum(np.prod(before.tensors[name].shape) for name in before.inputs)))
    expected = run(before, x)
    np.testing.assert_allclose(run(after, x), expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("product", ["dense", "conv"])
@pytest.mark.parametrize("seed", range(20))
def test_random_chains_vanish(product: str, seed: int):
    rng = np.random.default_rng(seed)

    def follow(builder: GraphBuilder, y: str) -> str:
        for index in range(rng.integers(1, 5)):
            op = str(rng.choice(["mul", "add", "sub", "div"]))
            shape = [(), (1,), (CHANNELS,), (1, CHANNELS)][rng.integers(0, 4)]
            constant = builder.constant(f"c{index}", rng.uniform(0.5, 2, shape) * rng.choice([-1, 1]))
            swapped = op != "div" and rng.random() < 0.5
            y = builder.node(op, f"{op}{index}", [constant, y] if swapped else [y, constant])
        return y

    graph = network(product, follow, rng)
    folded = fold_scale(graph)
    assert ops(folded) == [product]
    assert_same(graph, folded)


def kept(follow: Follow) -> None:
    graph = network("dense", follow, np.random.default_rng(0))
    folded = fold_scale(graph)
    assert ops(folded) == ops(graph)
    assert_same(graph, folded)


def test_a_number_over_the_output_is_not_linear():
    kept(lambda builder, y: builder.node("div", "n", [builder.constant("c", np.ones(CHANNELS)), y]))


def test_a_constant_that_varies_along_another_axis_stays():
    kept(lambda builder, y: builder.node("mul", "n", [y, builder.constant("c", np.array([[1.0], [2.0]]))]))


def test_a_constant_that_stretches_the_output_stays():
    kept(lambda builder, y: builder.node("mul", "n", [y, builder.constant("c", np.ones((4, 1, CHANNELS)))]))


def test_through_reshapes_that_keep_the_channels_last():
    def follow(builder: GraphBuilder, y: str) -> str:
        y = builder.node("reshape", "squeeze", [y], {"shape": (6, CHANNELS)})
        y = builder.node("mul", "scale", [y, builder.constant("c", np.array([1.0, 2.0, 3.0]))])
        y = builder.node("reshape", "again", [y], {"shape": (2, 3, CHANNELS)})
        return builder.node("add", "shift", [builder.constant("d", np.array([1.0, 2.0, 3.0])), y])

    graph = network("conv", follow, np.random.default_rng(0))
    folded = fold_scale(graph)
    assert ops(folded) == ["conv", "reshape", "reshape"]
    assert_same(graph, folded)


def test_not_through_a_reshape_that_moves_the_channels():
    def follow(builder: GraphBuilder, y: str) -> str:
        y = builder.node("reshape", "r", [y], {"shape": (CHANNELS, 2)})
        return builder.node("mul", "scale", [y, builder.constant("c", np.array([1.0, 2.0]))])

    kept(follow)


def test_an_activation_in_between_stays():
    kept(
        lambda builder, y: builder.node(
            "mul", "n", [builder.node("relu", "r", [y]), builder.constant("c", np.array(2.0))]
        )
    )


def test_a_product_that_others_read_stays():
    def follow(builder: GraphBuilder, y: str) -> str:
        scaled = builder.node("mul", "n", [y, builder.constant("c", np.array(2.0))])
        return builder.node("add", "sum", [scaled, y])

    kept(follow)


def test_weights_beyond_float32_stay_apart():
    def follow(builder: GraphBuilder, y: str) -> str:
        once = builder.node("mul", "once", [y, builder.constant("c", np.array(1e38))])
        return builder.node("mul", "twice", [once, builder.constant("d", np.array(100.0))])

    graph = network("dense", follow, np.random.default_rng(0))
    assert ops(fold_scale(graph)) == ["dense", "mul"]
    assert_same(graph, fold_scale(graph))


def test_shared_weights_are_not_doubled():
    rng = np.random.default_rng(0)
    builder = GraphBuilder("net", "test")
    x = builder.input("x", (3,))
    weights, bias = builder.constant("w", rng.uniform(-1, 1, (3, 3))), builder.constant("b", np.zeros(3))
    first = builder.node("dense", "first", [x, weights, bias])
    scaled = builder.node("mul", "n", [first, builder.constant("c", np.array(2.0))])
    out = builder.node("dense", "second", [scaled, weights, bias])
    graph = builder.finish([out], Source("test", "0" * 64))
    assert ops(fold_scale(graph)) == ["dense", "mul", "dense"]
