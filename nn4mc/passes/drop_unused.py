"""Drops nodes whose outputs nobody reads, and tensors nobody names."""

from dataclasses import replace

from nn4mc.ir import Graph


def drop_unused(graph: Graph) -> Graph:
    """Return the graph with only what its outputs and next states depend on."""
    needed = {*graph.outputs, *(state.after for state in graph.states)}
    kept = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        kept.append(node)
        needed.update(node.inputs)
    needed.update(graph.inputs, (state.before for state in graph.states), *(node.outputs for node in kept))
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in needed}
    return replace(graph, tensors=tensors, nodes=tuple(reversed(kept)))
