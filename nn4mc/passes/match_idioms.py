"""Operators that exporters write out in parts, put together: silu, mish, softsign, gelu (both), layer normalisation.

Each is found from its last node backwards. What it leaves without a reader is for drop_unused; a part that something
else reads stays, and then nothing is put together, since it would be computed twice.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isclose, pi, sqrt

import numpy as np

from nn4mc.ir import Graph, Node, Tensor
from nn4mc.ops.base import wholes
from nn4mc.passes.rewire import uses

_GELU_CUBIC = 0.044715
_CLOSE = 1e-4


@dataclass(frozen=True)
class _View:
    """A graph as the search sees it: what makes each tensor, and how often each is read."""

    makers: Mapping[str, Node]
    tensors: Mapping[str, Tensor]
    read: Counter[str]

    def maker(self, name: str, op: str) -> Node | None:
        """Return the node that makes a tensor if it is an ``op`` and this is its only reader."""
        node = self.makers.get(name)
        return node if node is not None and node.op == op and self.read[name] == 1 else None

    def number(self, name: str) -> float | None:
        """Return a constant of one element."""
        data = self.tensors[name].data
        return float(data.item()) if data is not None and data.size == 1 else None

    def plus(self, name: str, number: float | None = None) -> tuple[str, float] | None:
        """Return the addend and the constant of a sum with a constant (with ``number``, if given)."""
        node = self.maker(name, "add")
        for this, other in (node.inputs, node.inputs[::-1]) if node else ():
            found = self.number(other)
            if found is not None and (number is None or isclose(found, number, rel_tol=_CLOSE)):
                return this, found
        return None

    def product(self, name: str) -> tuple[float, list[str]]:
        """Return the factors that a tensor is the product of, those that are constants of one element as a number."""
        node = self.maker(name, "mul") or self.maker(name, "div")
        if node is None:
            return 1.0, [name]
        return self.factors(node)

    def factors(self, node: Node) -> tuple[float, list[str]]:
        """Return what `product` says of the output of a mul or div."""
        left, right = node.inputs
        number = self.number(right)
        if node.op == "div":
            if not number:
                return 1.0, [node.outputs[0]]
            scale, names = self.product(left)
            return scale / number, names
        scale, names = 1.0, []
        for one in (left, right):
            here = self.number(one)
            more, found = self.product(one) if here is None else (here, [])
            scale, names = scale * more, names + found
        return scale, names


def match_idioms(graph: Graph) -> Graph:
    """Return the graph with each idiom replaced by the operator that it stands for."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    view = _View(makers, graph.tensors, uses(graph))
    tensors = dict(graph.tensors)
    nodes = []
    for node in graph.nodes:
        found = None
        if node.op == "mul":
            found = _gated(view, node)
        elif node.op == "div":
            found = _gated(view, node) or _softsign(view, node)
        elif node.op == "add":
            found = _layer_norm(view, node, tensors)
        nodes.append(found or node)
    return replace(graph, nodes=tuple(nodes), tensors=tensors)


def _gated(view: _View, node: Node) -> Node | None:
    """Return the activation that a product of x and a function of x is, or None."""
    scale, names = view.factors(node)
    for x, gate in (names, names[::-1]) if len(names) == 2 else ():
        op = _gate(view, x, gate, scale)
        if op is not None and view.tensors[x].shape == view.tensors[node.outputs[0]].shape:
            return Node(node.name, op, (x,), node.outputs)
    return None


def _gate(view: _View, x: str, gate: str, scale: float) -> str | None:
    if isclose(scale, 1.0, rel_tol=_CLOSE):
        sigmoid, tanh = view.maker(gate, "sigmoid"), view.maker(gate, "tanh")
        if sigmoid and sigmoid.inputs[0] == x:
            return "silu"
        softplus = view.maker(tanh.inputs[0], "softplus") if tanh else None
        return "mish" if softplus and softplus.inputs[0] == x else None
    plus_one = view.plus(gate, 1.0) if isclose(scale, 0.5, rel_tol=_CLOSE) else None
    if plus_one is None:
        return None
    erf, tanh = view.maker(plus_one[0], "erf"), view.maker(plus_one[0], "tanh")
    if erf and _is_product(view, erf.inputs[0], sqrt(0.5), [x]):
        return "gelu"
    return "gelu_tanh" if tanh and _is_gelu_cubic(view, tanh.inputs[0], x) else None


