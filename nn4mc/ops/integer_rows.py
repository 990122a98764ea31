"""Integer products: which kernel a matrix takes without leaving int32, and its weights packed for it.

A sum is bias + w x / 2^shift, for |x| up to ``limit``; the layout is that of firmware's nn4mc_integer_rows.h.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.ops.packing import Packed

Integers = npt.NDArray[Any]

INT8_STEPS = 255
"""The largest |x - zero point| of int8."""
INT16_STEPS = 32767
INT32_MAX = 2**31 - 1
_JOINT_MAX = 2**23 - 1
"""Of a sum of 8x8, which comes out of 32 bits as their upper 24."""
_BYTE_MAX = 127


@dataclass(frozen=True)
class Walk:
    """How a kernel goes over packed weights: ``kernel`` is 8x8, 8x16 or 16x16."""

    kernel: str
    blocks: int
    fours: int
    block_rows: int

    @property
    def words(self) -> int:
        """The 32-bit words of working memory: x in int16, then the sums."""
        return 2 * self.fours + self.block_rows * self.blocks


def largest_sums(weights: Integers, bias: Integers, limit: int) -> Integers:
    """Return the largest |sum| that each row can reach with |x| <= ``limit``, as int64."""
    rows = np.abs(weights.astype(np.int64)).reshape(len(weights), -1).sum(axis=1) * limit
    return np.asarray(rows + np.abs(bias.astype(np.int64)))


def within_int32(weights: Integers, bias: Integers, limit: int, shift: int) -> bool:
    """Return whether no sum over 2^shift, halves up, leaves int32 for any |x| <= ``limit`` once the bias is added."""
    largest = np.abs(weights.astype(np.int64)).reshape(len(weights), -1).sum(axis=1) * limit
    return bool(np.all((largest + ((1 << shift) >> 1) >> shift) + np.abs(bias.astype(np.int64)) <= INT32_MAX))


def walk(weights: Integers, bias: Integers, limit: int) -> Walk:
    """Return how a matrix (rows, columns) is walked over; ValueError where its sums can leave int32."""
    rows, columns = weights.shape
    fours = -(-columns // 4)
    if weights.dtype == np.int16:
        return Walk("16x16", -(-rows // 2), fours, 2)
    largest = int(largest_sums(weights, bias, limit).max(initial=0))
    if largest > INT32_MAX:
        raise ValueError(f"its sums can leave int32 (up to {largest:,})")
    joint = limit <= INT8_STEPS and largest <= _JOINT_MAX and int(weights.min(initial=0)) >= -_BYTE_MAX
    return Walk("8x8" if joint else "8x16", -(-rows // 4), fours, 4)


def words_of(rows: int, columns: int) -> int:
    """Return the words of working memory of a product of any kernel: x in int16, then the sums."""
    return 2 * -(-columns // 4) + 4 * -(-rows // 4)


def pack(weights: Integers, bias: Integers, limit: int, about: str) -> Packed:
    """Return a matrix (rows, columns) of int8 or int16 and its int32 bias as the words its kernel reads."""
    plan = walk(weights, bias, limit)
    tall = np.zeros((plan.blocks * plan.block_rows, 4 * plan.fours), np.int64)
    tall[: weights.shape[0], : weights.shape[1]] = weights
    added = np.zeros(len(tall), np.int64)
    added[: len(bias)] = bias
    blocks = zip(np.split(tall, plan.blocks), np.split(added, plan.blocks), strict=True)
    join = {"8x8": _block_8x8, "8x16": _block_8x16, "16x16": _block_16x16}[plan.kernel]
    return Packed(_as_int32(np.concatenate([join(*block) for block in blocks])), about, plan)


def pack_each(matrices: Sequence[tuple[Integers, Integers]], limit: int, about: str) -> list[Packed]:
    """Return several matrices with their biases, each packed on its own."""
    return [pack(weights, bias, limit, about) for weights, bias in matrices]


def _block_8x8(rows: Integers, bias: Integers) -> Integers:
    """Return the words of four rows, pairs of them as one number a half."""
    low, high = rows[0::2], rows[1::2]
    first = bias.copy()
    first[1::2] = bias[0::2] + 256 * bias[1::2]
    return np.concatenate([first, _pairs(256 * high + low)])


def _block_8x16(rows: Integers, bias: Integers) -> Integers:
    low, high = rows[0::2] & 0xFF, rows[1::2] & 0xFF
    return np.concatenate([bias, _pairs(high << 8 | low)])


def _block_16x16(rows: Integers, bias: Integers) -> Integers:
    return np.concatenate([_pairs(rows), bias])


def _pairs(halves: Integers) -> Integers:
    """Return halves (pairs of rows, columns) as words, two columns a word, column by column."""
    even, odd = halves[:, 0::2] & 0xFFFF, halves[:, 1::2] & 0xFFFF
    return np.asarray((odd << 16 | even).T.ravel())


def _as_int32(words: Integers) -> npt.NDArray[np.int32]:
    return (words & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
