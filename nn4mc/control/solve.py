"""Damped Newton-Raphson and Gauss-Newton over moves within limits: feasible at every iteration, never above the start.

Each iteration minimises the local quadratic model within the limits (nn4mc.control.quadratic), brings the new moves
inside to the last bit, and quarters the step until the cost falls. Where H is not positive definite, less of its
second-derivative part is taken, at most three times; Gauss-Newton, which has none of it, is positive definite with L.
The first iteration is Gauss-Newton in any case: far from the optimum second derivatives mislead as often as they help.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from nn4mc.control.quadratic import MoveBounds, solve_quadratic
from nn4mc.ir import Array

TRIALS = 6
"""Steps tried along a direction, each a quarter of the one before."""
CURVATURES = (1.0, 0.5, 0.1, 0.0)
"""Shares of the second-derivative part that are tried; Gauss-Newton takes the last."""
LEAST_DIAGONAL = 2e-6
"""Raises the diagonal of every H, as a share of its largest element: without L, H is only semidefinite."""
BOUNDARY_FRACTION = 0.95
"""With a barrier, a step goes at most this share of the way to the end of its box."""


class Reason(IntEnum):
    """Why the solver stopped."""

    ITERATIONS = 0
    CONVERGED = 1
    STALLED = 2
    NOT_FINITE = 3


@dataclass(frozen=True)
class Limits:
    """Boxes (m,), the largest change a step, and the command in force (m,). ``interior``: steps stay off the ends."""

    minimum: Array
    maximum: Array
    rate: float
    last: Array
    interior: bool = False


@dataclass(frozen=True)
class Local:
    """J, its gradient, the Gauss-Newton part of its Hessian, and the second-derivative part or None."""

    cost: float
    gradient: Array
    hessian: Array
    curvature: Array | None = None


@dataclass(frozen=True)
class Solution:
    """Moves (Nu, m), their cost, the iterations made, the largest change the last one asked for, and why it ended."""

    moves: Array
    cost: float
    iterations: int
    residual: float
    reason: Reason


def inside(limits: Limits, moves: Array) -> Array:
    """Return moves brought into the box and then within the rate, one after the other; the rate has the last word.

    A move whose predecessor is in the box stays there: the rate only brings it nearer. Where the command in force lies
    outside, because the box was changed, moves approach the box at the rate.
    """
    made = np.empty_like(moves)
    before = limits.last
    for j, move in enumerate(moves):
        allowed = np.clip(move, limits.minimum, limits.maximum)
        made[j] = before = np.clip(allowed, before - limits.rate, before + limits.rate)
    return made


def move_bounds(limits: Limits, moves: Array) -> MoveBounds:
    """Return how far each move may go from where it is, alone and from the one before."""
    count, m = moves.shape
    reach = limits.rate * np.arange(1, count + 1)[:, None]
    low, high = (np.clip(end, limits.last - reach, limits.last + reach) for end in (limits.minimum, limits.maximum))
    share = BOUNDARY_FRACTION if limits.interior else 1.0
    gap = np.diff(moves, axis=0, prepend=moves[:1]).ravel()
    return MoveBounds(
        np.minimum(share * (low - moves), 0.0).ravel(),
        np.maximum(share * (high - moves), 0.0).ravel(),
        -limits.rate - gap,
        limits.rate - gap,
        m,
    )


def newton_step(local: Local, bounds: MoveBounds, damping: float) -> Array:
    """Return the step that minimises the local model within bounds; 0 where no share of the curvature will do."""
    diagonal = (damping + LEAST_DIAGONAL) * float(np.abs(np.diag(local.hessian)).max())
    damped = local.hessian + diagonal * np.eye(len(local.gradient))
    for share in CURVATURES if local.curvature is not None else CURVATURES[-1:]:
        bent = damped if local.curvature is None else damped + share * local.curvature
        try:
            return solve_quadratic(bent, local.gradient, bounds)
        except np.linalg.LinAlgError:
            continue
    return np.zeros(len(local.gradient))


def solve(
    value: Callable[[Array], float],
    local: Callable[[Array, bool], Local],
    limits: Limits,
    start: Array,
    iterations: int,
    newton: bool = False,
    damping: float = 0.0,
    tolerance: float = 0.0,
) -> Solution:
    """Minimise from ``start`` (Nu, m); stops early when a step is within ``tolerance`` of no step at all.

    ``value`` returns J of moves, ``local`` the model around them, with second derivatives where its second argument says.
    """
    moves = inside(limits, start)
    best = value(moves)
    residual, reason = 0.0, Reason.ITERATIONS
    if not np.isfinite(best):
        return Solution(moves, best, 0, residual, Reason.NOT_FINITE)
    for made in range(1, iterations + 1):
        exact = newton and made > 1
        step = newton_step(local(moves, exact), move_bounds(limits, moves), damping).reshape(moves.shape)
        residual = float(np.abs(step).max())
        if residual <= tolerance:
            return Solution(moves, best, made, residual, Reason.CONVERGED)
        found = _search(value, limits, moves, step, best)
        if found is None:
            return Solution(moves, best, made, residual, Reason.STALLED)
        moves, best = found
    return Solution(moves, best, iterations, residual, reason)


def _search(
    value: Callable[[Array], float], limits: Limits, moves: Array, step: Array, best: float
) -> tuple[Array, float] | None:
    for quartering in range(TRIALS):
        trial = inside(limits, moves + 0.25**quartering * step)
        cost = value(trial)
        if cost < best:
            return trial, cost
    return None
