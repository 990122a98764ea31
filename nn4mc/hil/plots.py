"""The plots of a flight as data, so that the page and the PNGs show the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.hil.metrics import distance
from nn4mc.hil.record import Columns, FlightRecord, Vector
from nn4mc.hil.report_text import IN_A_METRE, length
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig_file import Signal, View

WANTED, FLOWN, RIG = "wanted", "flown", "rig"
"""Roles of a series. RIG is the plant itself, drawn with gaps at NaN; the four ``part0`` .. ``part3`` are equals among
themselves. Renderers map them to colours."""


@dataclass(frozen=True)
class Series:
    """One line: x, y and, in 3-D, z (n)."""

    label: str
    role: str
    x: Vector
    y: Vector
    z: Vector | None = None


@dataclass(frozen=True)
class Chart:
    """One plot. ``equal`` axes show shapes undistorted; ``window`` is a shaded span of x; ``level`` a line at y.

    ``scattered`` values are drawn as points: a line would suggest that one leads to the next.
    """

    key: str
    title: str
    caption: str
    axes: tuple[str, ...]
    series: tuple[Series, ...]
    equal: bool = False
    window: tuple[float, float] | None = None
    level: tuple[float, str] | None = None
    scattered: bool = False


def flight_charts(
    result: FlightResult, record: FlightRecord, command: Sequence[Signal], view: View = "xy"
) -> tuple[Chart, ...]:
    """Return the plots of one flight; ``command`` is the rig's layout and gives the commands their names.

    ``view`` is the plane in which the path is shown.

    Device time is left out where the board has no counter.
    """
    columns = record.columns()
    if not len(record):
        return ()
    charts = [*_paths(result, record, columns, view), _error(result, columns), _commands(columns, command)]
    charts.append(_round_trip(columns))
    if columns.cycles.any():
        charts.append(_cycles(result, columns))
    return tuple(charts)


def _paths(result: FlightResult, record: FlightRecord, columns: Columns, view: View) -> list[Chart]:
    space = [] if view == "x" else [_plane(result, columns, view), _space(result, columns)]
    charts = space or [_over_time(result, columns)]
    return [_rig(result, record, columns), *charts] if record.drawings else charts


def _over_time(result: FlightResult, columns: Columns) -> Chart:
    scale = IN_A_METRE[result.length_unit]
    return Chart(
        "position",
        "Position",
        "The grey line is the wanted position, the blue one the true one.",
        ("time (s)", f"x ({result.length_unit})"),
        (
            Series("wanted", WANTED, columns.time_s, columns.position_reference[:, 0] * scale),
            Series("true", FLOWN, columns.time_s, columns.position[:, 0] * scale),
        ),
        window=result.window_s,
    )


def _plane(result: FlightResult, columns: Columns, view: View) -> Chart:
    scale = IN_A_METRE[result.length_unit]
    wanted, flown = columns.position_reference * scale, columns.position * scale
    across, up = ("xyz".index(axis) for axis in view)
    top = view == "xy"
    return Chart(
        "path-top" if top else f"path-{view}",
        "Path from above" if top else "Path from the side",
        "The grey line is the wanted path, the blue one the true one.",
        (f"{view[0]} ({result.length_unit})", f"{view[1]} ({result.length_unit})"),
        (
            Series("wanted", WANTED, wanted[:, across], wanted[:, up]),
            Series("flown", FLOWN, flown[:, across], flown[:, up]),
        ),
        equal=True,
    )


def _space(result: FlightResult, columns: Columns) -> Chart:
    return Chart(
        "path-3d",
        "Path in space",
        "The same path in three dimensions. Drag to turn it.",
        _space_axes(result),
        _space_series(result, columns),
        equal=True,
    )


def _rig(result: FlightResult, record: FlightRecord, columns: Columns) -> Chart:
    """The plant at a few moments, the later the darker, with the path it was to follow and the one it took."""
    scale = IN_A_METRE[result.length_unit]
    gap = np.full((1, 3), np.nan)
    moments = [np.concatenate([part for line in lines for part in (line, gap)]) * scale for lines in record.drawings]
    shapes = tuple(Series("the plant", RIG, *points.T) for points in moments)
    return Chart(
        "rig",
        "The plant",
        f"The plant at {len(moments)} moments of the shaded part of the error plot. Drag to turn it.",
        _space_axes(result),
        (*shapes, *_space_series(result, columns)),
        equal=True,
    )


def _space_axes(result: FlightResult) -> tuple[str, ...]:
    return tuple(f"{axis} ({result.length_unit})" for axis in "xyz")


def _space_series(result: FlightResult, columns: Columns) -> tuple[Series, ...]:
    scale = IN_A_METRE[result.length_unit]
    wanted, flown = columns.position_reference * scale, columns.position * scale
    return Series("wanted", WANTED, *wanted.T), Series("flown", FLOWN, *flown.T)


def _error(result: FlightResult, columns: Columns) -> Chart:
    unit, scale = result.length_unit, IN_A_METRE[result.length_unit]
    level = None if result.rmse_m is None else (result.rmse_m * scale, f"RMSE {length(result.rmse_m, unit)}")
    return Chart(
        "error",
        "Distance from the wanted position",
        "The shaded part is the one the RMSE is taken over; before it the plant gets up to speed or settles.",
        ("time (s)", f"distance ({unit})"),
        (Series("distance", FLOWN, columns.time_s, distance(columns) * scale),),
        window=result.window_s,
        level=level,
    )


def _commands(columns: Columns, command: Sequence[Signal]) -> Chart:
    labels = [label for signal in command for label in _labels(signal)]
    return Chart(
        "commands",
        "Commands from the board",
        "; ".join(f"{signal.name}: {signal.about or signal.unit}" for signal in command).capitalize() + ".",
        ("time (s)", "command"),
        tuple(
            Series(label, f"part{index % 4}", columns.time_s, columns.command[:, index].astype(float))
            for index, label in enumerate(labels)
        ),
    )


def _labels(signal: Signal) -> tuple[str, ...]:
    return signal.labels or tuple(f"{signal.name} {index}" for index in range(signal.size))


def _round_trip(columns: Columns) -> Chart:
    return Chart(
        "round-trip",
        "Round trip",
        "From sending the sensors to having the command, on this computer's clock: link and emulator included. "
        "It says how fast the test runs, not how fast the controller is.",
        ("time (s)", "round trip (ms)"),
        (Series("round trip", FLOWN, columns.time_s, columns.round_trip_s * 1e3),),
        scattered=True,
    )


def _cycles(result: FlightResult, columns: Columns) -> Chart:
    clock = f" at {result.clock_hz / 1e6:g} MHz" if result.clock_hz else ""
    return Chart(
        "cycles",
        "Controller time on the board",
        f"Clock cycles a step, counted by the processor itself{clock}.",
        ("time (s)", "cycles"),
        (Series("cycles", FLOWN, columns.time_s, columns.cycles.astype(float)),),
        scattered=True,
    )
