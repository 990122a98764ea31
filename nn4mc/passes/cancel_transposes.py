"""Lets transposes wait until somebody needs them, by which time most have met their inverse."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from nn4mc.ir import Graph, Node, Tensor
from nn4mc.ops import operator
from nn4mc.ops.base import size
from nn4mc.passes.permutations import (
    Permutation,
    before_transpose,
    composed,
    inverse,
    is_identity,
    moves_nothing,
)

_PERM = "perm"


def cancel_transposes(graph: Graph) -> Graph:
    """Return the graph with fewer elements transposed, or as it was.

    A transpose moves behind the nodes that follow it, as long as they work element by element or name axes, and meets
    others there: inverse ones vanish, the rest become one. A transpose that moves only axes of size 1 is a reshape.
    """
    rewritten = _Rewriter(graph).run()
    return rewritten if _transposed(rewritten) <= _transposed(graph) else graph


def _transposed(graph: Graph) -> int:
    """Return the number of elements that transposes move."""
    return sum(size(graph.tensors[node.outputs[0]].shape) for node in graph.nodes if node.op == "transpose")


class _Rewriter:
    """The graph as it grows; ``waiting`` maps a tensor to the one it is a transpose of, and how."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors = dict(graph.tensors)
        self.nodes: list[Node] = []
        self.names = {node.name for node in graph.nodes}
        self.waiting: dict[str, tuple[str, Permutation]] = {}
        self.done: dict[str, str] = {}

    def run(self) -> Graph:
        """Take the nodes in order; what leaves the graph has to be in its stated order."""
        for node in self.graph.nodes:
            self._take(node)
        outputs = tuple(self._ready(name) for name in self.graph.outputs)
        states = tuple(replace(state, after=self._ready(state.after)) for state in self.graph.states)
        return replace(self.graph, tensors=self.tensors, nodes=tuple(self.nodes), outputs=outputs, states=states)

    def _take(self, node: Node) -> None:
        if node.op == "transpose":
            perm = node.attributes[_PERM]
            assert isinstance(perm, tuple)
            source, earlier = self._source(node.inputs[0])
            self.waiting[node.outputs[0]] = (source, composed(earlier, perm))
        elif not self._moved_before(node):
            self.nodes.append(replace(node, inputs=tuple(self._ready(name) for name in node.inputs)))

    def _source(self, name: str) -> tuple[str, Permutation]:
        return self.waiting.get(name, (name, tuple(range(len(self.tensors[name].shape)))))

    def _ready(self, name: str) -> str:
        """Return a tensor that holds what ``name`` stands for, transposing now if it has to be."""
        if name not in self.waiting:
            return name
        if name not in self.done:
            source, perm = self.waiting[name]
            self.done[name] = source if is_identity(perm) else self._transpose(source, perm, name)
        return self.done[name]

    def _transpose(self, source: str, perm: Permutation, name: str) -> str:
        shape = self.tensors[name].shape
        node_name = _numbered(f"{name}_transpose", self.names)
        self.names.add(node_name)
        if moves_nothing(perm, self.tensors[source].shape):
            self.nodes.append(Node(node_name, "reshape", (source,), (name,), {"shape": shape}))
        else:
            self.nodes.append(Node(node_name, "transpose", (source,), (name,), {_PERM: perm}))
        return name

    def _moved_before(self, node: Node) -> bool:
        """Put the node before the transpose that waits at its inputs; False when there is none or it does not go."""
        perm = self._common(node)
        if perm is None:
            return False
        op = operator(node.op)
        moved = (node.attributes, perm) if op.pointwise else before_transpose(node.op, node.attributes, perm)
        if moved is None:
            return False
        attributes, left = moved
        inputs = tuple(self._before(name, perm) for name in node.inputs)
        shape = op.shapes(replace(node, attributes=attributes), [self.tensors[name].shape for name in inputs])[0]
        out = self._declare(replace(self.tensors[node.outputs[0]], shape=shape), f"{node.outputs[0]}_before")
        self.nodes.append(Node(node.name, node.op, inputs, (out,), attributes))
        self.waiting[node.outputs[0]] = (out, left)
        return True

    def _common(self, node: Node) -> Permutation | None:
        """Return the transpose that waits at every input that is not a constant, unless that is a single number."""
        variable = [name for name in node.inputs if not self._follows(node, name)]
        perms = {self.waiting[name][1] if name in self.waiting else None for name in variable}
        perm = perms.pop() if len(perms) == 1 else None
        if perm is None or is_identity(perm) or len(node.outputs) != 1:
            return None
        rank = len(perm)
        return perm if max(len(self.tensors[name].shape) for name in node.inputs) == rank else None

    def _follows(self, node: Node, name: str) -> bool:
        """Tell whether an input takes any order: a constant can be transposed here, one number need not be."""
        tensor = self.tensors[name]
        fixed = tensor.data is not None or (size(tensor.shape) == 1 and name not in self.waiting)
        return fixed and operator(node.op).pointwise

    def _before(self, name: str, perm: Permutation) -> str:
        """Return an input of a node that moves before the transpose ``perm``."""
        if name in self.waiting:
            return self.waiting[name][0]
        tensor = self.tensors[name]
        if tensor.data is None or size(tensor.shape) == 1:
            return name
        wide = tensor.data.reshape((*((1,) * (len(perm) - tensor.data.ndim)), *tensor.shape))
        data = np.ascontiguousarray(wide.transpose(inverse(perm)))
        return self._declare(replace(tensor, shape=data.shape, data=data), f"{name}_before")

    def _declare(self, tensor: Tensor, name: str) -> str:
        free = _numbered(name, self.tensors)
        self.tensors[free] = replace(tensor, name=free)
        return free


def _numbered(name: str, taken: Collection[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
