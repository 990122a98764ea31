"""Numbers as C literals: exact and as short as possible."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import GraphError
from nn4mc.ir import Float32Array

_PER_LINE = 8


def float_literal(value: float | np.float32) -> str:
    """Return the shortest decimal literal that is read back as the same float32.

    Raises GraphError for NaN and Inf.

    >>> float_literal(0.1), float_literal(1e-40), float_literal(3.0)
    ('0.1f', '1e-40f', '3.0f')
    """
    number = np.float32(value)
    if not np.isfinite(number):
        raise GraphError(f"{number} has no C literal")
    return f"{number!s}f"


def float_rows(values: Float32Array | Iterable[float]) -> list[str]:
    """Return the body of an array initialiser, eight literals a line."""
    return _lines([float_literal(value) for value in np.asarray(values, dtype=np.float32).ravel()])


def rows(values: npt.NDArray[Any]) -> list[str]:
    """Return the body of an array initialiser for float32 or integers."""
    if values.dtype.kind == "f":
        return float_rows(values)
    return _lines([_integer_literal(int(value)) for value in values.ravel()])


def _integer_literal(value: int) -> str:
    """Return an int32 literal; the smallest one has no literal of its own in C."""
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def _lines(literals: list[str]) -> list[str]:
    return [", ".join(literals[i : i + _PER_LINE]) + "," for i in range(0, len(literals), _PER_LINE)]
