"""Scales: how weights, biases and activations become integers, so that no sum can leave int32 for any input."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.ir import INT8, INT16, Float32Array
from nn4mc.ops.integer_rows import INT8_STEPS, INT16_STEPS, INT32_MAX, Walk, walk
from nn4mc.quantize.calibrate import Seen

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


@dataclass(frozen=True)
class Matrix:
    """Weights (rows, ...) and bias in integers; a sum in real units is ``scales`` (of W x) times it.

    ``restored`` is what the weights then stand for.
    """

    weights: npt.NDArray[np.int8] | npt.NDArray[np.int16]
    bias: npt.NDArray[np.int32]
    scales: npt.NDArray[np.float64]
    shift: int
    restored: Float32Array
    walk: Walk


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


def quantize_rows(weights: Float32Array, dtype: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return weights (rows, ...) as integers and a scale a row; a row of zeros has scale 0."""
    flat = weights.astype(np.float64).reshape(len(weights), -1)
    scales = np.abs(flat).max(axis=1, initial=0.0) / LARGEST[dtype]
    scales = np.where(scales > 0.0, np.maximum(scales, _SMALLEST_STEP), 0.0)
    steps = np.rint(flat / np.where(scales > 0.0, scales, 1.0)[:, None])
    return steps.astype(np.int64).reshape(weights.shape), scales


def make_matrix(weights: Float32Array, bias: Float32Array, dtype: str, x: Steps) -> Matrix:
    """Return a matrix for x in given steps; ValueError where its sums could leave int32.

    A row whose bias is far above its weights gets a coarser scale, so that the bias fits.
    """
    _, scales = quantize_rows(weights, dtype)
    scales = np.maximum(scales, np.abs(bias.astype(np.float64)) / (x.scale * _BIAS_MAX))
    scales = np.where(scales > 0.0, scales, 1.0)
    wide = scales.reshape(-1, *([1] * (weights.ndim - 1)))
    steps = np.rint(weights.astype(np.float64) / wide).astype(dtype)
    flat = steps.reshape(len(steps), -1)
    shift, in_steps = _bias_and_shift(flat, bias.astype(np.float64) / (x.scale * scales), x.limit)
    restored = (steps * wide).astype(np.float32)
    return Matrix(
        steps, in_steps, x.scale * scales * 2.0**shift, shift, restored, walk(flat, in_steps, x.limit)
    )


def _bias_and_shift(
    weights: npt.NDArray[np.int8] | npt.NDArray[np.int16], bias: npt.NDArray[np.float64], limit: int
) -> tuple[int, npt.NDArray[np.int32]]:
    """Return by how much sums are shifted and the bias in their steps; int8 weights need no shift."""
    largest = np.abs(weights.astype(np.int64)).sum(axis=1) * limit
    for shift in range(32 if weights.dtype == np.int16 else 1):
        steps = np.rint(bias / 2.0**shift)
        if np.all((largest >> shift) + 1 + np.abs(steps) <= INT32_MAX):
            return shift, steps.astype(np.int32)
    raise ValueError("its sums can leave int32")


def fitting(weights: Float32Array, bias: Float32Array, dtype: str, largest: float) -> tuple[Steps, Matrix]:
    """Return int16 steps for a float x and the matrix for them: the finest with which no sum can leave int32."""
    limit = INT16_STEPS
    while True:
        steps = symmetric(largest, limit)
        try:
            return steps, make_matrix(weights, bias, dtype, steps)
        except ValueError:
            if limit < INT8_STEPS:
                raise
            limit //= 2
