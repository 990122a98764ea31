"""layer_norm: (x - mean) / sqrt(variance + epsilon) gamma + beta over the axes from ``axis`` to the last."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import checked_axis
from nn4mc.ops.base import Operator, expect, expect_shape, number, size, whole


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, gamma, beta = inputs
    axis = checked_axis(node, whole(node, "axis"), len(x))
    expect(number(node, "epsilon") >= 0.0, node, f"epsilon is {number(node, 'epsilon')}, expected 0 or more")
    expect_shape(node, "gamma", gamma, x[axis:])
    expect_shape(node, "beta", beta, x[axis:])
    return (x,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, gamma, beta = inputs
    axes = tuple(range(whole(node, "axis"), x.ndim))
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = np.square(centred).mean(axis=axes, keepdims=True)
    return (centred / np.sqrt(variance + number(node, "epsilon")) * gamma + beta,)


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    """``rows`` normalised each on its own, of ``length`` elements."""
    axis, shape = whole(node, "axis"), inputs[0].shape
    return {"rows": size(shape[:axis]), "length": size(shape[axis:])}


OPERATOR = Operator(
    name="layer_norm",
    about="mean 0 and variance 1 over the last axes, then gamma x + beta",
    arity=(3, 3),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=("axis", "epsilon"),
    runtime=("nn4mc_elementary", "nn4mc_normalise"),
    in_place=(0,),
)
