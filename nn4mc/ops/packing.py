"""Constants in the order in which a kernel reads them: matrices as blocks of rows, packed by columns.

What nn4mc_rows.h and nn4mc_sweep.h say of blocks is made here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.ir import Float32Array

MOST_SWEPT_ROWS = 8
"""Rows of a block in nn4mc_sweep.h, whose kernels keep two registers or more for each."""


@dataclass(frozen=True)
class Part:
    """``blocks`` blocks of ``height`` rows each, which make outputs from ``first`` on of inputs from ``x`` on.

    Their values start at ``at``, those of the next block are ``block_step`` behind.
    """

    height: int
    blocks: int
    first: int
    x: int
    at: int
    block_step: int


@dataclass(frozen=True)
class Packed:
    """Values as they are stored, and how the kernel walks over them; ``layout`` is the template's business."""

    data: npt.NDArray[Any]
    about: str
    layout: Any = None


PackedConstants = Mapping[str, Packed]
"""By the name that a node's template knows them by."""


def row_parts(rows: int, columns: int, most: int) -> tuple[Part, ...]:
    """Return ``rows`` as at most two parts whose blocks have nearly the same height, ``most`` at the most.

    No row is padded. With 23 rows and blocks of at most 16: one of 12 rows and one of 11.

    >>> [(part.height, part.blocks) for part in row_parts(23, 4, 16)]
    [(12, 1), (11, 1)]
    """
    blocks = -(-rows // most)
    low, taller = divmod(rows, blocks)
    parts: list[Part] = []
    first = at = 0
    for height, count in ((low + 1, taller), (low, blocks - taller)):
        if count:
            step = height * (1 + columns)
            parts.append(Part(height, count, first, 0, at, step))
            first, at = first + height * count, at + step * count
    return tuple(parts)


def pack_rows(weights: Float32Array, bias: Float32Array, most: int, about: str) -> Packed:
    """Return weights (rows, columns) and bias (rows) in blocks: the biases of a block, then column by column.

    ``layout`` is the tuple of its parts.
    """
    parts = row_parts(len(weights), weights.shape[1], most)
    together = np.concatenate([bias[:, None], weights], axis=1)
    stored = [
        together[part.first + i * part.height : part.first + (i + 1) * part.height].T.ravel()
        for part in parts
        for i in range(part.blocks)
    ]
    return Packed(np.concatenate(stored), about, parts)


def pack_groups(weights: Float32Array, bias: Float32Array, groups: int, depth: int, most: int) -> Packed:
    """Return weights (rows, columns) whose rows fall into ``groups``, each of ``depth`` inputs of its own.

    ``layout`` is the tuple of all parts of all groups.
    """
    data, layout, at = [], [], 0
    split = zip(np.split(weights, groups), np.split(bias, groups), strict=True)
    for group, (own, own_bias) in enumerate(split):
        packed = pack_rows(own, own_bias, most, "")
        first = group * len(own)
        layout += [replace(one, first=one.first + first, x=group * depth, at=one.at + at) for one in packed.layout]
        data.append(packed.data)
        at += packed.data.size
    return Packed(np.concatenate(data), "weights and bias", tuple(layout))


def pack_channels(weights: Float32Array, bias: Float32Array, most: int) -> Packed:
    """Return weights (channels, taps) for a kernel whose every row has an input of its own."""
    packed = pack_rows(weights, bias, most, "weights and bias of each channel")
    return replace(packed, layout=tuple(replace(part, x=part.first) for part in packed.layout))
