"""Quantised functions of one value: each becomes a table of 256, computed here as the interpreter computes its own."""

from collections.abc import Callable
from math import erf
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.fixed_point import INT8_MAX, INT8_MIN, clamp, rescale, round_half_away
from nn4mc.importers.tflite_int8 import bounds, factor, meaning, scale_of
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, refuse
from nn4mc.ir import INT8
from nn4mc.ops.activation import sigmoid

Values = npt.NDArray[Any]
_ALL = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)

_TINY = 1e-30
"""Stands in for what has no logarithm or root: the result is the smallest or largest int8."""

_FUNCTIONS: dict[str, Callable[[TfliteOperator, Values], Values]] = {
    "TANH": lambda _one, x: np.tanh(x),
    "LOGISTIC": lambda _one, x: sigmoid(x),
    "ELU": lambda _one, x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
    "EXP": lambda _one, x: np.exp(np.minimum(x, 80.0)),
    "ABS": lambda _one, x: np.abs(x),
    "LOG": lambda _one, x: np.log(np.maximum(x, _TINY)),
    "SQRT": lambda _one, x: np.sqrt(np.maximum(x, 0.0)),
    "RSQRT": lambda _one, x: 1.0 / np.sqrt(np.maximum(x, _TINY)),
    "GELU": lambda one, x: _gelu(x, bool(one.option("approximate", "?"))),
}
"""In float64, of the real values that the integers stand for."""
_TRUNCATED = {"SQRT"}
"""Functions whose table in the interpreter drops the fraction."""
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
    within = np.clip(steps, np.float32(-1e6), np.float32(1e6))
    whole = np.trunc(within) if one.code in _TRUNCATED else round_half_away(within)
    return clamp(whole + np.float32(out_zero))


def _relu_table(reading: Reading, one: TfliteOperator) -> Values:
    scale, zero = scale_of(reading.tensor(one, 0))
    out_scale, out_zero = scale_of(reading.output(one))
    limits = bounds(one, reading.output(one), one.code)
    ratio = float(np.float32(scale) / np.float32(out_scale))
    scaled = rescale(_ALL - zero, *factor(one, ratio)) + out_zero
    return clamp(np.clip(scaled, limits["minimum"], limits["maximum"]))


def _leaky_relu_table(reading: Reading, one: TfliteOperator) -> Values:
    """Return the two rescalings of the reference kernel, whose factors are quotients in float32."""
    scale, zero = scale_of(reading.tensor(one, 0))
    out_scale, out_zero = scale_of(reading.output(one))
    with np.errstate(over="ignore", under="ignore"):
        plain = np.float32(scale) / np.float32(out_scale)
        leaking = np.float32(scale) * np.float32(one.option("alpha", "f")) / np.float32(out_scale)
    above = rescale(_ALL - zero, *factor(one, float(plain)))
    below = rescale(_ALL - zero, *factor(one, float(leaking)))
    return clamp(np.where(zero <= _ALL, above, below) + out_zero)


def _hard_swish_table(reading: Reading, one: TfliteOperator) -> Values:
    """x * relu6(x + 3) / 6 in the 16-bit steps of the reference kernel: relu6 / 6 as a fraction of 2^15."""
    scale, zero = scale_of(reading.tensor(one, 0))
    out_scale, out_zero = scale_of(reading.output(one))
    fine = np.float32(scale) / np.float32(128.0)
    multiplier, shift = _narrow(*factor(one, float(fine / np.float32(out_scale))))
    relu_multiplier, relu_shift = _narrow(*factor(one, float(fine / np.float32(3.0 / 32768.0))))
    if shift > 0:
        refuse("int8 HARD_SWISH to a scale so much finer has no C kernel, nor one in the interpreter")
    x = (_ALL - zero) << 7
    share = _saturated(x << max(relu_shift - 1, 0))
    share = _saturated(_high(share, relu_multiplier, 1 << 14) << min(max(relu_shift, 0), 1))
    share = (_divided(share, max(-relu_shift, 0)) + 2**15) >> 1
    product = _high(share, _high(x, multiplier, 1 << 14), 0)
    return clamp(_divided(product, -shift) + out_zero)


def _narrow(multiplier: int, shift: int) -> tuple[int, int]:
    """Return a multiplier in 15 bits."""
    return min((multiplier + 2**15) >> 16, 2**15 - 1), shift


def _saturated(values: Values) -> Values:
    return np.clip(values, -(2**15), 2**15 - 1)


def _high(a: Values, b: Values | int, nudge: int) -> Values:
    """Return a b / 2^15, rounded by ``nudge`` and cut towards 0."""
    product = a * b
    product = product + np.where(product >= 0, nudge, (1 - nudge) if nudge else 0)
    return np.asarray(np.sign(product) * (np.abs(product) >> 15))


def _divided(values: Values, bits: int) -> Values:
    """Return values / 2^bits, rounded to nearest, halves away from 0."""
    return np.asarray(np.sign(values) * ((np.abs(values) + ((1 << bits) >> 1)) >> bits))


def _table(reading: Reading, one: TfliteOperator) -> str:
    """Add a q_table node: the same for every function, whatever the table."""
    table = _TABLES[one.code](reading, one)
    constant = reading.store("table", table.astype(np.int8))
    return reading.node("q_table", [reading.name(one, 0), constant], {}, INT8, meaning(reading.output(one)))


_TABLES: dict[str, Callable[[Reading, TfliteOperator], Values]] = {
    **dict.fromkeys(_FUNCTIONS, _float_table),
    **dict.fromkeys(_RELU, _relu_table),
    "LEAKY_RELU": _leaky_relu_table,
    "HARD_SWISH": _hard_swish_table,
}
READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = dict.fromkeys(_TABLES, _table)
