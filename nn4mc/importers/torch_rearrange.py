"""ATen calls that pick, repeat, turn or pad elements along axes."""

from math import prod

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.limits import cap
from nn4mc.importers.torch_call import Call, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import Network, Reader

_PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


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
    if mode not in (*_PAD_MODES, "circular"):
        raise Refused(f"padding mode '{mode}'. Supported: {', '.join(_PAD_MODES)}, circular")
    x = call.tensor("self")
    pads = call.integers("pad") if call.given("pad") else call.integers("padding")
    rank = len(shape_of(x))
    if len(pads) % 2 or len(pads) > 2 * rank or any(abs(one) >= 1 << 24 for one in pads):
        raise call.fault("pad", f"two small numbers for each of the last axes of {rank}")
    before, after = [0] * rank, [0] * rank
    for i in range(len(pads) // 2):
        before[rank - 1 - i], after[rank - 1 - i] = pads[2 * i], pads[2 * i + 1]
    if mode == "circular":
        return _circular(net, x, before, after)
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


def _circular(net: Network, x: Value, before: list[int], after: list[int]) -> Value:
    """Each axis goes on with its other end."""
    for axis, size in enumerate(shape_of(x)):
        first, last = before[axis], after[axis]
        if not (0 <= first <= size and 0 <= last <= size):
            raise Refused("circular padding of more than the axis is long")
        parts = [net.cut(x, axis, size - first, first)] if first else []
        parts += [x, net.cut(x, axis, 0, last)] if last else [x]
        x = net.concat(parts, axis)
    return x


def _pixel_shuffle(net: Network, call: Call) -> Value:
    """(..., C r r, H, W) to (..., C, H r, W r)."""
    x, factor = call.tensor("self"), call.pair("upscale_factor", 1)[0]
    shape = shape_of(x)
    if len(shape) not in (3, 4) or factor < 1 or shape[-3] % (factor * factor):
        raise call.fault("upscale_factor", "a factor whose square divides the channels of an image")
    batch, (channels, rows, columns) = prod(shape[:-3]), shape[-3:]
    channels //= factor * factor
    split = net.reshape(x, (batch, channels, factor, factor, rows, columns))
    y = net.transpose(split, (0, 1, 4, 2, 5, 3))
    return net.reshape(y, (*shape[:-3], channels, rows * factor, columns * factor))


def _embedding(net: Network, call: Call) -> Value:
    """Rows of a constant table; what they are must be known beforehand, as the positions of a sequence are."""
    table, index = call.constant("weight"), call.tensor("indices")
    if isinstance(index, Variable):
        raise Refused("an index that depends on the input: inputs are float32")
    if table.ndim != 2 or index.dtype.kind != "i" or np.any(index.astype(np.int64) < 0):
        raise call.fault("indices", "whole numbers from 0 for a matrix")
    if np.any(index.astype(np.int64) >= len(table)):
        raise ModelError(f"{call.where}: an index is outside a table of {len(table)}")
    cap(index.size * table.shape[1], net.options.limits.parameters, "the number of values", call.where)
    return table[index.astype(np.int64)]


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


READERS: dict[str, Reader] = {
    "constant_pad_nd": _pad,
    "embedding": _embedding,
    "flip": _flip,
    "index": _index,
    "index_select": _index_select,
    "pad": _pad,
    "pixel_shuffle": _pixel_shuffle,
    "reflection_pad1d": _pad,
    "reflection_pad2d": _pad,
    "replication_pad1d": _pad,
    "replication_pad2d": _pad,
    "roll": _roll,
    "upsample_nearest1d": _upsample,
    "upsample_nearest2d": _upsample,
}
