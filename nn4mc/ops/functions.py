"""Activation functions in float64 that numpy does not have, and the operator of one with attributes."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.activation import sigmoid
from nn4mc.ops.base import Operator, number

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""The fixed point of self-normalising networks: Klambauer et al. 2017."""

GELU_TANH_SCALE = math.sqrt(8.0 / math.pi)
GELU_TANH_CUBIC = 0.044715

_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x: Array) -> Array:
    """Return the error function.

    >>> erf(np.array([0.0, 10.0])).tolist()
    [0.0, 1.0]
    """
    return np.asarray(_erf(x), dtype=np.float64)


def gelu(x: Array) -> Array:
    """Return x times the normal distribution function of x."""
    return np.asarray(0.5 * x * (1.0 + erf(x / math.sqrt(2.0))))


def gelu_tanh(x: Array) -> Array:
    """Return the approximation of gelu by tanh: Hendrycks and Gimpel 2016, with (1 + tanh u) / 2 = sigmoid(2 u)."""
    return np.asarray(x * sigmoid(GELU_TANH_SCALE * (x + GELU_TANH_CUBIC * x**3)))


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), without overflow.

    >>> softplus(np.array([1000.0, -1000.0])).tolist()
    [1000.0, 0.0]
    """
    return np.asarray(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))))


def elu(x: Array, alpha: float) -> Array:
    """Return x above 0 and alpha (exp(x) - 1) below."""
    return np.asarray(np.where(x > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0))))


def clip(x: Array, low: float, high: float) -> Array:
    """Return min(max(x, low), high)."""
    return np.asarray(np.minimum(np.maximum(x, low), high))


def parametric(
    name: str,
    about: str,
    function: Callable[[Node, Array], Array],
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
) -> Operator:
    """Return the operator that applies ``function`` to each element; its attributes are numbers.

    Unlike those of `base.elementwise` it is not fused behind a product: a fused activation is a name alone.
    """

    def shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
        for attribute in (*required, *(one for one in optional if one in node.attributes)):
            number(node, attribute)
        return (inputs[0],)

    return Operator(
        name=name,
        about=about,
        arity=(1, 1),
        shapes=shapes,
        reference=lambda node, inputs: (function(node, inputs[0]),),
        attributes=(*required, *optional),
        runtime=("nn4mc_activations", "nn4mc_elementary"),
        in_place=(0,),
        pointwise=True,
    )
