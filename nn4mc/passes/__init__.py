"""Graph to graph: each pass is one function in one file, and the gate stands behind each."""

from collections.abc import Callable

from nn4mc.gate import check
from nn4mc.ir import Graph
from nn4mc.passes.cancel_transposes import cancel_transposes
from nn4mc.passes.drop_identity import drop_identity
from nn4mc.passes.drop_unused import drop_unused
from nn4mc.passes.fold_constants import fold_constants
from nn4mc.passes.fold_scale import fold_scale
from nn4mc.passes.fuse_activation import fuse_activation
from nn4mc.passes.match_idioms import match_idioms
from nn4mc.passes.one_step import one_step
from nn4mc.passes.permute_weights import permute_weights

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    drop_identity,
    fold_constants,
    match_idioms,
    drop_unused,
    cancel_transposes,
    permute_weights,
    fold_scale,
    fuse_activation,
    one_step,
    drop_unused,
)


def lower(graph: Graph) -> Graph:
    """Return the graph that C is emitted for. Raises GraphError naming the pass that broke an invariant."""
    check(graph, "loading")
    for one in PASSES:
        graph = check(one(graph), one.__name__)
    return graph
