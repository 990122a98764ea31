"""Matrices as nn4mc_matrix_t in C: blocks of rows of one height, by columns, without biases (nn4mc_columns.h)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.codegen.literals import float_rows
from nn4mc.ir import Array
from nn4mc.ops.packing import row_parts

MOST_ROWS = 8
_LEAST_ROWS = 4


@dataclass(frozen=True)
class BlockRows:
    """Rows of one height from ``first`` on, in ``blocks`` blocks whose values begin at ``at``, ``step`` apart."""

    height: int
    blocks: int
    first: int
    at: int
    step: int


@dataclass(frozen=True)
class Matrix:
    """A matrix under its C name: values and parts."""

    name: str
    rows: list[str]
    length: int
    parts: tuple[BlockRows, ...]


def common_heights(rows: Iterable[int]) -> dict[int, int]:
    """Return a height that divides each number of rows, where there is one of at least 4 or of all rows.

    Numbers of rows share heights where they can, since each height is a kernel of some hundred bytes.

    >>> common_heights([30, 10, 3, 23])
    {30: 5, 10: 5, 3: 3}
    """
    fitting = {
        count: {h for h in range(1, MOST_ROWS + 1) if count % h == 0 and (h >= _LEAST_ROWS or h == count)}
        for count in dict.fromkeys(rows)
    }
    chosen: dict[int, int] = {}
    while open_ones := [count for count, heights in fitting.items() if heights and count not in chosen]:
        best = max(range(1, MOST_ROWS + 1), key=lambda h: (sum(h in fitting[count] for count in open_ones), h))
        chosen |= {count: best for count in open_ones if best in fitting[count]}
    return {count: chosen[count] for count in fitting if count in chosen}


def block_rows(rows: int, columns: int, height: int | None) -> tuple[BlockRows, ...]:
    """Return the blocks of a matrix: all of one height, or without one of at most two heights.

    >>> [(one.height, one.blocks) for one in block_rows(30, 2, 5)]
    [(5, 6)]
    >>> [(one.height, one.blocks) for one in block_rows(11, 2, None)]
    [(6, 1), (5, 1)]
    """
    if height is not None:
        return (BlockRows(height, rows // height, 0, 0, height * columns),)
    return tuple(
        BlockRows(part.height, part.blocks, part.first, part.first * columns, part.height * columns)
        for part in row_parts(rows, 0, MOST_ROWS)
    )


def make_matrices(values: Mapping[str, Array]) -> list[Matrix]:
    """Return matrices (rows, columns) by name, packed."""
    heights = common_heights(len(one) for one in values.values())
    return [_packed(name, one, heights.get(len(one))) for name, one in values.items()]


def _packed(name: str, values: Array, height: int | None) -> Matrix:
    rows, columns = values.shape
    parts = block_rows(rows, columns, height)
    packed = [
        values[part.first + i * part.height : part.first + (i + 1) * part.height].T.ravel()
        for part in parts
        for i in range(part.blocks)
    ]
    return Matrix(name, float_rows(np.concatenate(packed).astype(np.float32)), values.size, parts)
