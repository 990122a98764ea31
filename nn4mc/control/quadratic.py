"""Convex quadratic problems over moves: boxes, and a largest change from each move to the next. A primal active set.

    minimise g'd + d'H d / 2    with low <= d <= high    and gap_low <= d_v - d_(v - m) <= gap_high    for v >= m

The variables are Nu moves of m commands, move by move; d = 0 is feasible, and so is every iterate. The working set
holds variables at their box, and ties of a variable to the one a move before. Variables that are tied form a segment of
one command's moves: it moves as one, or not at all where a member is at its box. So the reduced matrix is a sum of
elements of H, and the multipliers are sums of the gradient along a segment.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.ir import Array

FREE = 0
LOW, HIGH = -1, 1
_STILL = 1e-12
"""A step or a multiplier this small, relative to the gradient, is none."""
Signs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MoveBounds:
    """Bounds on d (Nu m,) and on its differences (Nu m,), of which the first m are not used."""

    low: Array
    high: Array
    gap_low: Array
    gap_high: Array
    commands: int


def most_rounds(variables: int) -> int:
    """Return how many working sets are tried at most; fewer are enough in all but contrived problems."""
    return 3 * variables + 4


def solve_quadratic(hessian: Array, gradient: Array, bounds: MoveBounds) -> Array:
    """Return d (Nu m,): feasible and never worse than 0; the minimiser where the rounds suffice.

    Raises numpy.linalg.LinAlgError where a reduced matrix is not positive definite.
    """
    n = gradient.size
    d = np.zeros(n)
    box = np.where((bounds.low >= 0) & (gradient > 0), LOW, np.where((bounds.high <= 0) & (gradient < 0), HIGH, FREE))
    tie = np.zeros(n, np.int64)
    scale = float(np.abs(gradient).max())
    for _ in range(most_rounds(n)):
        slope = gradient + hessian @ d
        step = _reduced_step(hessian, slope, _segments(box, tie, bounds.commands))
        blocked = _go(d, step, box, tie, bounds)
        if not blocked and not _release(gradient + hessian @ d, box, tie, bounds.commands, _STILL * scale):
            break
    return d


def _segments(box: Signs, tie: Signs, m: int) -> Array:
    """Return Z (n, free segments) of zeros and ones: which variables move together."""
    columns = []
    for members in _chains(tie, m):
        if not box[members].any():
            column = np.zeros(len(box))
            column[members] = 1.0
            columns.append(column)
    return np.array(columns).reshape(-1, len(box)).T


def _chains(tie: Signs, m: int) -> list[list[int]]:
    """Return the segments, each the list of its variables in the order of moves."""
    chains: list[list[int]] = []
    for command in range(m):
        for v in range(command, len(tie), m):
            if v >= m and tie[v] != FREE:
                chains[-1].append(v)
            else:
                chains.append([v])
    return chains


def _reduced_step(hessian: Array, slope: Array, z: Array) -> Array:
    if not z.shape[1]:
        return np.zeros(len(slope))
    factor = np.linalg.cholesky(z.T @ hessian @ z)
    return np.asarray(z @ np.linalg.solve(factor.T, np.linalg.solve(factor, -z.T @ slope)))


def _go(d: Array, step: Array, box: Signs, tie: Signs, bounds: MoveBounds) -> bool:
    """Walk along a step to its end or to the first bound in the way, which joins the working set."""
    m, n = bounds.commands, len(d)
    length, block = 1.0, None
    for v in range(n):
        for signs, moved, at, low, high, known in (
            (box, step[v], d[v], bounds.low[v], bounds.high[v], True),
            (tie, step[v] - step[v - m], d[v] - d[v - m], bounds.gap_low[v], bounds.gap_high[v], v >= m),
        ):
            if not known or signs[v] != FREE or moved == 0:
                continue
            room = ((low if moved < 0 else high) - at) / moved
            if room < length:
                length, block = max(room, 0.0), (signs, v, LOW if moved < 0 else HIGH)
    d += length * step
    if block is None:
        return False
    signs, v, side = block
    signs[v] = side
    if signs is box:
        d[v] = bounds.low[v] if side == LOW else bounds.high[v]
    return True


def _release(slope: Array, box: Signs, tie: Signs, m: int, tolerance: float) -> bool:
    """Take the constraint with the most negative multiplier out of the working set; False when there is none."""
    worst, place = -tolerance, None
    for members in _chains(tie, m):
        sums = np.cumsum(slope[members])
        fixed = next((i for i, v in enumerate(members) if box[v] != FREE), None)
        if fixed is not None:
            v = members[fixed]
            multiplier = -box[v] * sums[-1]
            if multiplier < worst:
                worst, place = multiplier, (box, v)
        for i in range(1, len(members)):
            left_is_free = fixed is not None and fixed >= i
            pull = sums[i - 1] if left_is_free else sums[i - 1] - sums[-1]
            multiplier = tie[members[i]] * pull
            if multiplier < worst:
                worst, place = multiplier, (tie, members[i])
    if place is None:
        return False
    place[0][place[1]] = FREE
    return True
