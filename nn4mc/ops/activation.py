"""Activations a product operator applies to its own output, by the name of an elementwise operator."""

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


def fused_activation(node: Node) -> str:
    """Return the name of the activation that a node applies to its own output, ``identity`` if it does not."""
    from nn4mc.ops import operator  # noqa: PLC0415 - the registry imports the operators, which import this

    return str(node.attributes.get(ACTIVATION, IDENTITY)) if operator(node.op).takes_activation else IDENTITY


def activation_of(node: Node) -> Callable[[Array], Array]:
    """Return the float64 function of a node's fused activation; GraphError names the known ones."""
    from nn4mc.ops import OPERATORS  # noqa: PLC0415 - the registry imports the operators, which import this

    name = str(node.attributes.get(ACTIVATION, IDENTITY))
    known = [operator.name for operator in OPERATORS.values() if operator.elementwise]
    if name not in known:
        raise GraphError(f"node '{node.name}' ({node.op}): activation '{name}' is not one of {', '.join(known)}")
    return lambda x: OPERATORS[name].reference(Node(node.name, name, (), ()), [x])[0]
