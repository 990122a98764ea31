"""ATen calls that make constants, do nothing at inference, or change only the type."""

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.limits import cap, cap_elements
from nn4mc.importers.pt2_weights import BOOL, DTYPES, FLOAT
from nn4mc.importers.torch_call import Call, Constant, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import Network, Reader

_WHOLE = (1, 2, 3, 4, 5)


def _pass(_net: Network, call: Call) -> Value:
    return call.tensor("self")


def _dropout(_net: Network, call: Call) -> Value:
    p, train = call.number("p", 0.5), call.flag("train", False)
    if train and p > 0.0:
        raise Refused("is in training mode; call module.eval() before the export")
    return call.tensor("input")


def _convert(_net: Network, call: Call) -> Value:
    """Change the type: constants to anything, variables only to float32, which they are."""
    x = call.tensor("self")
    if not call.given("dtype"):
        return x
    wanted = call.integer("dtype")
    if isinstance(x, Variable):
        if wanted != FLOAT:
            raise Refused("converts to another type than float32; export the module with .float()")
        return x
    return _typed(x, wanted)


def _typed(x: Constant, wanted: int) -> Constant:
    if wanted not in DTYPES:
        raise Refused(f"torch type number {wanted}")
    if wanted in _WHOLE and not np.isfinite(x.astype(np.float64)).all():
        raise Refused("converts NaN or Inf to whole numbers")
    return x.astype(np.int64 if wanted in _WHOLE else np.bool_ if wanted == BOOL else np.float32)


def _filled(net: Network, call: Call, value: float, like: bool) -> Value:
    """Return a constant; float32 unless a type is given or the one it is made like has another."""
    shape = shape_of(call.tensor("self")) if like and not call.given("size") else call.integers("size")
    if any(not 0 <= size < 1 << 32 for size in shape) or len(shape) > 8:
        raise call.fault("size", "at most 8 sizes from 0 on")
    cap_elements(tuple(max(1, size) for size in shape), net.options.limits, call.where)
    source = call.optional("self") if like else None
    filled = np.full(shape, value, np.float32)
    if call.given("dtype"):
        return _typed(filled, call.integer("dtype"))
    return filled.astype(source.dtype) if isinstance(source, np.ndarray) else filled


def _made(value: float, like: bool) -> Reader:
    return lambda net, call: _filled(net, call, value, like)


def _full(net: Network, call: Call) -> Value:
    return _filled(net, call, call.number("fill_value", finite=False), not call.op.startswith("full."))


def _fill(net: Network, call: Call) -> Value:
    """Overwrite: fill_ and zero_ read nothing of what was there but the shape."""
    cap_elements(shape_of(call.tensor("self")), net.options.limits, call.where)
    if call.op.startswith("zero"):
        return np.zeros(shape_of(call.tensor("self")), np.float32)
    if isinstance(call.arguments.get("value"), Variable):
        return net.op("add", [np.zeros(shape_of(call.tensor("self")), np.float32), call.tensor("value")])
    return np.full(shape_of(call.tensor("self")), call.number("value"), np.float32)


def _scalar_tensor(_net: Network, call: Call) -> Value:
    value = np.asarray(call.number("s", finite=False), np.float32)
    return _typed(value, call.integer("dtype")) if call.given("dtype") else value


def _arange(net: Network, call: Call) -> Value:
    numbers = [call.number(name, default) for name, default in (("start", 0.0), ("end", None), ("step", 1.0))]
    start, end, step = numbers
    if step == 0.0 or abs((end - start) / step) > net.options.limits.parameters:
        raise ModelError(f"{call.where}: from {start:g} to {end:g} in steps of {step:g} is too long or endless")
    values = np.arange(start, end, step)
    whole = all(isinstance(call.arguments.get(name), (int, type(None))) for name in ("start", "end", "step"))
    if call.given("dtype"):
        return _typed(values, call.integer("dtype"))
    return values.astype(np.int64 if whole else np.float32)


def _eye(net: Network, call: Call) -> Value:
    rows = call.integer("n")
    columns = call.integer("m", rows)
    cap(max(rows, columns, -rows, -columns), 4096, "the size of a unit matrix", call.where)
    return np.eye(max(rows, 0), max(columns, 0), dtype=np.float32)


def _copy(net: Network, call: Call) -> Value:
    """copy_: the source in the shape of the target, repeated where it has fewer elements."""
    target, source = call.tensor("self"), call.tensor("src")
    if shape_of(source) == shape_of(target):
        return source
    return net.op("add", [np.zeros(shape_of(target), np.float32), source])


PASSES: dict[str, Reader] = {
    "alias": _pass,
    "alpha_dropout": _dropout,
    "contiguous": _pass,
    "detach": _pass,
    "dropout": _dropout,
    "feature_alpha_dropout": _dropout,
    "feature_dropout": _dropout,
    "native_dropout": _dropout,
    "to": _convert,
    "_to_copy": _convert,
    "type_as": _pass,
}
"""Calls whose result may be the same memory as their input."""

READERS: dict[str, Reader] = {
    "arange": _arange,
    "clone": _pass,
    "copy": _copy,
    "eye": _eye,
    "fill": _fill,
    "full": _full,
    "full_like": _full,
    "lift_fresh_copy": _pass,
    "new_full": _full,
    "new_ones": _made(1.0, like=True),
    "new_zeros": _made(0.0, like=True),
    "ones": _made(1.0, like=False),
    "ones_like": _made(1.0, like=True),
    "scalar_tensor": _scalar_tensor,
    "zero": _fill,
    "zeros": _made(0.0, like=False),
    "zeros_like": _made(0.0, like=True),
}
