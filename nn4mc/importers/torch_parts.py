"""ATen calls that cut tensors into parts, write parts into tensors, and join them."""

import numpy as np

from nn4mc.importers.torch_call import Call, Refused, Value, shape_of
from nn4mc.importers.torch_network import Network, Reader
from nn4mc.importers.torch_shape import expanded
from nn4mc.ir import Shape


def _span(length: int, start: int, end: int, step: int) -> tuple[int, int]:
    """Return start and size of a Python slice of an axis; negative numbers count from its end."""
    positions = range(length)[slice(start, end, step)]
    return (positions.start, len(positions))


def _spanned(call: Call, shape: Shape) -> tuple[int, int, int, int]:
    """Return axis, start, size and step of a slice; Refused when nothing is left of the axis."""
    axis, step = call.axis("dim", len(shape), 0), call.integer("step", 1)
    if not shape or step < 1:
        raise call.fault("step", "a positive number, for a tensor with axes")
    length = shape[axis]
    start, size = _span(length, call.integer("start", 0), call.integer("end", length), step)
    if size == 0:
        raise Refused("a slice without elements")
    return axis, start, size, step


def _slice(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return net.cut(x, *_spanned(call, shape_of(x)))


def _narrow(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axis, start, length = call.axis("dim", len(shape)), call.integer("start"), call.integer("length")
    start = start + shape[axis] if start < 0 else start
    if length < 1 or not 0 <= start <= shape[axis] - length:
        raise call.fault("start", f"a part of {shape[axis]} elements")
    return net.cut(x, axis, start, length)


def _selected(call: Call, shape: Shape) -> tuple[int, int]:
    if not shape:
        raise call.fault("self", "a tensor with axes")
    axis = call.axis("dim", len(shape))
    return axis, call.in_rank(call.integer("index"), shape[axis], "index")


def _take(net: Network, x: Value, axis: int, index: int) -> Value:
    shape = shape_of(x)
    return net.reshape(net.cut(x, axis, index, 1), (*shape[:axis], *shape[axis + 1 :]))


def _select(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return _take(net, x, *_selected(call, shape_of(x)))


def _insert(net: Network, x: Value, part: Value, axis: int, start: int) -> Value:
    """Return ``x`` with ``part`` in place of as many indices of an axis."""
    length, size = shape_of(x)[axis], shape_of(part)[axis]
    parts = [net.cut(x, axis, 0, start)] if start else []
    parts.append(part)
    if start + size < length:
        parts.append(net.cut(x, axis, start + size, length - start - size))
    return net.concat(parts, axis)


def _slice_scatter(net: Network, call: Call) -> Value:
    x, part = call.tensor("self"), call.tensor("src")
    axis, start, size, step = _spanned(call, shape_of(x))
    if step != 1 and size > 1:
        raise Refused("writing into every n-th element")
    return _insert(net, x, expanded(net, call, part, _resized(shape_of(x), axis, size)), axis, start)


def _select_scatter(net: Network, call: Call) -> Value:
    x, part = call.tensor("self"), call.tensor("src")
    shape = shape_of(x)
    axis, index = _selected(call, shape)
    part = net.reshape(expanded(net, call, part, (*shape[:axis], *shape[axis + 1 :])), _resized(shape, axis, 1))
    return _insert(net, x, part, axis, index)


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _parts(net: Network, call: Call, sizes: list[int]) -> tuple[Value, ...]:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape), 0)
    if not shape or not sizes or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise call.fault("dim", f"an axis that parts of {sizes[:16]} fill")
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return tuple(net.cut(x, axis, start, size) for start, size in zip(starts, sizes, strict=True))


def _axis_length(call: Call) -> int:
    shape = shape_of(call.tensor("self"))
    return shape[call.axis("dim", len(shape), 0)] if shape else 1


def _equal_parts(length: int, size: int) -> list[int]:
    return [min(size, length - start) for start in range(0, length, max(1, size))]


def _split(net: Network, call: Call) -> tuple[Value, ...]:
    name = "split_sizes" if call.given("split_sizes") else "split_size"
    sizes = call.integers(name)
    if isinstance(call.arguments[name], tuple):
        return _parts(net, call, list(sizes) or [0])
    if sizes[0] < 1:
        raise call.fault(name, "a positive number")
    return _parts(net, call, _equal_parts(_axis_length(call), sizes[0]))


def _chunk(net: Network, call: Call) -> tuple[Value, ...]:
    count = call.integer("chunks")
    if count < 1:
        raise call.fault("chunks", "a positive number")
    length = _axis_length(call)
    return _parts(net, call, _equal_parts(length, -(-length // count)))


def _unbind(net: Network, call: Call) -> tuple[Value, ...]:
    x = call.tensor("self")
    axis = call.axis("dim", len(shape_of(x)), 0)
    return tuple(_take(net, x, axis, index) for index in range(_axis_length(call)))


def _cat(net: Network, call: Call) -> Value:
    # torch lets an empty tensor of one axis join anything.
    parts = [one for one in call.tensors("tensors") if shape_of(one) != (0,)]
    if not parts:
        raise Refused("joins nothing but empty tensors")
    return net.concat(parts, call.axis("dim", len(shape_of(parts[0])), 0))


def _stack(net: Network, call: Call) -> Value:
    parts = call.tensors("tensors")
    shape = shape_of(parts[0])
    axis = call.axis("dim", len(shape) + 1, 0)
    if any(shape_of(one) != shape for one in parts):
        raise call.fault("tensors", "tensors of one shape")
    return net.concat([net.reshape(one, (*shape[:axis], 1, *shape[axis:])) for one in parts], axis)


VIEWS: dict[str, Reader] = {
    "chunk": _chunk,
    "narrow": _narrow,
    "select": _select,
    "slice": _slice,
    "split": _split,
    "split_with_sizes": _split,
    "unbind": _unbind,
}
"""Calls whose result may be the same memory as their input."""

READERS: dict[str, Reader] = {
    "cat": _cat,
    "select_scatter": _select_scatter,
    "slice_scatter": _slice_scatter,
    "stack": _stack,
}
