"""How well a flight went: distances between where the plant was and where it should have been."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.hil.record import Columns, Vector
from nn4mc.hil.rig_file import Signal

_TIME_SLACK_S = 1e-9
"""Steps are at k * period, which is a rounding error away from the decimal number in rig.toml."""


SETTLED_M = 0.05
"""How far from where it ends a vehicle may be to count as settled."""


@dataclass(frozen=True)
class Tracking:
    """Tracking over a window; every field is None where the flight has no step in it.

    ``rmse_m`` is the root of the mean squared 3-D distance, ``max_error_m`` the largest distance,
    ``offset_m`` (3,) the mean of position minus reference, ``rmse_xy_m`` the root of the mean squared horizontal
    distance.
    """

    rmse_m: float | None
    max_error_m: float | None
    offset_m: tuple[float, float, float] | None
    rmse_xy_m: float | None = None


def position_error(columns: Columns) -> Vector:
    """Return position minus reference (n, 3) in m, world frame."""
    return columns.position - columns.position_reference


def distance(columns: Columns) -> Vector:
    """Return the distance from the reference (n,) in m."""
    return _length(position_error(columns))


def tracking(columns: Columns, window_s: tuple[float, float]) -> Tracking:
    """Return how well the steps from ``window_s[0]`` (included) to ``window_s[1]`` (excluded) track."""
    return tracking_of(columns.time_s, position_error(columns), window_s)


def tracking_of(time_s: Vector, error: Vector, window_s: tuple[float, float]) -> Tracking:
    """Return the same of times (n,) and position minus reference (n, 3)."""
    inside = _inside(time_s, window_s)
    if not inside.any():
        return Tracking(None, None, None)
    kept = error[inside]
    far, flat = _length(kept), _length(kept[:, :2])
    x, y, z = kept.mean(axis=0).tolist()
    return Tracking(_rms(far), float(far.max()), (x, y, z), _rms(flat))


def settling_time(time_s: Vector, error: Vector, window_s: tuple[float, float]) -> float | None:
    """Return the time in s from which on the error (n, 3) stays within `SETTLED_M` of its mean over the window.

    None where the flight has no step in the window, or is further away at its last step.
    """
    offset = tracking_of(time_s, error, window_s).offset_m
    if offset is None:
        return None
    away = np.flatnonzero(_length(error - np.array(offset)) > SETTLED_M)
    if away.size == 0:
        return float(time_s[0])
    return float(time_s[away[-1] + 1]) if away[-1] + 1 < len(time_s) else None


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of ``hits`` in ``count`` trials: Wilson, J. Am. Stat. Assoc. 22, 1927.

    >>> [round(end, 3) for end in wilson_interval(4, 100)]
    [0.016, 0.098]
    """
    z = 1.959963984540054
    share, weight = hits / count, z * z / count
    middle, half = share + weight / 2, z * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    return max(0.0, (middle - half) / (1 + weight)), min(1.0, (middle + half) / (1 + weight))


def _length(vectors: Vector) -> Vector:
    squared: Vector = np.sum(vectors * vectors, axis=1)
    return np.sqrt(squared)


def _rms(values: Vector) -> float:
    return float(np.sqrt(np.mean(values * values)))


@dataclass(frozen=True)
class CommandUse:
    """How much of its range a command uses over a window; None where the rig states no range for every word.

    ``effort`` is the root mean square over steps and words of the distance from the middle of the range, in half
    ranges: 1 is always at an end. ``saturation_share`` is the share of words that are at an end,
    ``saturated_steps_share`` that of steps in which any word is. ``change`` is the root mean square over steps and
    words of how far a command moves from one step to the next, in whole ranges; None for fewer than two steps.
    """

    effort: float | None
    saturation_share: float | None
    saturated_steps_share: float | None = None
    change: float | None = None


def command_use(columns: Columns, window_s: tuple[float, float], layout: Sequence[Signal]) -> CommandUse:
    """Return how the commands of ``layout`` are used within the window, as in `tracking`."""
    inside = _inside(columns.time_s, window_s)
    ends = [signal.range for signal in layout for _ in range(signal.size)]
    stated = [end for end in ends if end is not None]
    if len(stated) < len(ends) or not inside.any():
        return CommandUse(None, None)
    low, high = np.array(stated, np.float32).T
    command = columns.command[inside]
    share = (command.astype(np.float64) - (low + high) / 2) / ((high - low) / 2)
    at_end = (command <= low) | (command >= high)
    moved = np.diff(share, axis=0) / 2
    return CommandUse(
        effort=float(np.sqrt(np.mean(share * share))),
        saturation_share=float(at_end.mean()),
        saturated_steps_share=float(at_end.any(axis=1).mean()),
        change=float(np.sqrt(np.mean(moved * moved))) if moved.size else None,
    )


def _inside(time_s: Vector, window_s: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Return which times (n,) are from ``window_s[0]`` (included) to ``window_s[1]`` (excluded)."""
    start, end = window_s
    return (time_s >= start - _TIME_SLACK_S) & (time_s < end - _TIME_SLACK_S)


def mismatched_words(columns: Columns) -> int:
    """Return how many command words differ in any bit between the board and the host build."""
    return int(np.count_nonzero(columns.command.view(np.uint32) != columns.twin_command.view(np.uint32)))