def _is_product(view: _View, name: str, scale: float, factors: list[str]) -> bool:
    found, names = view.product(name)
    return names == factors and isclose(found, scale, rel_tol=_CLOSE)


def _is_gelu_cubic(view: _View, name: str, x: str) -> bool:
    """Whether a tensor is sqrt(2 / pi) (x + 0.044715 x^3)."""
    scale, names = view.product(name)
    total = view.maker(names[0], "add") if len(names) == 1 and isclose(scale, sqrt(2.0 / pi), rel_tol=_CLOSE) else None
    if total is None:
        return False
    return any(
        this == x and _is_product(view, other, _GELU_CUBIC, [x, x, x])
        for this, other in (total.inputs, total.inputs[::-1])
    )


def _softsign(view: _View, node: Node) -> Node | None:
    """Return softsign for x / (1 + |x|), or None."""
    x, below = node.inputs
    plus_one = view.plus(below, 1.0)
    size = view.maker(plus_one[0], "abs") if plus_one else None
    same = size is not None and size.inputs[0] == x
    if not same or view.tensors[x].shape != view.tensors[node.outputs[0]].shape:
        return None
    return Node(node.name, "softsign", (x,), node.outputs)


def _layer_norm(view: _View, node: Node, tensors: dict[str, Tensor]) -> Node | None:
    """Return layer_norm for (x - mean) / sqrt(variance + epsilon) gamma + beta over the last axes, or None."""
    for scaled, beta in (node.inputs, node.inputs[::-1]):
        product = view.maker(scaled, "mul")
        for normal, gamma in (product.inputs, product.inputs[::-1]) if product else ():
            ratio = view.maker(normal, "div")
            found = _moments(view, ratio) if ratio else None
            if found is None or view.tensors[node.outputs[0]].shape != view.tensors[found[0]].shape:
                continue
            x, axis, epsilon = found
            stored = [
                _stretched(view, one, axis, x, f"{node.name}_{what}")
                for one, what in ((gamma, "gamma"), (beta, "beta"))
            ]
            if any(one is None or one.name in tensors for one in stored):
                continue
            made = [one for one in stored if one is not None]
            tensors.update({one.name: one for one in made})
            inputs = (x, *(one.name for one in made))
            return Node(node.name, "layer_norm", inputs, node.outputs, {"axis": axis, "epsilon": epsilon})
    return None


def _moments(view: _View, ratio: Node) -> tuple[str, int, float] | None:
    """Return x, the first of the axes and epsilon where a quotient is a deviation from a mean over its root."""
    deviation, root = view.makers.get(ratio.inputs[0]), view.maker(ratio.inputs[1], "sqrt")
    shifted = view.plus(root.inputs[0]) if root else None
    variance = view.maker(shifted[0], "reduce_mean") if shifted else None
    square = view.maker(variance.inputs[0], "mul") if variance else None
    if deviation is None or deviation.op != "sub" or shifted is None or variance is None or square is None:
        return None
    x, mean = deviation.inputs
    average = view.makers.get(mean)
    if average is None or average.op != "reduce_mean" or average.inputs[0] != x:
        return None
    rank = len(view.tensors[x].shape)
    axis = min(wholes(variance, "axes"), default=rank)
    same = dict(average.attributes) == dict(variance.attributes) == {"axes": tuple(range(axis, rank)), "keepdims": True}
    squares = all(_is_deviation(view, one, x, mean) for one in square.inputs)
    return (x, axis, shifted[1]) if same and squares and shifted[1] > 0.0 else None


def _is_deviation(view: _View, name: str, x: str, mean: str) -> bool:
    node = view.makers.get(name)
    return node is not None and node.op == "sub" and node.inputs == (x, mean)


def _stretched(view: _View, name: str, axis: int, x: str, new: str) -> Tensor | None:
    """Return a constant that broadcasts along the last axes as one of just their shape, or None."""
    data, shape = view.tensors[name].data, view.tensors[x].shape[axis:]
    if data is None or set(data.shape[: max(0, data.ndim - len(shape))]) - {1}:
        return None
    inner = data.reshape(data.shape[max(0, data.ndim - len(shape)) :])
    if np.broadcast_shapes(inner.shape, shape) != shape:
        return None
    return Tensor(new, shape, np.ascontiguousarray(np.broadcast_to(inner, shape)))
