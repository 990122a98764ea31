"""Moves an activation into the product before it, so that it works on the product's own output."""

from dataclasses import replace

from nn4mc.ir import Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.activation import ACTIVATION, IDENTITY, fused_activation
from nn4mc.passes.rewire import uses


def fuse_activation(graph: Graph) -> Graph:
    """Return the graph with each elementwise node fused that is the only reader of a product without activation."""
    counted = uses(graph)
    maker = {node.outputs[0]: node for node in graph.nodes if _can_take(node)}
    fused: dict[str, Node] = {}
    absorbed: set[str] = set()
    for node in graph.nodes:
        product = maker.get(node.inputs[0]) if operator(node.op).elementwise else None
        if product is None or counted[node.inputs[0]] != 1:
            continue
        attributes = {**product.attributes, ACTIVATION: node.op}
        fused[product.name] = replace(product, outputs=node.outputs, attributes=attributes)
        absorbed.add(node.name)
    nodes = tuple(fused.get(node.name, node) for node in graph.nodes if node.name not in absorbed)
    return replace(graph, nodes=nodes)


def _can_take(node: Node) -> bool:
    return operator(node.op).takes_activation and fused_activation(node) == IDENTITY
