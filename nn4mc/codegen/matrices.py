"""Matrices as nn4mc_matrix_t in C: blocks of rows of one height, by columns, without biases (nn4mc_columns.h)."""

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


def block_rows(rows: int, columns: int) -> tuple[BlockRows, ...]:
    """Return the blocks of a matrix: all of one height where its rows can be divided so, at most two heights else.

    >>> [(one.height, one.blocks) for one in block_rows(30, 2)], [(one.height, one.blocks) for one in block_rows(11, 2)]
    ([(6, 5)], [(6, 1), (5, 1)])
    """
    fitting = [height for height in range(MOST_ROWS, _LEAST_ROWS - 1, -1) if rows % height == 0]
    if rows > MOST_ROWS and fitting:
        return (BlockRows(fitting[0], rows // fitting[0], 0, 0, fitting[0] * columns),)
    return tuple(
        BlockRows(part.height, part.blocks, part.first, part.first * columns, part.height * columns)
        for part in row_parts(rows, 0, MOST_ROWS)
    )


def make_matrix(name: str, values: Array) -> Matrix:
    """Return ``values`` (rows, columns) packed."""
    rows, columns = values.shape
    parts = block_rows(rows, columns)
    packed = [
        values[part.first + i * part.height : part.first + (i + 1) * part.height].T.ravel()
        for part in parts
        for i in range(part.blocks)
    ]
    return Matrix(name, float_rows(np.concatenate(packed).astype(np.float32)), values.size, parts)
