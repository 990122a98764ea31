"""slice: ``sizes`` elements along each axis from ``starts`` on, ``steps`` apart; steps may be negative."""

from collections.abc import Sequence

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.axes import strides
from nn4mc.ops.base import ANY_TYPE, Operator, expect, wholes
from nn4mc.ops.strided import RUNTIME, offset, read_walk, walk_details

ATTRIBUTES = ("starts", "sizes", "steps")


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    shape = inputs[0]
    starts, sizes, steps = (wholes(node, name) for name in ATTRIBUTES)
    whole = len(starts) == len(sizes) == len(steps) == len(shape)
    expect(whole, node, f"starts {starts}, sizes {sizes} and steps {steps} need one entry an axis of shape {shape}")
    for start, count, step, length in zip(starts, sizes, steps, shape, strict=True):
        last = start + (count - 1) * step
        inside = count >= 1 and 0 <= start < length and 0 <= last < length and (step != 0 or count == 1)
        expect(inside, node, f"{count} elements from {start} on, {step} apart, are not within an axis of {length}")
    return (sizes,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    values = inputs[0]
    ranges = zip(*(wholes(node, name) for name in ATTRIBUTES), strict=True)
    for axis, (start, count, step) in enumerate(ranges):
        values = values.take([start + i * step for i in range(count)], axis=axis)
    return (values,)


def _details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    shape, own = inputs[0].shape, strides(inputs[0].shape)
    starts, sizes, steps = (wholes(node, name) for name in ATTRIBUTES)
    apart = [step * stride for step, stride in zip(steps, own, strict=True)]
    return walk_details(outputs[0], [read_walk(sizes, apart, offset(starts, shape))])


OPERATOR = Operator(
    name="slice",
    about="part of an array, with steps of either sign",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    details=_details,
    attributes=ATTRIBUTES,
    types=ANY_TYPE,
    runtime=RUNTIME,
)
