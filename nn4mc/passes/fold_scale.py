"""Multiplies a scale and a shift behind a product into its weights and bias: batch normalisation costs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nn4mc.ir import Array, Float32Array, Graph, Node, Tensor
from nn4mc.ops.activation import ACTIVATION, IDENTITY
from nn4mc.passes.rewire import uses

_PRODUCTS = {"dense", "conv"}
"""Operators of x, W and bias whose output channels are the last axis of the output and the first of W."""

_LINEAR = {"mul", "add", "sub", "div"}


@dataclass(frozen=True)
class _Chain:
    """A product, by node name, and the last of the reshapes behind it (or itself), whose output is scaled."""

    product: str
    end: str


def fold_scale(graph: Graph) -> Graph:
    """Return the graph with mul, add, sub and div by a constant folded into the product before them.

    The constant is one number or one for each output channel; the product has no activation, one reader and weights
    of its own. Reshapes that keep the channels the last axis may lie between. The new weights and bias are computed in
    float64 and rounded to float32.
    """
    counted = uses(graph)
    tensors = dict(graph.tensors)
    kept: dict[str, Node] = {}
    chains: dict[str, _Chain] = {}
    for node in graph.nodes:
        variable = _variable(node, tensors)
        before = chains.get(variable) if counted[variable] == 1 else None
        folded = before and _folded(kept[before.product], node, tensors)
        if before and folded:
            kept[before.product] = folded
            kept[before.end] = replace(kept[before.end], outputs=node.outputs)
            chains[node.outputs[0]] = before
            continue
        kept[node.name] = node
        if _can_take(node) and counted[node.inputs[1]] == 1:
            chains[node.outputs[0]] = _Chain(node.name, node.name)
        elif before and _keeps_channels(node, tensors):
            chains[node.outputs[0]] = _Chain(before.product, node.name)
    return replace(graph, tensors=tensors, nodes=tuple(kept.values()))


def _can_take(node: Node) -> bool:
    return node.op in _PRODUCTS and node.attributes.get(ACTIVATION, IDENTITY) == IDENTITY


def _keeps_channels(node: Node, tensors: Mapping[str, Tensor]) -> bool:
    """Tell whether a node is a reshape after which the last axis is still that of the channels."""
    if node.op != "reshape":
        return False
    return tensors[node.inputs[0]].shape[-1:] == tensors[node.outputs[0]].shape[-1:]


def _variable(node: Node, tensors: Mapping[str, Tensor]) -> str:
    """Return the first input that is no constant."""
    return next((name for name in node.inputs if tensors[name].data is None), node.inputs[0])


def _folded(product: Node, node: Node, tensors: dict[str, Tensor]) -> Node | None:
    """Return the product with a later node's work in its weights, new ``tensors``; None when that is not possible."""
    scale_shift = _scale_and_shift(node, tensors) if node.op in _LINEAR else None
    if scale_shift is None:
        return None
    weights, bias = (tensors[name] for name in product.inputs[1:3])
    scaled = _scaled(weights, bias, *scale_shift)
    names = [f"{tensor.name}_{node.name}" for tensor in (weights, bias)]
    if scaled is None or not tensors.keys().isdisjoint(names):
        return None
    for name, tensor, data in zip(names, (weights, bias), scaled, strict=True):
        tensors[name] = replace(tensor, name=name, data=data)
    return replace(product, inputs=(product.inputs[0], *names))


def _scaled(weights: Tensor, bias: Tensor, scale: Array, shift: Array) -> tuple[Float32Array, Float32Array] | None:
    """Return weights and bias of scale (W x + b) + shift; None when float32 does not hold them."""
    assert weights.data is not None and bias.data is not None
    by_row = np.broadcast_to(scale, bias.shape).reshape((-1, *((1,) * (len(weights.shape) - 1))))
    with np.errstate(over="ignore"):
        new_weights = (weights.data * by_row).astype(np.float32)
        new_bias = (bias.data * scale + shift).astype(np.float32)
    finite = np.isfinite(new_weights).all() and np.isfinite(new_bias).all()
    return (new_weights, new_bias) if finite else None


def _scale_and_shift(node: Node, tensors: Mapping[str, Tensor]) -> tuple[Array, Array] | None:
    """Return what a node does to its variable input as y = scale x + shift, by channel; None if it does something else.

    A constant has to vary along the last axis alone, and must not stretch the input.
    """
    first, second = (tensors[name] for name in node.inputs)
    constant, variable, behind = (first, second, False) if first.data is not None else (second, first, True)
    if constant.data is None or tensors[node.outputs[0]].shape != variable.shape:
        return None
    channels = variable.shape[-1]
    if constant.data.size not in (1, channels) or (constant.data.size > 1 and constant.shape[-1] != channels):
        return None
    value = constant.data.astype(np.float64).ravel()
    one, nothing = np.ones(1), np.zeros(1)
    if node.op == "mul":
        return value, nothing
    if node.op == "add":
        return one, value
    if node.op == "sub":
        return (one, -value) if behind else (-one, value)
    return (1.0 / value, nothing) if behind and value.all() else None
