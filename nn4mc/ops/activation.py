"""Activations a product operator can apply to its own output, by the name of their elementwise operator."""

from collections.abc import Callable

import numpy as np

from nn4mc.errors import GraphError
from nn4mc.ir import Array, Node

ACTIVATION = "activation"
IDENTITY = "identity"


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) in float64, without overflow on either side.

    >>> sigmoid(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0.0, 1.0, e) / (1.0 + e))


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0.0)


def identity(x: Array) -> Array:
    """Return x."""
    return x


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    IDENTITY: identity,
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
}


def activation_of(node: Node) -> Callable[[Array], Array]:
    """Return the float64 function of a node's fused activation; GraphError names the known ones."""
    name = str(node.attributes.get(ACTIVATION, IDENTITY))
    if name not in FUNCTIONS:
        raise GraphError(f"node '{node.name}' ({node.op}): activation '{name}' is not one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]
