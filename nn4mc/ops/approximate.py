"""tanh and sigmoid, which C may compute coarsely: their float64 references can be moved, to see what that costs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from nn4mc.ir import Array
from nn4mc.ops.activation import sigmoid

Move = Callable[[Array], Array]
"""From arguments to what is added to the results."""

_move: ContextVar[Move | None] = ContextVar("move", default=None)


@contextmanager
def moved(by: Move) -> Iterator[None]:
    """Add ``by`` of their arguments to the results of tanh and sigmoid within the context."""
    token = _move.set(by)
    try:
        yield
    finally:
        _move.reset(token)


def approximate_tanh(x: Array) -> Array:
    """Return the hyperbolic tangent, moved within :func:`moved`."""
    return _moved(x, np.tanh(x))


def approximate_sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), moved within :func:`moved`."""
    return _moved(x, sigmoid(x))


def _moved(x: Array, y: Array) -> Array:
    move = _move.get()
    return np.asarray(y) if move is None else np.asarray(y + move(x))
