"""q_mean: int8 mean over neighbouring axes, to another scale; the division is part of the fixed-point factor."""

from collections.abc import Sequence

from nn4mc.fixed_point import clamp, integers, rescale
from nn4mc.ir import INT8, Array, Node, Shape, Tensor
from nn4mc.ops.base import Operator, expect, size, whole, wholes

_SCALING = ("input_zero", "multiplier", "shift", "output_zero")

_MOST = 1 << 23
"""Values whose sum stays within int32."""


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    x, axes = inputs[0], wholes(node, "axes")
    neighbours = len(axes) > 0 and axes == tuple(range(axes[0], axes[0] + len(axes)))
    expect(neighbours and axes[0] >= 0 and axes[-1] < len(x), node, f"axes {axes} of shape {x}: expected neighbours")
    expect(size(x[axes[0] : axes[-1] + 1]) < _MOST, node, f"more than {_MOST} values to a mean")
    for name in _SCALING:
        whole(node, name)
    keep = node.attributes.get("keepdims")
    middle = (1,) * len(axes) if keep else ()
    return ((*x[: axes[0]], *middle, *x[axes[-1] + 1 :]),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    axes = wholes(node, "axes")
    total = integers(inputs[0] - whole(node, "input_zero")).sum(axis=axes, keepdims=bool(node.attributes["keepdims"]))
    return (clamp(rescale(total, whole(node, "multiplier"), whole(node, "shift")) + whole(node, "output_zero")),)


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    shape, axes = inputs[0].shape, wholes(node, "axes")
    inner, reduced = size(shape[axes[-1] + 1 :]), size(shape[axes[0] : axes[-1] + 1])
    return {"outer": size(shape[: axes[0]]), "reduced": reduced, "inner": inner}


OPERATOR = Operator(
    name="q_mean",
    about="int8 mean over neighbouring axes, to another scale",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=("axes", "keepdims", *_SCALING),
    types=(INT8,),
    runtime=("nn4mc_fixed_point", "nn4mc_quantized_pool"),
)
