"""ONNX operators that move or repeat elements without computing."""

from collections.abc import Mapping
from math import prod

import numpy as np

from nn4mc.importers.onnx_elementwise import Reader, expand
from nn4mc.importers.onnx_site import LOWEST, AnyArray, Made, Site, Value
from nn4mc.importers.onnx_slices import pad_sizes, slice_bounds, split_sizes
from nn4mc.ir import FLOAT32, Shape


def _reshaped(site: Site, shape: Shape) -> Made:
    """Return input 0 in another shape, known or live."""
    x = site.value(0)
    if prod(shape) != site.elements(0):
        raise site.fault(f"{site.shape(0)} does not have as many elements as {shape}")
    return site.reshape(x, shape) if isinstance(x, str) else x.reshape(shape)


def _shape(site: Site) -> Made:
    shape = site.shape(0)
    start, end = site.integer("start", 0), site.integer("end", len(shape))
    return np.asarray(shape[start:end] if start >= -len(shape) else shape[:end], np.int64)


def _size(site: Site) -> Made:
    return np.asarray(site.elements(0), np.int64)


def _reshape(site: Site) -> Made:
    own, wanted = site.shape(0), list(site.known_ints(1, "shape"))
    if not site.integer("allowzero", 0):
        for i, n in enumerate(wanted):
            if n == 0:
                if i >= len(own):
                    raise site.fault(f"shape {tuple(wanted[:8])} copies axis {i} of {own}")
                wanted[i] = own[i]
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise site.fault(f"shape {tuple(wanted[:8])} is not one")
    if -1 in wanted:
        others = prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = prod(own) // others if others else 0
    return _reshaped(site, tuple(wanted))


def _flatten(site: Site) -> Made:
    shape, axis = site.shape(0), site.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise site.fault(f"axis {axis} of an array of rank {len(shape)}")
    split = axis + len(shape) if axis < 0 else axis
    return _reshaped(site, (prod(shape[:split]), prod(shape[split:])))


def _squeeze(site: Site) -> Made:
    shape = site.shape(0)
    if site.has(1):
        dropped = site.axes(site.known_ints(1, "axes"), len(shape))
    else:
        dropped = tuple(i for i, n in enumerate(shape) if n == 1)
    if any(shape[axis] != 1 for axis in dropped):
        raise site.fault(f"axes {dropped} of shape {shape} are not all 1")
    return _reshaped(site, tuple(n for i, n in enumerate(shape) if i not in dropped))


def _unsqueeze(site: Site) -> Made:
    shape, axes = site.shape(0), site.known_ints(1, "axes")
    rank = len(shape) + len(axes)
    new = site.axes(axes, rank)
    rest = iter(shape)
    return _reshaped(site, tuple(1 if axis in new else next(rest) for axis in range(rank)))


def _transpose(site: Site) -> Made:
    rank = len(site.shape(0))
    return site.transpose(site.live(0), site.integers("perm", tuple(reversed(range(rank)))))


def _concat(site: Site) -> Made:
    """Join live values; empty ones, which exporters leave behind, are left out."""
    given = [i for i in range(len(site.inputs)) if site.elements(i)]
    values = [site.live(i) for i in given]
    axis = site.axis(site.integer("axis", 0), len(site.shape_of(values[0])))
    return values[0] if len(values) == 1 else site.make("concat", *values, axis=axis)


def _slice(site: Site) -> Made:
    shape = site.shape(0)
    starts, sizes, steps = zip(*slice_bounds(site, shape), strict=True)
    if 0 in sizes:
        return np.zeros(sizes, np.float32)
    if sizes == shape and set(steps) == {1}:
        return site.value(0)
    return site.make("slice", site.live(0), starts=starts, sizes=sizes, steps=steps)


def _split(site: Site) -> Made:
    axis, sizes = split_sizes(site, site.shape(0))
    x, own = site.live(0), site.shape(0)
    parts: list[Value] = []
    for i, count in enumerate(sizes):
        empty = (*own[:axis], 0, *own[axis + 1 :])
        parts.append(site.crop(x, axis, sum(sizes[:i]), count) if count else np.zeros(empty, np.float32))
    return tuple(parts)


def _pad(site: Site) -> Made:
    shape, mode = site.shape(0), site.text("mode", "constant")
    if mode not in ("constant", "reflect", "edge"):
        raise site.refusal(f"mode '{mode[:40]}'. Known: constant, reflect, edge")
    before, after = pad_sizes(site, shape)
    value = float(site.known(2, "constant_value").astype(np.float64).item()) if site.has(2) else 0.0
    value = max(value, float(LOWEST))
    if not np.isfinite(value):
        raise site.refusal(f"pads with {value}; a finite value has a kernel")
    return _padded(site, before, after, value, mode)


def _padded(site: Site, before: list[int], after: list[int], value: float, mode: str) -> str:
    """Return input 0 with what negative pads cut off cut off, and the others padded."""
    x = site.live(0)
    for axis, n in enumerate(site.shape(0)):
        cut = max(0, -before[axis]), max(0, -after[axis])
        if sum(cut) >= n:
            raise site.refusal(f"pads cut all {n} entries of axis {axis} off")
        x = site.crop(x, axis, cut[0], n - sum(cut))
    more = tuple(max(0, n) for n in before), tuple(max(0, n) for n in after)
    if not any(more[0]) and not any(more[1]):
        return x
    return site.make("pad", x, before=more[0], after=more[1], value=value, mode=mode)


