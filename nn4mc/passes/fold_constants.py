"""Computes at compile time what does not depend on an input or a state."""

from dataclasses import replace

from nn4mc.ir import Graph
from nn4mc.ops import operator


def fold_constants(graph: Graph) -> Graph:
    """Return the graph with every node of constants alone replaced by its value, in float64 rounded to float32."""
    tensors = dict(graph.tensors)
    kept = []
    for node in graph.nodes:
        data = [tensors[name].data for name in node.inputs]
        if any(values is None for values in data):
            kept.append(node)
            continue
        made = operator(node.op).reference(node, [values.astype("float64") for values in data if values is not None])
        for name, values in zip(node.outputs, made, strict=True):
            tensor = tensors[name]
            tensors[name] = replace(tensor, shape=values.shape, data=values.astype(tensor.dtype))
    return replace(graph, tensors=tensors, nodes=tuple(kept))
