"""permute_weights: a flattened image keeps its order in memory, and the dense layer behind it knows."""

import numpy as np
import pytest

from nn4mc.gate import check
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Graph, Shape, Source
from nn4mc.passes import lower
from nn4mc.passes.permute_weights import permute_weights
from nn4mc.reference import run

SOURCE = Source("test", "0" * 64)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def flattened(shape: Shape, perm: tuple[int, ...], read_twice: bool = False) -> Graph:
    """Return relu, transpose, flatten and dense, the transposed image being an output too if ``read_twice``."""
    rng = np.random.default_rng(sum(shape))
    builder = GraphBuilder("net", "test")
    count = int(np.prod(shape))
    image = builder.node("transpose", "t", [builder.node("relu", "r", [builder.input("x", shape)])], {"perm": perm})
    flat = builder.node("reshape", "flatten", [image], {"shape": (1, count)})
    weights, bias = builder.constant("w", rng.uniform(-1, 1, (2, count))), builder.constant("b", rng.uniform(-1, 1, 2))
    out = builder.node("dense", "dense", [flat, weights, bias])
    return builder.finish([out, image] if read_twice else [out], SOURCE)


@pytest.mark.parametrize(("shape", "perm"), [((1, 4, 5, 3), (0, 3, 1, 2)), ((2, 3, 4), (2, 0, 1)), ((2, 3), (1, 0))])
def test_the_transpose_is_in_the_weights(shape: Shape, perm: tuple[int, ...]):
    graph = flattened(shape, perm)
    after = check(permute_weights(graph), "permute_weights")
    assert ops(after) == ["relu", "reshape", "dense"]
    x = np.random.default_rng(1).uniform(-1, 1, (5, int(np.prod(shape))))
    np.testing.assert_allclose(run(after, x), run(graph, x), rtol=1e-12)


def test_a_transpose_that_others_read_stays():
    graph = flattened((1, 4, 5, 3), (0, 3, 1, 2), read_twice=True)
    assert ops(permute_weights(graph)) == ops(graph)


def test_rows_that_are_not_the_whole_image_stay():
    builder = GraphBuilder("net", "test")
    turned = builder.node("transpose", "t", [builder.input("x", (3, 4))], {"perm": (1, 0)})
    rows = builder.node("reshape", "rows", [turned], {"shape": (2, 6)})
    weights, bias = builder.constant("w", np.ones((2, 6))), builder.constant("b", np.zeros(2))
    graph = builder.finish([builder.node("dense", "dense", [rows, weights, bias])], SOURCE)
    assert ops(permute_weights(graph)) == ["transpose", "reshape", "dense"]


def test_it_is_one_of_the_passes():
    assert ops(lower(flattened((1, 4, 5, 3), (0, 3, 1, 2)))) == ["relu", "reshape", "dense"]
