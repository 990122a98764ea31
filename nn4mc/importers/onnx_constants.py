"""Computes with numpy what depends on no input of the model: shape arithmetic, masks, folded weights.

Every evaluator says how large its result will be before numpy makes it.
"""

from collections.abc import Callable, Mapping, Sequence
from math import erf, prod

import numpy as np

from nn4mc.importers.onnx_file import type_name
from nn4mc.importers.onnx_site import AnyArray, Made, Site
from nn4mc.importers.onnx_slices import pad_sizes, slice_bounds, split_sizes

Evaluator = Callable[[Site], Made]

_TYPES: Mapping[str, str] = {
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "FLOAT16": "float16",
    "INT8": "int8",
    "UINT8": "uint8",
    "INT16": "int16",
    "UINT16": "uint16",
    "INT32": "int32",
    "UINT32": "uint32",
    "INT64": "int64",
    "UINT64": "uint64",
    "BOOL": "bool",
}
_erf = np.vectorize(erf, otypes=[np.float64])


def arrays(site: Site) -> list[AnyArray]:
    """Return all given inputs of a node, which must be known."""
    return [site.known(i, f"input {i}") for i in range(len(site.inputs)) if site.has(i)]


def _checked(site: Site, shape: Sequence[int]) -> tuple[int, ...]:
    wanted = tuple(int(n) for n in shape)
    if any(n < 0 for n in wanted):
        raise site.fault(f"makes an array of the negative shape {wanted[:8]}")
    site.workshop.spend(prod(wanted), site.label)
    return wanted


def _elementwise(function: Callable[..., AnyArray]) -> Evaluator:
    def evaluate(site: Site) -> Made:
        found = arrays(site)
        _checked(site, np.broadcast_shapes(*(one.shape for one in found)))
        made = np.asarray(function(*found))
        return made.astype(found[0].dtype, copy=False) if made.dtype.kind == "f" else made

    return evaluate


def _divide(a: AnyArray, b: AnyArray) -> AnyArray:
    """Divide as ONNX does: integers are truncated towards zero."""
    if a.dtype.kind not in "iu":
        return np.asarray(a / b)
    if not np.all(b):
        raise ValueError("integer division by zero")
    quotient = np.abs(a) // np.abs(b)
    return np.asarray(np.where((a < 0) ^ (b < 0), -quotient, quotient).astype(a.dtype))


def _chained(function: Callable[[AnyArray, AnyArray], AnyArray]) -> Evaluator:
    """Several inputs, taken two by two from the left."""

    def evaluate(site: Site) -> Made:
        first, *others = arrays(site)
        for other in others:
            _checked(site, np.broadcast_shapes(first.shape, other.shape))
            first = np.asarray(function(first, other))
        return first

    return evaluate


def _mod(site: Site) -> Made:
    a, b = arrays(site)
    _checked(site, np.broadcast_shapes(a.shape, b.shape))
    if a.dtype.kind in "iu" and not np.all(b):
        raise site.fault("integer division by zero")
    return np.asarray(np.fmod(a, b) if site.integer("fmod", 0) else np.mod(a, b))


def cast_type(site: Site) -> str:
    """Return the numpy type a Cast goes to; Refusal when it has none."""
    name = type_name(site.integer("to", 0))
    if name not in _TYPES:
        raise site.refusal(f"casts to {name}. Known: {', '.join(_TYPES)}")
    return _TYPES[name]


def _cast(site: Site) -> Made:
    (x,) = arrays(site)
    _checked(site, x.shape)
    return x.astype(cast_type(site))


def _cast_like(site: Site) -> Made:
    x, like = arrays(site)
    return x.astype(like.dtype)


def _constant_of_shape(site: Site) -> Made:
    shape = _checked(site, site.known_ints(0, "shape"))
    fill = site.attributes.get("value", np.zeros(1, np.float32))
    if not isinstance(fill, np.ndarray) or fill.size != 1:
        raise site.fault("attribute value is not a tensor of one element")
    return np.full(shape, fill.ravel()[0], fill.dtype)


def _range(site: Site) -> Made:
    start, limit, delta = (one.reshape(()) for one in arrays(site))
    if delta == 0:
        raise site.fault("delta is 0")
    count = int(max(0, np.ceil((float(limit) - float(start)) / float(delta))))
    _checked(site, (count,))
    return np.asarray(start + np.arange(count) * delta).astype(start.dtype)


def _expand(site: Site) -> Made:
    x = site.known(0, "input")
    shape = np.broadcast_shapes(x.shape, site.known_ints(1, "shape"))
    return np.broadcast_to(x, _checked(site, shape))


def _tile(site: Site) -> Made:
    x, repeats = site.known(0, "input"), site.known_ints(1, "repeats")
    if len(repeats) != x.ndim:
        raise site.fault(f"{len(repeats)} repeats for {x.ndim} axes")
    _checked(site, [n * r for n, r in zip(x.shape, repeats, strict=True)])
    return np.tile(x, repeats)


