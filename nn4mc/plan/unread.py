"""Outputs of a node that nobody reads."""

from nn4mc.ir import Graph
from nn4mc.ops import operator


def unread_outputs(graph: Graph) -> frozenset[str]:
    """Return the optional outputs that nobody reads; of each node's, the last one stays when none is read."""
    read = {*graph.outputs, *(state.after for state in graph.states)}
    read.update(name for node in graph.nodes for name in node.inputs)
    unread: set[str] = set()
    for node in graph.nodes:
        optional = [node.outputs[index] for index in operator(node.op).optional]
        idle = [name for name in optional if name not in read]
        unread.update(idle[:-1] if idle == optional else idle)
    return frozenset(unread)


def shown_outputs(graph: Graph) -> dict[str, str]:
    """Return, by the name of each node, its first output that is in memory: what stands for it in traces."""
    unread = unread_outputs(graph)
    return {node.name: next(name for name in node.outputs if name not in unread) for node in graph.nodes}
