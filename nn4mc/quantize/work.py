"""The graph while it is being quantised: what is held in integers, and who can read it."""

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.ir import INT8, INT16, Attribute, Graph, Node, Quantization, Tensor
from nn4mc.ops import operator
from nn4mc.ops.recurrent import RECURRENT
from nn4mc.quantize.calibrate import Calibration
from nn4mc.quantize.scales import LARGEST, Steps
from nn4mc.quantize.scheme import LayerScheme, Scheme

__all__ = ["MOVES", "PRODUCTS", "RECURRENT", "Work"]

PRODUCTS = ("dense", "conv")
MOVES = ("reshape", "transpose", "slice", "tile", "reverse", "gather")
"""Operators that move elements of any type; int16 is only reshaped."""
_INT32_MAX = 2**31 - 1


class Work:
    """Tensors and nodes as they become; ``held`` are the tensors in integers."""

    def __init__(self, graph: Graph, calibration: Calibration, scheme: Scheme) -> None:
        """Start with the float graph's tensors and no node."""
        self.graph, self.calibration, self.scheme = graph, calibration, scheme
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.nodes: list[Node] = []
        self.held: dict[str, Steps] = {}
        self.layers: dict[str, LayerScheme] = {}
        self.kept: dict[str, str] = {}
        self._taken = {*graph.tensors, *(node.name for node in graph.nodes)}
        self._readers: dict[str, list[tuple[Node, int]]] = defaultdict(list)
        for node in graph.nodes:
            for index, name in enumerate(node.inputs):
                self._readers[name].append((node, index))
        self._asked = {*graph.outputs, *(state.after for state in graph.states)}

    def has_constants(self, node: Node) -> bool:
        """Return whether the weights of a product are constants, as the float operator wants them anyway."""
        return all(self.data(node, index) is not None for index in operator(node.op).constants)

    def data(self, node: Node, index: int) -> npt.NDArray[Any]:
        """Return the constant that is a node's input number ``index``."""
        data = self.graph.tensors[node.inputs[index]].data
        assert data is not None
        return data

    def free(self, name: str) -> str:
        """Return a name that no tensor and no node has yet, and take it."""
        candidate, number = name, 2
        while candidate in self._taken:
            candidate, number = f"{name}_{number}", number + 1
        self._taken.add(candidate)
        return candidate

    def constant(self, name: str, data: npt.NDArray[Any]) -> str:
        """Add a constant and return its name."""
        made = self.free(name)
        self.tensors[made] = Tensor(made, data.shape, data, str(data.dtype))
        return made

    def hold(self, name: str, steps: Steps) -> None:
        """Declare that a tensor is in integers from now on."""
        old = self.graph.tensors[name]
        meaning = Quantization((steps.scale,), (steps.zero,))
        self.tensors[name] = Tensor(name, old.shape, None, steps.dtype, meaning)
        self.held[name] = steps

    def add(self, op: str, node: Node, inputs: tuple[str, ...], attributes: dict[str, Attribute]) -> None:
        """Put an operator in the place of a node."""
        self.nodes.append(Node(node.name, op, inputs, node.outputs, attributes))

    def all_read_integers(self, name: str, dtype: str) -> bool:
        """Return whether every reader of a tensor, and of what is only moved, can take it in integers."""
        if name in self._asked or not self._readers[name]:
            return False
        return all(index == 0 and self._reads_integers(node, dtype) for node, index in self._readers[name])

    def _reads_integers(self, node: Node, dtype: str) -> bool:
        if node.name in self.scheme.keep_float:
            return False
        if node.op in PRODUCTS:
            return dtype == INT8 or self._int16_fits(node)
        if node.op == "pool":
            return dtype == INT8 and node.attributes["dilations"] == (1, 1) and not node.attributes.get(
                "count_include_pad"
            )  # fmt: skip
        moved = node.op == "reshape" or (dtype == INT8 and (node.op in MOVES or _is_unary(node)))
        return moved and self.all_read_integers(node.outputs[0], dtype)

    def _int16_fits(self, node: Node) -> bool:
        """Return whether int8 weights of full scale cannot take int16 steps beyond int32; int16 weights shift."""
        if self.scheme.weights == INT16:
            return True
        weights = np.abs(self.data(node, 1).astype(np.float64)).reshape(self.data(node, 1).shape[0], -1)
        largest = weights.max(axis=1)
        steps = weights.sum(axis=1) / np.where(largest > 0.0, largest, 1.0) * LARGEST[INT8]
        return bool((steps.max(initial=0.0) + weights.shape[1]) * LARGEST[INT16] < _INT32_MAX // 2)


def _is_unary(node: Node) -> bool:
    op = operator(node.op)
    return op.pointwise and op.arity == (1, 1)