def _gather(site: Site) -> Made:
    x, indices = arrays(site)
    axis = site.axis(site.integer("axis", 0), x.ndim)
    _checked(site, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    if indices.dtype.kind not in "iu":
        raise site.fault(f"indices have type {indices.dtype}")
    return np.take(x, indices, axis=axis)


def _concat(site: Site) -> Made:
    found = arrays(site)
    _checked(site, (sum(one.size for one in found),))
    return np.concatenate(found, axis=site.axis(site.integer("axis", 0), found[0].ndim))


def _slice(site: Site) -> Made:
    x = site.known(0, "input")
    bounds = slice_bounds(site, x.shape)
    for axis, (start, count, step) in enumerate(bounds):
        x = np.take(x, start + step * np.arange(count), axis=axis)
    _checked(site, x.shape)
    return x


def _split(site: Site) -> Made:
    x = site.known(0, "input")
    axis, sizes = split_sizes(site, x.shape)
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis=axis))


def _pad(site: Site) -> Made:
    x, mode = site.known(0, "input"), site.text("mode", "constant")
    if mode not in ("constant", "reflect", "edge"):
        raise site.refusal(f"mode '{mode[:40]}'. Known: constant, reflect, edge")
    before, after = pad_sizes(site, x.shape)
    cut = x[tuple(slice(max(0, -b), n - max(0, -a)) for b, a, n in zip(before, after, x.shape, strict=True))]
    more = [(max(0, b), max(0, a)) for b, a in zip(before, after, strict=True)]
    _checked(site, [n + b + a for n, (b, a) in zip(cut.shape, more, strict=True)])
    if mode != "constant":
        return np.pad(cut, more, mode=mode)  # type: ignore[call-overload,no-any-return]
    value = site.known(2, "constant_value").item() if site.has(2) else 0
    return np.pad(cut, more, constant_values=value)


def _transpose(site: Site) -> Made:
    x = site.known(0, "input")
    _checked(site, x.shape)
    return np.transpose(x, site.integers("perm", tuple(reversed(range(x.ndim)))))


def _reduce(function: Callable[..., AnyArray]) -> Evaluator:
    def evaluate(site: Site) -> Made:
        x = site.known(0, "input")
        axes = site.known_ints(1, "axes") if site.has(1) else site.integers("axes", ())
        if not axes and site.integer("noop_with_empty_axes", 0):
            return x
        kept = site.axes(axes, x.ndim) if axes else tuple(range(x.ndim))
        made = np.asarray(function(x, axis=kept, keepdims=bool(site.integer("keepdims", 1))))
        return made.astype(x.dtype, copy=False)

    return evaluate


def _where(site: Site) -> Made:
    condition, x, y = arrays(site)
    _checked(site, np.broadcast_shapes(condition.shape, x.shape, y.shape))
    return np.asarray(np.where(condition.astype(bool), x, y))


def _trilu(site: Site) -> Made:
    x = site.known(0, "input")
    _checked(site, x.shape)
    k = int(site.known_ints(1, "k")[0]) if site.has(1) else 0
    return np.asarray(np.triu(x, k) if site.integer("upper", 1) else np.tril(x, k))


def _matmul(site: Site) -> Made:
    a, b = arrays(site)
    _checked(site, (max(a.size, b.size, a[..., :1].size * b[..., :1, :].size if b.ndim > 1 else a.size),))
    return np.asarray(a @ b)


EVALUATORS: Mapping[str, Evaluator] = {
    "Abs": _elementwise(np.abs),
    "Add": _chained(np.add),
    "And": _elementwise(np.logical_and),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Ceil": _elementwise(np.ceil),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Cos": _elementwise(np.cos),
    "Div": _chained(_divide),
    "Equal": _elementwise(np.equal),
    "Erf": _elementwise(_erf),
    "Exp": _elementwise(np.exp),
    "Expand": _expand,
    "Floor": _elementwise(np.floor),
    "Gather": _gather,
    "Greater": _elementwise(np.greater),
    "GreaterOrEqual": _elementwise(np.greater_equal),
    "Less": _elementwise(np.less),
    "LessOrEqual": _elementwise(np.less_equal),
    "Log": _elementwise(np.log),
    "MatMul": _matmul,
    "Max": _chained(np.maximum),
    "Min": _chained(np.minimum),
    "Mod": _mod,
    "Mul": _chained(np.multiply),
    "Neg": _elementwise(np.negative),
    "Not": _elementwise(np.logical_not),
    "Or": _elementwise(np.logical_or),
    "Pad": _pad,
    "Pow": _elementwise(lambda x, y: np.power(x, y.astype(x.dtype))),
    "Range": _range,
    "Reciprocal": _elementwise(np.reciprocal),
    "ReduceMax": _reduce(np.max),
    "ReduceMean": _reduce(np.mean),
    "ReduceMin": _reduce(np.min),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "Round": _elementwise(np.round),
    "Sign": _elementwise(np.sign),
    "Sin": _elementwise(np.sin),
    "Slice": _slice,
    "Split": _split,
    "Sqrt": _elementwise(np.sqrt),
    "Sub": _chained(np.subtract),
    "Tanh": _elementwise(np.tanh),
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Where": _where,
    "Xor": _elementwise(np.logical_xor),
}
"""By ONNX operator; consulted when every input is known, before the readers."""
