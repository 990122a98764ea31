"""Moving elements about, for float32 and int8 alike: reshape, transpose, slice, split, pad, gather, pack."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_elementwise import fused_none
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, checked_axis, choice, refuse
from nn4mc.importers.tflite_schema import MIRROR_PADS
from nn4mc.ir import INT8, Shape

_MOST_PARTS = 1_000


def _reshape(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    return reading.reshape(x, new_shape(reading, one, reading.builder.shape(x)))


def new_shape(reading: Reading, one: TfliteOperator, shape: Shape) -> Shape:
    """Return the shape an operator gives an input of ``shape``; one size may be -1 (whatever is left)."""
    if one.code == "EXPAND_DIMS":
        axis = checked_axis(one, reading.whole(one, 1, "axis"), len(shape) + 1)
        return (*shape[:axis], 1, *shape[axis:])
    if one.code == "SQUEEZE":
        return _squeezed(one, shape)
    if reading.given(one, 1):
        wanted = reading.wholes(one, 1, "shape")
    else:
        wanted = tuple(int(n) for n in one.options.numbers("new_shape", "<i4"))
    total = int(np.prod(shape, dtype=np.int64))
    rest = int(np.prod([n for n in wanted if n != -1], dtype=np.int64))
    if wanted.count(-1) > 1 or min(wanted, default=1) < -1 or rest <= 0 or total % rest:
        raise ModelError(f"{one.options.where}: {shape} cannot become {wanted}")
    return tuple(total // rest if n == -1 else n for n in wanted)


def _squeezed(one: TfliteOperator, shape: Shape) -> Shape:
    listed = [int(n) for n in one.options.numbers("squeeze_dims", "<i4")]
    axes = {checked_axis(one, axis, len(shape)) for axis in listed} or {i for i, n in enumerate(shape) if n == 1}
    if any(shape[axis] != 1 for axis in axes):
        raise ModelError(f"{one.options.where}: axes {sorted(axes)} of {shape} are not all of size 1")
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _transpose(reading: Reading, one: TfliteOperator) -> str:
    rank = len(reading.shape(one, 0))
    perm = tuple(checked_axis(one, axis, rank) for axis in reading.wholes(one, 1, "permutation"))
    return reading.node("transpose", [reading.name(one, 0)], {"perm": perm})


@dataclass(frozen=True)
class Cut:
    """A slice with steps, and the shape its result is given (axes taken away or added)."""

    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    steps: tuple[int, ...]
    shape: Shape


def strided_cut(reading: Reading, one: TfliteOperator, shape: Shape) -> Cut:
    """Return what STRIDED_SLICE takes of a shape: masks are bits by position in begin, end and strides."""
    begin, end, step = (reading.wholes(one, i, what) for i, what in ((1, "begin"), (2, "end"), (3, "strides")))
    if not len(begin) == len(end) == len(step):
        raise ModelError(f"{one.options.where}: begin {begin}, end {end} and strides {step} differ in length")
    if one.option("offset", "?"):
        end = tuple(b + e for b, e in zip(begin, end, strict=True))
    masks = {name: one.option(f"{name}_mask", "i") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    added = sum(1 for i in range(len(begin)) if masks["new_axis"] >> i & 1 and not masks["ellipsis"] >> i & 1)
    hidden = len(shape) - (len(begin) - added - bin(masks["ellipsis"] & (1 << len(begin)) - 1).count("1"))
    taken: list[tuple[int, int, int]] = []
    result: list[int] = []
    for i in range(len(begin)):
        if masks["ellipsis"] >> i & 1:
            kept = shape[len(taken) : len(taken) + max(hidden, 0)]
            taken += [(0, n, 1) for n in kept]
            result += kept
        elif masks["new_axis"] >> i & 1:
            result.append(1)
        elif len(taken) < len(shape):
            taken.append(_cut_axis(one, masks, i, shape[len(taken)], (begin[i], end[i], step[i])))
            result += [] if masks["shrink_axis"] >> i & 1 else [taken[-1][1]]
        else:
            raise ModelError(f"{one.options.where}: begin {begin} has more entries than {shape} has axes")
    rest = shape[len(taken) :]
    taken += [(0, n, 1) for n in rest]
    starts, sizes, steps = (tuple(part) for part in zip(*taken, strict=True)) if taken else ((), (), ())
    return Cut(starts, sizes, steps, (*result, *rest))


def _cut_axis(
    one: TfliteOperator, masks: dict[str, int], i: int, length: int, bounds: tuple[int, int, int]
) -> tuple[int, int, int]:
    """Return start, size and step along one axis, as Python's own slices count."""
    begin, end, step = bounds
    if masks["shrink_axis"] >> i & 1:
        return checked_axis(one, begin, length), 1, 1
    if step == 0:
        raise ModelError(f"{one.options.where}: a step of 0")
    first = None if masks["begin"] >> i & 1 else begin
    last = None if masks["end"] >> i & 1 else end
    found = range(*slice(first, last, step).indices(length))
    if not found:
        raise ModelError(f"{one.options.where}: takes nothing of an axis of {length} ({begin}:{end}:{step})")
    return found[0], len(found), step


