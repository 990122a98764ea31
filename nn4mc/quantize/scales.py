"""Scales: how weights, biases and activations become integers, so that no sum can leave int32 for any input."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.ir import INT8, INT16, Array, Float32Array
from nn4mc.ops.integer_rows import INT8_STEPS, INT16_STEPS, Walk, walk, within_int32
from nn4mc.quantize.calibrate import Seen
from nn4mc.quantize.rounding import mean_error, round_rows

LARGEST = {INT8: 127, INT16: 32767}
_BIAS_MAX = 2**30
_SMALLEST_STEP = 1e-20
"""Of a scale: far below any that matters, far above float32's underflow when two are multiplied."""


@dataclass(frozen=True)
class Steps:
    """An activation in integers: real = scale * (integer - zero), |integer - zero| at most ``limit``."""

    dtype: str
    scale: float
    zero: int
    limit: int

    @property
    def per_unit(self) -> float:
        """Steps in 1.0, as float32."""
        return float(np.float32(1.0 / self.scale))

    @property
    def real_range(self) -> tuple[float, float]:
        """The smallest and the largest number that has a step of its own."""
        if self.dtype == INT8:
            return self.scale * (-128 - self.zero), self.scale * (127 - self.zero)
        return -self.scale * self.limit, self.scale * self.limit


@dataclass(frozen=True)
class Matrix:
    """Weights (rows, ...) and bias in integers; a sum in real units is ``scales`` (of W x) times it.

    ``restored`` is what the weights then stand for, ``lacking`` (rows) by how much their products are short on average.
    """

    weights: npt.NDArray[np.int8] | npt.NDArray[np.int16]
    bias: npt.NDArray[np.int32]
    scales: npt.NDArray[np.float64]
    shift: int
    restored: Float32Array
    walk: Walk
    lacking: Array


def affine(seen: Seen) -> Steps:
    """Return int8 steps for a range, widened to hold 0 exactly.

    >>> affine(Seen(0.0, 2.55, np.zeros(1))).zero
    -128
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    scale = max((high - low) / INT8_STEPS, _SMALLEST_STEP) if high > low else 1.0
    return Steps(INT8, float(np.float32(scale)), int(np.clip(np.rint(-128 - low / scale), -128, 127)), INT8_STEPS)


def symmetric(largest: float, limit: int = INT16_STEPS) -> Steps:
    """Return int16 steps for values up to ``largest`` in magnitude, ``limit`` of them on either side."""
    scale = max(largest / limit, _SMALLEST_STEP) if largest > 0.0 else 1.0
    return Steps(INT16, float(np.float32(scale)), 0, limit)


def row_scales(weights: Float32Array, bias: Array | Float32Array, dtype: str, x: Steps) -> npt.NDArray[np.float64]:
    """Return a scale a row of weights (rows, ...): the largest weight takes the largest step.

    A row whose bias is far above its weights gets a coarser scale, so that the bias fits; a row of zeros gets 1.
    """
    largest = np.abs(weights.astype(np.float64)).reshape(len(weights), -1).max(axis=1, initial=0.0)
    scales = np.maximum(largest / LARGEST[dtype], np.abs(bias.astype(np.float64)) / (x.scale * _BIAS_MAX))
    return np.where(scales > 0.0, np.maximum(scales, _SMALLEST_STEP), 1.0)


def make_matrix(
    weights: Float32Array,
    bias: Array | Float32Array,
    dtype: str,
    x: Steps,
    inputs: Array | None = None,
    correct: bool = True,
) -> Matrix:
    """Return a matrix for x in given steps; ValueError where its sums could leave int32.

    ``inputs`` (n, columns) are values of x: int8 weights are rounded so that their products change least, and the bias
    makes up for the mean of that change if ``correct``.
    """
    scales = row_scales(weights, bias, dtype, x)
    exact = weights.reshape(len(weights), -1)
    flat = round_rows(exact, scales, LARGEST[dtype], inputs if dtype == INT8 else None).astype(dtype)
    restored = flat * scales[:, None]
    lacking = mean_error(exact, restored, inputs)
    added = bias.astype(np.float64) + (lacking if correct else 0.0)
    shift, in_steps = _bias_and_shift(flat, added / (x.scale * scales), x.limit)
    return Matrix(
        weights=flat.reshape(weights.shape),
        bias=in_steps,
        scales=x.scale * scales * 2.0**shift,
        shift=shift,
        restored=restored.reshape(weights.shape).astype(np.float32),
        walk=walk(flat, in_steps, x.limit),
        lacking=lacking,
    )


def _bias_and_shift(
    weights: npt.NDArray[np.int8] | npt.NDArray[np.int16], bias: npt.NDArray[np.float64], limit: int
) -> tuple[int, npt.NDArray[np.int32]]:
    """Return by how much sums are shifted and the bias in their steps; int8 weights need no shift."""
    for shift in range(32 if weights.dtype == np.int16 else 1):
        steps = np.rint(bias / 2.0**shift)
        if within_int32(weights, steps, limit, shift):
            return shift, steps.astype(np.int32)
    raise ValueError("its sums can leave int32")


def fitting(
    weights: Float32Array,
    bias: Array | Float32Array,
    dtype: str,
    largest: float,
    inputs: Array | None = None,
    correct: bool = True,
) -> tuple[Steps, Matrix]:
    """Return int16 steps for a float x and the matrix for them: the finest with which no sum can leave int32."""
    limit = INT16_STEPS
    while True:
        steps = symmetric(largest, limit)
        try:
            return steps, make_matrix(weights, bias, dtype, steps, inputs, correct)
        except ValueError:
            if limit < INT8_STEPS:
                raise
            limit //= 2
