"""pad: elements added ``before`` and ``after`` each axis: a constant, the array mirrored, or its edge.

The C puts the input in its place, then fills each axis in turn from what is already there.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import INT8, Array, Node, Shape, Tensor
from nn4mc.ops.axes import merged, strides
from nn4mc.ops.base import ANY_TYPE, Operator, expect, number, wholes
from nn4mc.ops.strided import RUNTIME, Walk, offset, walk_details

MODES = ("constant", "reflect", "edge")
ATTRIBUTES = ("before", "after", "mode", "value")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    before, after, mode = wholes(node, "before"), wholes(node, "after"), node.attributes.get("mode")
    shape = inputs[0]
    expect(mode in MODES, node, f"mode {mode!r} is not one of {', '.join(MODES)}")
    fits = len(before) == len(after) == len(shape) and min((*before, *after), default=0) >= 0
    expect(fits, node, f"before {before} and after {after} need one number from 0 on for each axis of shape {shape}")
    if mode == "constant":
        number(node, "value")
    if mode == "reflect":
        mirrored = all(max(b, a) < length for b, a, length in zip(before, after, shape, strict=True))
        expect(mirrored, node, f"before {before} and after {after} mirror more than there is of shape {shape}")
    return (tuple(b + length + a for b, length, a in zip(before, shape, after, strict=True)),)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    widths = list(zip(wholes(node, "before"), wholes(node, "after"), strict=True))
    if not widths:
        return (inputs[0],)
    if node.attributes["mode"] == "reflect":
        return (np.pad(inputs[0], widths, mode="reflect"),)
    if node.attributes["mode"] == "edge":
        return (np.pad(inputs[0], widths, mode="edge"),)
    return (np.pad(inputs[0], widths, mode="constant", constant_values=number(node, "value")),)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    shape, out = inputs[0].shape, outputs[0].shape
    before, mode = wholes(node, "before"), node.attributes["mode"]
    axes = merged(list(zip(shape, strides(shape), strides(out), strict=True)))
    walks = [Walk(tuple(axes), 0, offset(before, out))]
    if mode != "constant":
        sign = -1 if mode == "reflect" else 0
        for axis in range(len(shape)):
            walks += _borders(axis, shape, out, before, sign)
    fills = mode == "constant" and shape != out
    return {**walk_details(outputs[0], walks), "fills": fills, "whole": outputs[0].dtype == INT8}


def _borders(axis: int, shape: Shape, out: Shape, before: tuple[int, ...], sign: int) -> list[Walk]:
    """Return the walks that fill both ends of an axis from the output itself; axes before it are complete.

    ``sign`` -1 mirrors without repeating the edge, 0 repeats the edge.
    """
    steps = strides(out)
    sizes = [*out[:axis], 0, *shape[axis + 1 :]]
    corner = [*((0,) * axis), 0, *before[axis + 1 :]]
    first, last = before[axis], before[axis] + shape[axis] - 1
    ends = ((first, 0, first - sign * first), (out[axis] - last - 1, last + 1, last + sign))
    walks = []
    for count, target, source in ends:
        sizes[axis] = count
        rows = list(zip(sizes, steps, steps, strict=True))
        rows[axis] = (count, sign * steps[axis], steps[axis])
        base = offset(corner, out)
        if count:
            walk = Walk(tuple(merged(rows)), base + source * steps[axis], base + target * steps[axis], within=True)
            walks.append(walk)
    return walks


OPERATOR = Operator(
    name="pad",
    about="a border around the array: constant, mirrored or the edge repeated",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=ATTRIBUTES,
    types=ANY_TYPE,
    runtime=RUNTIME,
)