def _strided_slice(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    cut = strided_cut(reading, one, reading.builder.shape(x))
    return reading.reshape(slice_of(reading, x, cut.starts, cut.sizes, cut.steps), cut.shape)


def slice_of(
    reading: Reading, x: str, starts: tuple[int, ...], sizes: tuple[int, ...], steps: tuple[int, ...] | None = None
) -> str:
    """Return part of a tensor: itself, when that is all of it."""
    apart = steps or (1,) * len(starts)
    if sizes == reading.builder.shape(x) and set(apart) <= {1}:
        return x
    return reading.node("slice", [x], {"starts": starts, "sizes": sizes, "steps": apart})


def _slice(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    shape = reading.builder.shape(x)
    starts, sizes = reading.wholes(one, 1, "begin"), reading.wholes(one, 2, "size")
    if not len(starts) == len(sizes) == len(shape):
        raise ModelError(f"{one.options.where}: begin {starts} and size {sizes} for shape {shape}")
    filled = tuple(n - b if s == -1 else s for n, b, s in zip(shape, starts, sizes, strict=True))
    return slice_of(reading, x, starts, filled)


def _split(reading: Reading, one: TfliteOperator) -> None:
    """Put the parts of SPLIT (axis, x) and SPLIT_V (x, sizes, axis), one slice each."""
    at, along = (1, 0) if one.code == "SPLIT" else (0, 2)
    x = reading.name(one, at)
    shape = reading.builder.shape(x)
    axis = checked_axis(one, reading.whole(one, along, "axis"), len(shape))
    count = len(one.outputs)
    if count > _MOST_PARTS:
        raise ModelError(f"{one.options.where}: {count} parts")
    parts = reading.wholes(one, 1, "sizes") if one.code == "SPLIT_V" else (shape[axis] // count,) * count
    if parts.count(-1) == 1:
        parts = tuple(shape[axis] - sum(parts) - 1 if n == -1 else n for n in parts)
    if len(parts) != count or sum(parts) != shape[axis]:
        raise ModelError(f"{one.options.where}: parts {parts[:20]} of an axis of {shape[axis]} for {count} outputs")
    edges = np.cumsum((0, *parts)).tolist()
    for position, (first, last) in enumerate(pairwise(edges)):
        starts = tuple(first if i == axis else 0 for i in range(len(shape)))
        sizes = tuple(last - first if i == axis else n for i, n in enumerate(shape))
        reading.put(one, slice_of(reading, x, starts, sizes), position)


def _concatenation(reading: Reading, one: TfliteOperator) -> str:
    if not one.inputs:
        raise ModelError(f"{one.options.where}: has no input")
    names = [reading.name(one, i) for i in range(len(one.inputs))]
    axis = checked_axis(one, one.option("axis", "i"), len(reading.builder.shape(names[0])))
    made = reading.node("concat", names, {"axis": axis})
    return made if fused_none(one) else reading.fused(one, made)


def _pack(reading: Reading, one: TfliteOperator) -> str:
    names = [reading.name(one, i) for i in range(len(one.inputs))]
    if not names:
        raise ModelError(f"{one.options.where}: has no input")
    shape = reading.builder.shape(names[0])
    axis = checked_axis(one, one.option("axis", "i"), len(shape) + 1)
    rows = [reading.reshape(name, (*shape[:axis], 1, *shape[axis:])) for name in names]
    return reading.node("concat", rows, {"axis": axis}) if len(rows) > 1 else rows[0]


def _unpack(reading: Reading, one: TfliteOperator) -> None:
    """Put each slice of an axis as an output without that axis."""
    x = reading.name(one, 0)
    shape = reading.builder.shape(x)
    axis = checked_axis(one, one.option("axis", "i"), len(shape))
    if len(one.outputs) != shape[axis] or shape[axis] > _MOST_PARTS:
        raise ModelError(f"{one.options.where}: {len(one.outputs)} outputs for an axis of {shape[axis]}")
    without = (*shape[:axis], *shape[axis + 1 :])
    for position in range(shape[axis]):
        starts = tuple(position if i == axis else 0 for i in range(len(shape)))
        sizes = tuple(1 if i == axis else n for i, n in enumerate(shape))
        reading.put(one, reading.reshape(slice_of(reading, x, starts, sizes), without), position)


def _pad(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    before, after = _paddings(reading, one, len(reading.builder.shape(x)))
    if one.code == "PAD":
        return padded(reading, x, before, after)
    values = reading.constant(one, 2, "padding value")
    if values.size != 1 or not np.isfinite(values).all():
        raise ModelError(f"{one.options.where}: the padding value is {values.ravel()[:3]}, expected one number")
    return padded(reading, x, before, after, float(values.ravel()[0]))


def padded(
    reading: Reading, x: str, before: tuple[int, ...], after: tuple[int, ...], value: float | None = None
) -> str:
    """Return a tensor with a border of one value, by default what stands for real 0."""
    tensor = reading.builder.tensors[x]
    zero = float(tensor.quantization.zero_point[0]) if tensor.dtype == INT8 and tensor.quantization else 0.0
    border = zero if value is None else value
    return reading.node("pad", [x], {"before": before, "after": after, "mode": "constant", "value": border})


def _paddings(reading: Reading, one: TfliteOperator, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    widths = reading.wholes(one, 1, "paddings")
    if len(widths) != 2 * rank or min(widths, default=0) < 0:
        raise ModelError(f"{one.options.where}: paddings {widths} for {rank} axes")
    return widths[::2], widths[1::2]


def _mirror_pad(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    shape = reading.builder.shape(x)
    before, after = _paddings(reading, one, len(shape))
    if choice(one, "mode", MIRROR_PADS) == "REFLECT":
        return reading.node("pad", [x], {"before": before, "after": after, "mode": "reflect", "value": 0.0})
    for axis, length in enumerate(shape):
        if max(before[axis], after[axis]) > length:
            raise ModelError(f"{one.options.where}: paddings {before}, {after} mirror more than {shape} holds")
        if before[axis] or after[axis]:
            indices = np.pad(np.arange(length), (before[axis], after[axis]), mode="symmetric")
            x = reading.node("gather", [x], {"axis": axis, "indices": tuple(indices.tolist())})
    return x


def _gather(reading: Reading, one: TfliteOperator) -> str:
    if one.option("batch_dims", "i"):
        refuse("batch_dims other than 0 have no C kernel")
    x = reading.name(one, 0)
    shape = reading.builder.shape(x)
    axis = checked_axis(one, one.option("axis", "i"), len(shape))
    indices = reading.wholes(one, 1, "indices")
    made = reading.node("gather", [x], {"axis": axis, "indices": indices})
    return reading.reshape(made, (*shape[:axis], *reading.constant(one, 1, "indices").shape, *shape[axis + 1 :]))


def _tile(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    if one.code == "TILE":
        return reading.node("tile", [x], {"repeats": reading.wholes(one, 1, "multiples")})
    wanted, shape = reading.wholes(one, 1, "shape"), reading.builder.shape(x)
    wide = (*((1,) * (len(wanted) - len(shape))), *shape)
    if len(wide) != len(wanted) or any(n not in (1, w) for n, w in zip(wide, wanted, strict=True)):
        raise ModelError(f"{one.options.where}: {shape} does not stretch to {wanted}")
    repeats = tuple(w if n == 1 else 1 for n, w in zip(wide, wanted, strict=True))
    return reading.node("tile", [reading.reshape(x, wide)], {"repeats": repeats})


def _reverse(reading: Reading, one: TfliteOperator) -> str:
    made = reading.name(one, 0)
    for axis in reading.wholes(one, 1, "axes"):
        made = reading.node("reverse", [made], {"axis": checked_axis(one, axis, len(reading.builder.shape(made)))})
    return made


READERS: dict[str, Callable[[Reading, TfliteOperator], str | None]] = {
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "TRANSPOSE": _transpose,
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split,
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "UNPACK": _unpack,
    "PAD": _pad,
    "PADV2": _pad,
    "MIRROR_PAD": _mirror_pad,
    "GATHER": _gather,
    "TILE": _tile,
    "BROADCAST_TO": _tile,
    "REVERSE_V2": _reverse,
}
