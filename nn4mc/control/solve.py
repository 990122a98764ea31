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

ROUNDING = 2e-7
"""A gain below this share of the cost is none in float32."""
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


@dataclass(frozen=True)
class Settings:
    """Work and precision: ``retries`` are shorter steps tried, of all iterations together.

    A step within ``tolerance`` of none, or one that gains less than ``rounding`` of the cost, ends the solution.
    """

    iterations: int
    retries: int
    newton: bool = False
    damping: float = 0.0
    tolerance: float = 0.0
    rounding: float = ROUNDING


def newton_step(local: Local, bounds: MoveBounds, damping: float) -> tuple[Array, float]:
    """Return the step that minimises the local model within bounds, and by how much it lowers it.

    It is 0 where no share of the curvature will do.
    """
    diagonal = (damping + LEAST_DIAGONAL) * float(np.abs(np.diag(local.hessian)).max())
    damped = local.hessian + diagonal * np.eye(len(local.gradient))
    for share in CURVATURES if local.curvature is not None else CURVATURES[-1:]:
        bent = damped if local.curvature is None else damped + share * local.curvature
        try:
            step = solve_quadratic(bent, local.gradient, bounds)
        except np.linalg.LinAlgError:
            continue
        return step, -float(step @ (local.gradient + bent @ step / 2))
    return np.zeros(len(local.gradient)), 0.0


def solve(
    value: Callable[[Array], float],
    local: Callable[[Array, bool], Local],
    limits: Limits,
    start: Array,
    settings: Settings,
) -> Solution:
    """Minimise from ``start`` (Nu, m).

    ``value`` returns J of moves, ``local`` the model around them, with second derivatives if asked for.
    """
    moves = inside(limits, start)
    best = value(moves)
    residual, retries = 0.0, settings.retries
    if not np.isfinite(best):
        return Solution(moves, best, 0, residual, Reason.NOT_FINITE)
    for made in range(1, settings.iterations + 1):
        here = local(moves, settings.newton and made > 1)
        flat, gain = newton_step(here, move_bounds(limits, moves), settings.damping)
        residual = float(np.abs(flat).max())
        if residual <= settings.tolerance or gain <= settings.rounding * best:
            return Solution(moves, best, made, residual, Reason.CONVERGED)
        found = _search(value, limits, moves, flat.reshape(moves.shape), best, retries)
        if found is None:
            return Solution(moves, best, made, residual, Reason.STALLED)
        moves, best, retries = found
    return Solution(moves, best, settings.iterations, residual, Reason.ITERATIONS)


def _search(
    value: Callable[[Array], float], limits: Limits, moves: Array, step: Array, best: float, retries: int
) -> tuple[Array, float, int] | None:
    """Return better moves along a step, their cost, and the retries that are left; None when there are none."""
    for quartering in range(retries + 1):
        trial = inside(limits, moves + 0.25**quartering * step)
        cost = value(trial)
        if cost < best:
            return trial, cost, retries - quartering
    return None
