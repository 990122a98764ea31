"""Small moves that several passes make."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from nn4mc.ir import Graph


def rename(graph: Graph, new_name: Mapping[str, str]) -> Graph:
    """Return the graph with every use of a tensor replaced by another; what made the old one is left alone."""

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new_name.get(name, name) for name in names)

    return replace(
        graph,
        nodes=tuple(replace(node, inputs=renamed(node.inputs)) for node in graph.nodes),
        outputs=renamed(graph.outputs),
        states=tuple(replace(state, after=new_name.get(state.after, state.after)) for state in graph.states),
    )


def uses(graph: Graph) -> Counter[str]:
    """Count how often each tensor is read: by nodes, as an output, as a next state."""
    counted = Counter(name for node in graph.nodes for name in node.inputs)
    counted.update(graph.outputs)
    counted.update(state.after for state in graph.states)
    return counted
