"""Functions of one number with their first and second derivative in float64: all that the tape needs of them.

Every other activation is composed of these and of products: silu is x sigmoid(x), elu relu(x) + a exp(-relu(-x)) - a.
relu has a kink at 0, where its derivatives here are 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array
from nn4mc.ops import functions
from nn4mc.ops.activation import sigmoid

_ERF_SLOPE = 2.0 / np.sqrt(np.pi)
Function = Callable[[Array], Array]


@dataclass(frozen=True)
class UnaryFunction:
    """f, and its derivatives as functions of x and y = f(x)."""

    value: Function
    first: Callable[[Array, Array], Array]
    second: Callable[[Array, Array], Array]


def _zeros(x: Array, _y: Array) -> Array:
    return np.zeros_like(x)


UNARY: Mapping[str, UnaryFunction] = {
    "tanh": UnaryFunction(np.tanh, lambda _x, y: 1.0 - y * y, lambda _x, y: -2.0 * y * (1.0 - y * y)),
    "sigmoid": UnaryFunction(sigmoid, lambda _x, y: y * (1.0 - y), lambda _x, y: y * (1.0 - y) * (1.0 - 2.0 * y)),
    "relu": UnaryFunction(lambda x: np.maximum(x, 0.0), lambda x, _y: np.where(x > 0.0, 1.0, 0.0), _zeros),
    "exp": UnaryFunction(np.exp, lambda _x, y: y, lambda _x, y: y),
    "log": UnaryFunction(np.log, lambda x, _y: 1.0 / x, lambda x, _y: -1.0 / (x * x)),
    "sqrt": UnaryFunction(np.sqrt, lambda _x, y: 0.5 / y, lambda x, y: -0.25 / (x * y)),
    "reciprocal": UnaryFunction(lambda x: 1.0 / x, lambda _x, y: -y * y, lambda _x, y: 2.0 * y * y * y),
    "erf": UnaryFunction(
        functions.erf,
        lambda x, _y: _ERF_SLOPE * np.exp(-x * x),
        lambda x, _y: -2.0 * _ERF_SLOPE * x * np.exp(-x * x),
    ),
    "softplus": UnaryFunction(
        functions.softplus, lambda x, _y: sigmoid(x), lambda x, _y: sigmoid(x) * (1.0 - sigmoid(x))
    ),
}
"""By name."""
