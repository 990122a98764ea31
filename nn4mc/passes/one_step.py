"""Reads the last state where a recurrent operator makes a single step: its output is the same values."""

from collections.abc import Container
from dataclasses import replace

from nn4mc.ir import Graph, Node
from nn4mc.ops.recurrent import RECURRENT
from nn4mc.passes.rewire import uses


def one_step(graph: Graph) -> Graph:
    """Return the graph with y (1, batch, hidden) of such a node made a view of its h_n (batch, hidden).

    So that a carried state is written once, in its own place.
    """
    tensors = dict(graph.tensors)
    read = uses(graph)
    taken = {*tensors, *(node.name for node in graph.nodes)}
    nodes: list[Node] = []
    for node in graph.nodes:
        y = node.outputs[0]
        if node.op not in RECURRENT or tensors[y].shape[0] != 1 or not read[y]:
            nodes.append(node)
            continue
        last = node.outputs[1]
        unread, view = _free(f"{y}_unread", taken), _free(f"{node.name}_view", taken)
        taken |= {unread, view}
        tensors[unread] = replace(tensors[y], name=unread)
        nodes.append(replace(node, outputs=(unread, *node.outputs[1:])))
        nodes.append(Node(view, "reshape", (last,), (y,), {"shape": tensors[y].shape}))
    return replace(graph, tensors=tensors, nodes=tuple(nodes))


def _free(name: str, taken: Container[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
