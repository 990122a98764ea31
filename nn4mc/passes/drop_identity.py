"""Drops nodes that do nothing."""

from dataclasses import replace

from nn4mc.ir import Graph
from nn4mc.passes.rewire import rename


def drop_identity(graph: Graph) -> Graph:
    """Return the graph without its identity nodes: who read one's output reads its input."""
    new_name: dict[str, str] = {}
    kept = []
    for node in graph.nodes:
        if node.op == "identity":
            source = node.inputs[0]
            new_name[node.outputs[0]] = new_name.get(source, source)
        else:
            kept.append(node)
    return rename(replace(graph, nodes=tuple(kept)), new_name)
