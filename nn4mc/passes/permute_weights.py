"""Moves a transpose in front of a flattened dense layer into the order of its weights' columns."""

from dataclasses import replace

import numpy as np

from nn4mc.ir import Float32Array, Graph, Node, Shape, Tensor
from nn4mc.ops.base import size
from nn4mc.passes.permutations import Permutation, inverse
from nn4mc.passes.rewire import uses


def permute_weights(graph: Graph) -> Graph:
    """Return the graph without each transpose that only a flattening reshape reads, and that only a dense layer.

    A convolution made for channels first ends so: its image is transposed once more, to be flattened. The weights are
    the layer's own; their columns are put in the order in which the image already lies in memory.
    """
    counted = uses(graph)
    tensors = dict(graph.tensors)
    makers = {name: node for node in graph.nodes for name in node.outputs}
    changed: dict[str, Node] = {}
    dropped: set[str] = set()
    for node in graph.nodes:
        flatten = _maker_of(node, "dense", "reshape", makers)
        transpose = _maker_of(flatten, "reshape", "transpose", makers) if flatten else None
        if flatten is None or transpose is None or not _one_vector(tensors[flatten.outputs[0]].shape):
            continue
        own = (transpose.outputs[0], flatten.outputs[0], node.inputs[1])
        name = f"{node.inputs[1]}_{transpose.name}"
        if any(counted[one] != 1 for one in own) or name in tensors:
            continue
        tensors[name] = _permuted(tensors[node.inputs[1]], name, transpose, tensors[transpose.outputs[0]].shape)
        changed[flatten.name] = replace(flatten, inputs=transpose.inputs)
        changed[node.name] = replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]))
        dropped.add(transpose.name)
    nodes = tuple(changed.get(node.name, node) for node in graph.nodes if node.name not in dropped)
    return replace(graph, tensors=tensors, nodes=nodes)


def _maker_of(node: Node, op: str, maker_op: str, makers: dict[str, Node]) -> Node | None:
    """Return what makes the first input of a node ``op``, if that is a node ``maker_op``."""
    maker = makers.get(node.inputs[0]) if node.op == op else None
    return maker if maker is not None and maker.op == maker_op else None


def _one_vector(shape: Shape) -> bool:
    return len(shape) > 0 and shape[-1] == size(shape)


def _permuted(weights: Tensor, name: str, transpose: Node, shape: Shape) -> Tensor:
    """Return the weights with their columns, which follow ``shape``, in the order before the transpose."""
    assert weights.data is not None
    perm = transpose.attributes["perm"]
    assert isinstance(perm, tuple)
    return replace(weights, name=name, data=_columns_before(weights.data, perm, shape))


def _columns_before(weights: Float32Array, perm: Permutation, shape: Shape) -> Float32Array:
    blocks = weights.reshape((len(weights), *shape))
    before = blocks.transpose((0, *(axis + 1 for axis in inverse(perm))))
    return np.ascontiguousarray(before).reshape(weights.shape)
