"""Computes at import what depends on shapes and constants alone: a converter leaves such arithmetic before RESHAPE."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_elementwise import fused_none, reduced_axes
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, checked_axis
from nn4mc.importers.tflite_schema import NUMPY_TYPES
from nn4mc.importers.tflite_shapes import new_shape, strided_cut

Values = npt.NDArray[Any]
_MOST = 1 << 16
"""Values of a computed constant; what is larger is a model's weights, not a shape."""


def fold(reading: Reading, one: TfliteOperator) -> bool:
    """Put an operator's output as a constant if its inputs are constants; returns whether that was done."""
    if one.code in _SHAPES:
        reading.put_constant(one, _SHAPES[one.code](reading, one))
        return True
    inputs = [i for i in one.inputs if i >= 0]
    foldable = one.code in _FOLDERS and len(one.outputs) == 1 and inputs
    if not foldable or any(i not in reading.constants for i in inputs):
        return False
    if one.code in _FUSING and not fused_none(one):
        return False
    arrays = [reading.constants[i] for i in inputs]
    computes = one.code in _COMPUTING and any(array.itemsize == 1 for array in arrays)
    if computes or sum(array.size for array in arrays) > _MOST or any(a.dtype.kind not in "ifb" for a in arrays):
        return False
    try:
        with np.errstate(all="ignore"):
            made = _FOLDERS[one.code](reading, one, arrays)
    except (ValueError, IndexError, TypeError, OverflowError, MemoryError) as error:
        raise ModelError(f"{one.options.where}: cannot be computed ({str(error)[:100]})") from error
    reading.put_constant(one, np.asarray(made))
    return True


def _shape(reading: Reading, one: TfliteOperator) -> Values:
    return np.array(reading.shape(one, 0), np.int32)


def _rank(reading: Reading, one: TfliteOperator) -> Values:
    return np.array(len(reading.shape(one, 0)), np.int32)


def _strided_slice(reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    cut = strided_cut(reading, one, arrays[0].shape)
    values = arrays[0]
    for axis, (start, count, step) in enumerate(zip(cut.starts, cut.sizes, cut.steps, strict=True)):
        values = values.take([start + i * step for i in range(count)], axis=axis)
    return values.reshape(cut.shape)


def _slice(_reading: Reading, _one: TfliteOperator, arrays: list[Values]) -> Values:
    values, starts, sizes = arrays
    for axis, (start, count) in enumerate(zip(starts.ravel().tolist(), sizes.ravel().tolist(), strict=True)):
        last = values.shape[axis] if count == -1 else start + count
        values = values.take(range(start, last), axis=axis)
    return values


def _fill(reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    sizes = reading.wholes(one, 0, "shape")
    if min(sizes, default=1) < 0 or float(np.prod(sizes, dtype=np.float64)) > _MOST:
        raise ModelError(f"{one.options.where}: fills a shape {sizes}")
    return np.full(sizes, arrays[1].reshape(()))


def _cast(reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    kind = reading.output(one).kind
    if kind not in NUMPY_TYPES:
        raise ModelError(f"{one.options.where}: casts to {kind}")
    return arrays[0].astype(NUMPY_TYPES[kind])


def _gather(_reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    return arrays[0].take(arrays[1], axis=checked_axis(one, one.option("axis", "i"), arrays[0].ndim))


def _pack(_reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    return np.stack(arrays, axis=one.option("axis", "i"))


def _concatenation(_reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    return np.concatenate(arrays, axis=one.option("axis", "i"))


def _reshape(reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    return arrays[0].reshape(new_shape(reading, one, arrays[0].shape))


def _product(reading: Reading, one: TfliteOperator, arrays: list[Values]) -> Values:
    keep = bool(one.option("keep_dims", "?"))
    return np.asarray(np.prod(arrays[0], axis=reduced_axes(reading, one), keepdims=keep, dtype=arrays[0].dtype))


def _with(function: Callable[[Values, Values], Values]) -> Callable[[Reading, TfliteOperator, list[Values]], Values]:
    return lambda _reading, _one, arrays: np.asarray(function(arrays[0], arrays[1])).astype(arrays[0].dtype)


_SHAPES = {"SHAPE": _shape, "RANK": _rank}
_FUSING = {"ADD", "SUB", "MUL", "CONCATENATION"}
_COMPUTING = {"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "FLOOR_DIV", "REDUCE_PROD", "CAST", "CONCATENATION"}
"""Builtins that do more than move values: those of int8 have scales, which is not done here."""
_FOLDERS: dict[str, Callable[[Reading, TfliteOperator, list[Values]], Values]] = {
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "FILL": _fill,
    "CAST": _cast,
    "GATHER": _gather,
    "PACK": _pack,
    "CONCATENATION": _concatenation,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "REDUCE_PROD": _product,
    "ADD": _with(np.add),
    "SUB": _with(np.subtract),
    "MUL": _with(np.multiply),
    "MAXIMUM": _with(np.maximum),
    "MINIMUM": _with(np.minimum),
    "FLOOR_DIV": _with(np.floor_divide),
    "ZEROS_LIKE": lambda _reading, _one, arrays: np.zeros_like(arrays[0]),
}
NAMES = (*_SHAPES, *_FOLDERS)
"""The builtins computed at import, where their inputs are constants."""