def _gather(site: Site) -> Made:
    shape, indices = site.shape(0), site.known(1, "indices")
    axis = site.axis(site.integer("axis", 0), len(shape))
    taken = pick(site, site.live(0), axis, [int(i) for i in indices.ravel()])
    return site.reshape(taken, (*shape[:axis], *indices.shape, *shape[axis + 1 :]))


def pick(site: Site, x: str, axis: int, indices: list[int]) -> str:
    """Return the entries of a live value at constant indices of one axis; a slice where they follow one another."""
    length = site.shape_of(x)[axis]
    if not indices or not all(-length <= i < length for i in indices):
        raise site.fault(f"indices {tuple(indices[:8])} of an axis of {length}")
    site.workshop.spend(len(indices), site.label)
    positive = [i % length for i in indices]
    if positive == list(range(positive[0], positive[0] + len(positive))):
        return site.crop(x, axis, positive[0], len(positive))
    return site.make("gather", x, axis=axis, indices=tuple(positive))


def _gather_elements(site: Site) -> Made:
    """Each output at its own constant index along one axis: one gather from the flat input."""
    shape, indices = site.shape(0), site.known(1, "indices")
    axis = site.axis(site.integer("axis", 0), len(shape))
    if indices.dtype.kind not in "iu" or indices.ndim != len(shape):
        raise site.fault(f"indices have type {indices.dtype} and shape {indices.shape} for an input of shape {shape}")
    site.workshop.spend(indices.size * len(shape), site.label)
    places: list[AnyArray] = list(np.indices(indices.shape))
    places[axis] = np.where(indices < 0, indices + shape[axis], indices)
    return _picked_flat(site, np.asarray(np.ravel_multi_index(tuple(places), shape)))


def _gather_nd(site: Site) -> Made:
    """Constant index tuples into the leading axes: one gather from those axes made one."""
    shape, indices = site.shape(0), site.known(1, "indices")
    if site.integer("batch_dims", 0):
        raise site.refusal("batch_dims other than 0 have no kernel")
    depth = indices.shape[-1] if indices.ndim else 0
    if indices.dtype.kind not in "iu" or not 1 <= depth <= len(shape):
        raise site.fault(f"indices have type {indices.dtype} and shape {indices.shape} for an input of shape {shape}")
    places = tuple(np.where(one < 0, one + n, one) for one, n in zip(np.moveaxis(indices, -1, 0), shape, strict=False))
    rows = np.ravel_multi_index(places, shape[:depth])
    merged = site.reshape(site.live(0), (prod(shape[:depth]), *shape[depth:]))
    picked = pick(site, merged, 0, [int(i) for i in rows.ravel()])
    return site.reshape(picked, (*rows.shape, *shape[depth:]))


def _picked_flat(site: Site, places: AnyArray) -> str:
    flat = site.reshape(site.live(0), (site.elements(0),))
    return site.reshape(pick(site, flat, 0, [int(i) for i in places.ravel()]), places.shape)


def _expand(site: Site) -> Made:
    return expand(site, site.value(0), np.broadcast_shapes(site.shape(0), site.known_ints(1, "shape")))


def _tile(site: Site) -> Made:
    repeats = site.known_ints(1, "repeats")
    return site.value(0) if set(repeats) <= {1} else site.make("tile", site.live(0), repeats=repeats)


def _space_to_depth(site: Site) -> Made:
    block = max(1, site.integer("blocksize", 1))
    n, c, h, w = _four_axes(site)
    parts = site.reshape(site.live(0), (n, c, h // block, block, w // block, block))
    moved = site.transpose(parts, (0, 3, 5, 1, 2, 4) if site.text("mode", "DCR") == "DCR" else (0, 1, 3, 5, 2, 4))
    return site.reshape(moved, (n, c * block * block, h // block, w // block))


def _depth_to_space(site: Site) -> Made:
    block = max(1, site.integer("blocksize", 1))
    n, c, h, w = _four_axes(site)
    columns_first = site.text("mode", "DCR") == "CRD"
    split = (n, c // block**2, block, block, h, w) if columns_first else (n, block, block, c // block**2, h, w)
    parts = site.reshape(site.live(0), split)
    moved = site.transpose(parts, (0, 1, 4, 2, 5, 3) if columns_first else (0, 3, 4, 1, 5, 2))
    return site.reshape(moved, (n, c // block**2, h * block, w * block))


def _four_axes(site: Site) -> tuple[int, int, int, int]:
    shape = site.shape(0)
    if len(shape) != 4:
        raise site.refusal(f"works on an array of shape {shape}; four axes have a kernel")
    n, c, h, w = shape
    return n, c, h, w


def _constant(site: Site) -> Made:
    found = [site.attributes[name] for name in ("value", "value_float", "value_floats") if name in site.attributes]
    whole = [site.attributes[name] for name in ("value_int", "value_ints") if name in site.attributes]
    if len(found) + len(whole) != 1:
        raise site.refusal(f"holds {', '.join(site.attributes)}; tensors and numbers are read")
    if whole:
        return np.asarray(whole[0], np.int64)
    return found[0] if isinstance(found[0], np.ndarray) else np.asarray(found[0], FLOAT32)


READERS: Mapping[str, Reader] = {
    "Concat": _concat,
    "Constant": _constant,
    "DepthToSpace": _depth_to_space,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Pad": _pad,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""By ONNX operator."""
