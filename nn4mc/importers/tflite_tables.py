"""Quantised functions of one value: each becomes a table of 256, computed here as the interpreter computes its own."""

from collections.abc import Callable
from math import erf
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.fixed_point import INT8_MAX, INT8_MIN, clamp, rescale, round_half_away
from nn4mc.importers.tflite_int8 import bounds, factor, meaning, scale_of
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading
from nn4mc.ir import INT8
from nn4mc.ops.activation import sigmoid

Values = npt.NDArray[Any]
_ALL = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)

_FUNCTIONS: dict[str, Callable[[TfliteOperator, Values], Values]] = {
    "TANH": lambda _one, x: np.tanh(x),
    "LOGISTIC": lambda _one, x: sigmoid(x),
    "ELU": lambda _one, x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
    "EXP": lambda _one, x: np.exp(np.minimum(x, 80.0)),
    "ABS": lambda _one, x: np.abs(x),
    "HARD_SWISH": lambda _one, x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "GELU": lambda one, x: _gelu(x, bool(one.option("approximate", "?"))),
}
"""In float64, of the real values that the integers stand for."""
_RELU = ("RELU", "RELU6", "RELU_N1_TO_1")


def _gelu(x: Values, approximate: bool) -> Values:
    if approximate:
        return np.asarray(0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1.0 + np.vectorize(erf)(x / np.sqrt(2.0))))


def _float_table(reading: Reading, one: TfliteOperator) -> Values:
    """Return round(f(real) / scale) + zero_point, in float32 where the interpreter's table is."""
    scale, zero = scale_of(reading.tensor(one, 0))
    out_scale, out_zero = scale_of(reading.output(one))
    real = np.float32(scale) * (_ALL - zero).astype(np.float32)
    made = _FUNCTIONS[one.code](one, real.astype(np.float64)).astype(np.float32)
    with np.errstate(over="ignore"):
        steps = made * (np.float32(1.0) / np.float32(out_scale))
    return clamp(round_half_away(np.clip(steps, np.float32(-1e6), np.float32(1e6))) + np.float32(out_zero))


def _relu_table(reading: Reading, one: TfliteOperator) -> Values:
    scale, zero = scale_of(reading.tensor(one, 0))
    out_scale, out_zero = scale_of(reading.output(one))
    limits = bounds(one, reading.output(one), one.code)
    ratio = float(np.float32(scale) / np.float32(out_scale))
    scaled = rescale(_ALL - zero, *factor(one, ratio)) + out_zero
    return clamp(np.clip(scaled, limits["minimum"], limits["maximum"]))


def _leaky_relu_table(reading: Reading, one: TfliteOperator) -> Values:
    scale, zero = (np.float32(scale_of(reading.tensor(one, 0))[0]), scale_of(reading.tensor(one, 0))[1])
    out_scale, out_zero = scale_of(reading.output(one))
    alpha = np.float32(one.option("alpha", "f"))
    above = rescale(_ALL - zero, *factor(one, float(scale / np.float32(out_scale))))
    below = rescale(_ALL - zero, *factor(one, float(scale * alpha / np.float32(out_scale))))
    return clamp(np.where(zero <= _ALL, above, below) + out_zero)


def _table(reading: Reading, one: TfliteOperator) -> str:
    """Add a q_table node: the same for every function, whatever the table."""
    table = _TABLES[one.code](reading, one)
    constant = reading.store("table", table.astype(np.int8))
    return reading.node("q_table", [reading.name(one, 0), constant], {}, INT8, meaning(reading.output(one)))


_TABLES: dict[str, Callable[[Reading, TfliteOperator], Values]] = {
    **dict.fromkeys(_FUNCTIONS, _float_table),
    **dict.fromkeys(_RELU, _relu_table),
    "LEAKY_RELU": _leaky_relu_table,
}
READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = dict.fromkeys(_TABLES, _table)
