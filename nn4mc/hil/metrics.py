"""How well a flight went: distances between where the vehicle was and where it should have been."""

from dataclasses import dataclass

import numpy as np

from nn4mc.hil.record import Columns, Vector

_TIME_SLACK_S = 1e-9
"""Steps are at k * period, which is a rounding error away from the decimal number in rig.toml."""


@dataclass(frozen=True)
class Tracking:
    """Tracking over a window; every field is None where the flight has no step in it.

    ``rmse_m`` is the root of the mean squared 3-D distance, ``max_error_m`` the largest distance,
    ``offset_m`` (3,) the mean of position minus reference.
    """

    rmse_m: float | None
    max_error_m: float | None
    offset_m: tuple[float, float, float] | None


def position_error(columns: Columns) -> Vector:
    """Return position minus reference (n, 3) in m, world frame."""
    return columns.position - columns.position_reference


def distance(columns: Columns) -> Vector:
    """Return the distance from the reference (n,) in m."""
    error = position_error(columns)
    squared: Vector = np.sum(error * error, axis=1)
    return np.sqrt(squared)


def tracking(columns: Columns, window_s: tuple[float, float]) -> Tracking:
    """Return how well the steps from ``window_s[0]`` (included) to ``window_s[1]`` (excluded) track."""
    start, end = window_s
    inside = (columns.time_s >= start - _TIME_SLACK_S) & (columns.time_s < end - _TIME_SLACK_S)
    if not inside.any():
        return Tracking(None, None, None)
    far = distance(columns)[inside]
    x, y, z = position_error(columns)[inside].mean(axis=0).tolist()
    return Tracking(float(np.sqrt(np.mean(far * far))), float(far.max()), (x, y, z))


def mismatched_words(columns: Columns) -> int:
    """Return how many command words differ in any bit between the board and the host build."""
    return int(np.count_nonzero(columns.command.view(np.uint32) != columns.twin_command.view(np.uint32)))
