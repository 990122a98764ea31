"""ATen calls that move elements without changing them: views, cuts, joins, padding; and those that do nothing."""

from math import prod

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import Network, Reader
from nn4mc.ir import Shape

_PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


def _shape(call: Call, x: Value, wanted: tuple[int, ...]) -> Shape:
    """Return ``wanted`` with its one -1 worked out."""
    count = prod(shape_of(x))
    known = prod(size for size in wanted if size != -1)
    if wanted.count(-1) == 1 and known > 0 and count % known == 0:
        wanted = tuple(count // known if size == -1 else size for size in wanted)
    if any(size < 0 for size in wanted) or prod(wanted) != count:
        raise ModelError(f"{call.where}: shape {wanted} for a tensor of shape {shape_of(x)}")
    return wanted


def _view(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    sizes = call.integers("shape") if call.given("shape") else call.integers("size")
    return net.reshape(x, _shape(call, x, sizes))


def _view_as(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return net.reshape(x, _shape(call, x, shape_of(call.tensor("other"))))


def _flatten(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x) or (1,)
    first, last = call.axis("start_dim", len(shape), 0), call.axis("end_dim", len(shape), -1)
    if first > last:
        raise call.fault("start_dim", "an axis before end_dim")
    return net.reshape(x, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))


def _unflatten(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape))
    return net.reshape(x, _shape(call, x, (*shape[:axis], *call.integers("sizes"), *shape[axis + 1 :])))


def _squeeze(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axes = call.axes("dim", len(shape))
    return net.reshape(x, tuple(size for axis, size in enumerate(shape) if axis not in axes or size != 1))


def _unsqueeze(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape) + 1)
    return net.reshape(x, (*shape[:axis], 1, *shape[axis:]))


def _permute(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    rank = len(shape_of(x))
    perm = tuple(call.in_rank(one, rank, "dims") for one in call.integers("dims"))
    if sorted(perm) != list(range(rank)):
        raise call.fault("dims", f"each of {rank} axes once")
    return net.transpose(x, perm)


def _transpose(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    perm = list(range(len(shape_of(x))))
    if not perm:
        return x
    a, b = call.axis("dim0", len(perm)), call.axis("dim1", len(perm))
    perm[a], perm[b] = perm[b], perm[a]
    return net.transpose(x, perm)


def _t(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    if len(shape_of(x)) > 2:
        raise call.fault("self", "a matrix")
    return net.transpose(x, tuple(reversed(range(len(shape_of(x))))))


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
    return _insert(net, x, _expanded(net, call, part, _resized(shape_of(x), axis, size)), axis, start)


def _select_scatter(net: Network, call: Call) -> Value:
    x, part = call.tensor("self"), call.tensor("src")
    shape = shape_of(x)
    axis, index = _selected(call, shape)
    part = net.reshape(_expanded(net, call, part, (*shape[:axis], *shape[axis + 1 :])), _resized(shape, axis, 1))
    return _insert(net, x, part, axis, index)


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _parts(net: Network, call: Call, sizes: list[int]) -> tuple[Value, ...]:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape), 0)
    if not shape or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise call.fault("dim", f"an axis that parts of {sizes[:16]} fill")
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return tuple(net.cut(x, axis, start, size) for start, size in zip(starts, sizes, strict=True))


def _axis_length(call: Call) -> int:
    shape = shape_of(call.tensor("self"))
    return shape[call.axis("dim", len(shape), 0)] if shape else 1


def _equal_parts(length: int, size: int) -> list[int]:
    return [min(size, length - start) for start in range(0, length, size)]


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


def _expanded(net: Network, call: Call, x: Value, shape: Shape) -> Value:
    """Return ``x`` repeated along its axes of 1 to fill ``shape``, where -1 keeps an axis."""
    own = (*(1 for _ in range(len(shape) - len(shape_of(x)))), *shape_of(x))
    full = tuple(n if size == -1 else size for size, n in zip(shape, own, strict=False))
    if len(own) != len(shape) or any(n not in (1, size) or size < 1 for size, n in zip(full, own, strict=True)):
        raise ModelError(f"{call.where}: shape {shape_of(x)} does not expand to {shape}")
    return _tiled(net, net.reshape(x, own), tuple(size // n for size, n in zip(full, own, strict=True)))


def _tiled(net: Network, x: Value, repeats: tuple[int, ...]) -> Value:
    return x if all(one == 1 for one in repeats) else net.op("tile", [x], {"repeats": repeats})


def _expand(net: Network, call: Call) -> Value:
    return _expanded(net, call, call.tensor("self"), call.integers("size"))


def _expand_as(net: Network, call: Call) -> Value:
    return _expanded(net, call, call.tensor("self"), shape_of(call.tensor("other")))


def _repeat(net: Network, call: Call) -> Value:
    x, repeats = call.tensor("self"), call.integers("repeats")
    shape = shape_of(x)
    if len(repeats) < len(shape) or any(one < 1 for one in repeats):
        raise call.fault("repeats", f"at least {len(shape)} positive numbers")
    return _tiled(net, net.reshape(x, (*(1 for _ in range(len(repeats) - len(shape))), *shape)), repeats)


def _flip(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    for axis in call.axes("dims", len(shape_of(x))) if call.integers("dims") else ():
        x = net.op("reverse", [x], {"axis": axis})
    return x


def _roll(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shifts, axes = call.integers("shifts"), call.integers("dims", ())
    if len(shifts) != len(axes) or not shape_of(x):
        raise Refused("without axes (dims)")
    for shift, given in zip(shifts, axes, strict=True):
        axis = call.in_rank(given, len(shape_of(x)), "dims")
        length = shape_of(x)[axis]
        cut = -shift % length
        if cut:
            x = net.concat([net.cut(x, axis, cut, length - cut), net.cut(x, axis, 0, cut)], axis)
    return x


def _gathered(net: Network, call: Call, x: Value, axis: int, index: Value) -> Value:
    if isinstance(index, Variable) or index.dtype.kind != "i" or index.ndim != 1 or index.size == 0:
        raise Refused("indices must be a constant list of whole numbers")
    length = shape_of(x)[axis]
    if np.any(index.astype(np.int64) < -length) or np.any(index.astype(np.int64) >= length):
        raise ModelError(f"{call.where}: an index is outside an axis of {length}")
    return net.op("gather", [x], {"axis": axis, "indices": tuple(int(one) % length for one in index.tolist())})


def _index(net: Network, call: Call) -> Value:
    x, indices = call.tensor("self"), call.listed("indices")
    used = [(axis, index) for axis, index in enumerate(indices) if index is not None]
    if len(used) != 1 or len(indices) > len(shape_of(x)):
        raise Refused("indexes several axes at once. Supported: one axis with a constant list")
    return _gathered(net, call, x, *used[0])


def _index_select(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return _gathered(net, call, x, call.axis("dim", len(shape_of(x))), call.tensor("index"))


def _pad(net: Network, call: Call) -> Value:
    kind = call.op.partition(".")[0]
    default = "replicate" if kind.startswith("replication") else kind.partition("_")[0].replace("reflection", "reflect")
    mode = call.text("mode", "constant" if kind == "pad" else default)
    if mode not in _PAD_MODES:
        raise Refused(f"padding mode '{mode}'. Supported: {', '.join(_PAD_MODES)}")
    x = call.tensor("self")
    pads = call.integers("pad") if call.given("pad") else call.integers("padding")
    rank = len(shape_of(x))
    if len(pads) % 2 or len(pads) > 2 * rank or any(abs(one) >= 1 << 24 for one in pads):
        raise call.fault("pad", f"two small numbers for each of the last axes of {rank}")
    before, after = [0] * rank, [0] * rank
    for i in range(len(pads) // 2):
        before[rank - 1 - i], after[rank - 1 - i] = pads[2 * i], pads[2 * i + 1]
    return _padded(net, call, before, after, _PAD_MODES[mode])


def _padded(net: Network, call: Call, before: list[int], after: list[int], mode: str) -> Value:
    """Negative padding cuts; what is left is padded."""
    x = call.tensor("self")
    for axis, size in enumerate(shape_of(x)):
        first, left = max(0, -before[axis]), size - max(0, -before[axis]) - max(0, -after[axis])
        if left < 1:
            raise Refused("cuts a whole axis away")
        x = net.cut(x, axis, first, left)
    widths = {"before": tuple(max(0, one) for one in before), "after": tuple(max(0, one) for one in after)}
    if not any((*widths["before"], *widths["after"])):
        return x
    return net.op("pad", [x], {**widths, "value": call.number("value", 0.0), "mode": mode})


def _upsample(net: Network, call: Call) -> Value:
    """Nearest neighbour by whole factors: each index of the last axes several times."""
    x = call.tensor("input") if call.given("input") else call.tensor("self")
    sizes, shape = call.integers("output_size", ()), shape_of(x)
    if not sizes:
        factors = call.arguments.get("scale_factors")
        fits = isinstance(factors, tuple) and len(factors) <= len(shape) and all(0 < one < 1 << 16 for one in factors)
        given = factors if isinstance(factors, tuple) and fits else ()
        sizes = tuple(int(n * f) for n, f in zip(shape[len(shape) - len(given) :], given, strict=True))
    if not sizes or len(sizes) > len(shape):
        raise call.fault("output_size", "the sizes of the last axes")
    for axis, size in enumerate(sizes, len(shape) - len(sizes)):
        if size < shape[axis] or size % shape[axis] or size > 1 << 16:
            raise Refused(f"from {shape[axis]} to {size} elements. Supported: whole factors")
        if size != shape[axis]:
            factor = size // shape[axis]
            x = net.op("gather", [x], {"axis": axis, "indices": tuple(i // factor for i in range(size))})
    return x


VIEWS: dict[str, Reader] = {
    "chunk": _chunk,
    "expand": _expand,
    "expand_as": _expand_as,
    "flatten": _flatten,
    "narrow": _narrow,
    "numpy_T": _t,
    "permute": _permute,
    "reshape": _view,
    "select": _select,
    "slice": _slice,
    "split": _split,
    "split_with_sizes": _split,
    "squeeze": _squeeze,
    "t": _t,
    "transpose": _transpose,
    "_unsafe_view": _view,
    "unbind": _unbind,
    "unflatten": _unflatten,
    "unsqueeze": _unsqueeze,
    "view": _view,
    "view_as": _view_as,
}
"""Calls whose result may be the same memory as their input."""

COPIES: dict[str, Reader] = {
    "cat": _cat,
    "constant_pad_nd": _pad,
    "flip": _flip,
    "index": _index,
    "index_select": _index_select,
    "pad": _pad,
    "reflection_pad1d": _pad,
    "reflection_pad2d": _pad,
    "repeat": _repeat,
    "replication_pad1d": _pad,
    "replication_pad2d": _pad,
    "roll": _roll,
    "select_scatter": _select_scatter,
    "slice_scatter": _slice_scatter,
    "stack": _stack,
    "upsample_nearest1d": _upsample,
    "upsample_nearest2d": _upsample,
}
