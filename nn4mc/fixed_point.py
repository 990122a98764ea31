"""Fixed-point arithmetic of the quantised operators, bit for bit that of TensorFlow Lite's reference kernels.

A real factor is a ``multiplier`` (0, or 2^30 to 2^31 - 1 in magnitude) and a ``shift``: multiplier * 2^(shift - 31).
Arrays hold whole numbers, as float64 or int64; results are int64.
Source: gemmlowp (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT) and TensorFlow Lite (QuantizeMultiplier).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

INT8_MIN, INT8_MAX = -128, 127
_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
LARGEST_SHIFT = 30
SMALLEST_SHIFT = -31


def integers(values: npt.NDArray[Any]) -> Integers:
    """Return whole numbers as int64."""
    return np.asarray(values).astype(np.int64)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Return (multiplier, shift) nearest to a real factor; ValueError when it is 2^30 or larger.

    >>> quantize_multiplier(0.75)
    (1610612736, 0)
    >>> quantize_multiplier(0.0)
    (0, 0)
    """
    mantissa, shift = math.frexp(real)
    multiplier = int(round_half_away(np.float64(mantissa * 2.0**31)))
    if abs(multiplier) == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < SMALLEST_SHIFT:
        return 0, 0
    if shift > LARGEST_SHIFT:
        raise ValueError(f"a factor of {real:.6g} is too large for fixed-point arithmetic")
    return multiplier, shift


def shared_factors(reals: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int32], int]:
    """Return multipliers and the one shift that stand for positive reals: exact to 31 bits for the largest of them.

    >>> multipliers, shift = shared_factors(np.array([0.1, 0.05]))
    >>> (multipliers * 2.0 ** (shift - 31)).round(9).tolist()
    [0.1, 0.05]
    """
    _, shift = quantize_multiplier(float(reals.max()))
    return np.rint(reals * 2.0 ** (31 - shift)).clip(0, _INT32_MAX).astype(np.int32), shift


def rescale(values: npt.NDArray[Any], multiplier: Any, shift: Any) -> Integers:
    """Return values * multiplier * 2^(shift - 31), rounded twice as the kernels do; arguments broadcast.

    Where a left shift leaves int32 it saturates (the reference kernel's result is undefined there).
    """
    shifts = integers(shift)
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    shifted = np.clip(integers(values) << left, _INT32_MIN, _INT32_MAX)
    return _divide_by_power(_doubling_high_product(shifted, integers(multiplier)), right)


def rescale_once(values: npt.NDArray[Any], multiplier: Any, shift: Any) -> Integers:
    """Return values * multiplier * 2^(shift - 31), rounded once, halves up, within int32; arguments broadcast."""
    total = 31 - integers(shift)
    product = integers(values) * integers(multiplier)
    return np.asarray(np.clip((product + (np.int64(1) << (total - 1))) >> total, _INT32_MIN, _INT32_MAX))


def _doubling_high_product(a: Integers, b: Integers) -> Integers:
    product = a * b
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    return np.asarray(np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31)))


def _divide_by_power(x: Integers, exponent: Integers) -> Integers:
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return np.asarray((x >> exponent) + ((x & mask) > threshold))


def round_half_away(values: npt.NDArray[Any] | np.floating[Any]) -> npt.NDArray[Any]:
    """Return the nearest whole numbers, halves away from zero, in the type of ``values``.

    >>> round_half_away(np.array([0.5, -0.5, 0.49999997], np.float32)).tolist()
    [1.0, -1.0, 0.0]
    """
    whole = np.trunc(values)
    return np.asarray(whole + np.sign(values) * (np.abs(values - whole) >= 0.5))


def clamp(values: npt.NDArray[Any], minimum: int = INT8_MIN, maximum: int = INT8_MAX) -> npt.NDArray[np.float64]:
    """Return values within minimum..maximum, as the float64 that the reference passes on."""
    return np.asarray(np.clip(np.asarray(values), minimum, maximum), np.float64)


def to_steps(real: npt.NDArray[Any], per_unit: float, limit: int) -> npt.NDArray[np.float64]:
    """Return reals * per_unit to the nearest whole number within +-limit, computed in float32 as the kernel does.

    Halves go to the even neighbour; NaN counts as -limit.

    >>> to_steps(np.array([0.0, 0.3, 100.0, np.nan]), 10.0, 255).tolist()
    [0.0, 3.0, 255.0, -255.0]
    """
    with np.errstate(over="ignore"):
        steps = np.asarray(real).astype(np.float32) * np.float32(per_unit)
    steps = np.where(steps > -np.float32(limit), steps, -np.float32(limit))
    return np.asarray(np.rint(np.minimum(steps, np.float32(limit))), np.float64)


def to_int8(real: npt.NDArray[Any], scale: float, zero_point: int) -> npt.NDArray[np.float64]:
    """Return the int8 values nearest to reals, computed in float32 as the kernels do, as float64.

    >>> to_int8(np.array([0.0, 0.26, 100.0]), 0.5, -3).tolist()
    [-3.0, -2.0, 127.0]
    """
    with np.errstate(over="ignore"):
        steps = np.asarray(real).astype(np.float32) / np.float32(scale)
    steps = np.clip(steps, np.float32(-1e6), np.float32(1e6))
    return clamp(round_half_away(steps) + np.float32(zero_point))
