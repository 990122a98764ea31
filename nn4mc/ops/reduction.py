"""Reductions: one value for all elements along some axes, taken in C order of the input."""

from collections.abc import Callable, Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import merged, strides
from nn4mc.ops.base import Operator, expect, size, wholes

AXES = "axes"
KEEPDIMS = "keepdims"


def reduction(name: str, about: str, function: Callable[..., Array]) -> Operator:
    """Return the operator that reduces by a numpy function; its attributes are ``axes`` and ``keepdims``."""

    def reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
        return (np.asarray(function(inputs[0], axis=wholes(node, AXES), keepdims=bool(node.attributes[KEEPDIMS]))),)

    return Operator(
        name=name,
        about=about,
        arity=(1, 1),
        shapes=_shapes,
        reference=reference,
        details=_details,
        attributes=(AXES, KEEPDIMS),
        runtime=("nn4mc_axes", "nn4mc_reduce"),
    )


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    axes, shape = wholes(node, AXES), inputs[0]
    known = all(0 <= axis < len(shape) for axis in axes) and len(set(axes)) == len(axes)
    expect(known, node, f"axes {axes} of shape {shape}, expected different ones from 0 to {len(shape) - 1}")
    keep = node.attributes.get(KEEPDIMS)
    expect(isinstance(keep, bool), node, f"attribute {KEEPDIMS} is {keep!r}, expected true or false")
    if keep:
        return (_kept(shape, axes),)
    return (tuple(length for axis, length in enumerate(shape) if axis not in axes),)


def _kept(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple(1 if axis in axes else length for axis, length in enumerate(shape))


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """``axes`` of the input, each with its steps through input and output; how many ``terms`` make one output."""
    shape, reduced = inputs[0].shape, wholes(node, AXES)
    made = strides(_kept(shape, reduced))
    steps = [0 if axis in reduced else step for axis, step in enumerate(made)]
    axes = merged(list(zip(shape, strides(shape), steps, strict=True)))
    return {"axes": axes, "terms": size(shape) // size(outputs[0].shape)}
