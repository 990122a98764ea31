"""The cost of moves, its gradient and its Hessian, as the paper states them, in float64.

    J = sum_(k=N1..N2) e_k' Q e_k + sum_(j=1..Nu) du_j' L du_j + barrier,    e_k = r_k - y_k,    du_j = u_j - u_(j-1)
    g = -2 S'Q e + 2 D'L D U + barrier'        H = 2 S'Q S - 2 sum (Q e)_i d2y_i/dU2 + 2 D'L D + barrier''

Gauss-Newton leaves out the second derivatives. The barrier of one command in the box (b - r/2, b + r/2) is
s/(u - b + r/2) + s/(b + r/2 - u) - 4 s/r: it is 0 in the middle and rises without bound towards either side.
"""

from dataclasses import dataclass

import numpy as np

from nn4mc.control.horizon import Prediction
from nn4mc.ir import Array


@dataclass(frozen=True)
class Barrier:
    """Sharpness s, range r and centre b, each (m,)."""

    s: Array
    r: Array
    b: Array


@dataclass(frozen=True)
class Objective:
    """What the moves are for: ``wanted`` (N2, p), Q (p,), L (m,), N1, the command before the first move (m,)."""

    wanted: Array
    q: Array
    l: Array  # noqa: E741 - the paper's letter
    first_step: int
    last: Array
    barrier: Barrier | None = None


def cost(objective: Objective, moves: Array, outputs: Array) -> float:
    """Return J for moves (Nu, m) and predictions (N2, p)."""
    error = (objective.wanted - outputs)[objective.first_step - 1 :]
    change = np.diff(moves, axis=0, prepend=objective.last[None])
    total = float((objective.q * error**2).sum() + (objective.l * change**2).sum())
    return total if objective.barrier is None else total + _barrier(objective.barrier, moves)[0]


def derivatives(objective: Objective, moves: Array, made: Prediction) -> tuple[Array, Array, Array | None]:
    """Return g (Nu m,), H without second derivatives of the prediction (Nu m, Nu m), and their part or None."""
    at = slice(objective.first_step - 1, None)
    weighted = objective.q * (objective.wanted - made.outputs)[at]
    slopes = made.first[at]
    change, penalty = _changes(objective, moves)
    gradient = -2.0 * np.einsum("kp,kdp->d", weighted, slopes) + 2.0 * change
    hessian = 2.0 * np.einsum("kdp,p,kep->de", slopes, objective.q, slopes) + 2.0 * penalty
    if objective.barrier is not None:
        _, first, second = _barrier(objective.barrier, moves)
        gradient = gradient + first
        hessian = hessian + np.diag(second)
    bent = None if made.second is None else -2.0 * np.einsum("kp,kdep->de", weighted, made.second[at])
    return gradient, hessian, bent


def _changes(objective: Objective, moves: Array) -> tuple[Array, Array]:
    """Return D'L (D U - previous) (Nu m,) and D'L D (Nu m, Nu m)."""
    count, m = moves.shape
    difference = np.eye(count * m) - np.eye(count * m, k=-m)
    weights = np.tile(objective.l, count)
    change = np.diff(moves, axis=0, prepend=objective.last[None]).ravel()
    return difference.T @ (weights * change), difference.T @ (weights[:, None] * difference)


def _barrier(barrier: Barrier, moves: Array) -> tuple[float, Array, Array]:
    above = moves - (barrier.b - barrier.r / 2)
    below = (barrier.b + barrier.r / 2) - moves
    value = barrier.s / above + barrier.s / below - 4.0 * barrier.s / barrier.r
    first = barrier.s / below**2 - barrier.s / above**2
    second = 2.0 * barrier.s / below**3 + 2.0 * barrier.s / above**3
    return float(value.sum()), first.ravel(), second.ravel()
