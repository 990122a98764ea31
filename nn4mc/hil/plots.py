"""The plots of a flight as data, so that the page and the PNGs show the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from nn4mc.hil.metrics import distance
from nn4mc.hil.record import Columns, FlightRecord, Vector
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig_file import Signal

WANTED, FLOWN = "wanted", "flown"
"""Roles of a series; the four ``part0`` .. ``part3`` are equals among themselves. Renderers map them to colours."""


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


def flight_charts(result: FlightResult, record: FlightRecord, command: Sequence[Signal]) -> tuple[Chart, ...]:
    """Return the plots of one flight; ``command`` is the rig's layout and gives the commands their names.

    Device time is left out where the board has no counter.
    """
    columns = record.columns()
    if not len(record):
        return ()
    charts = [_top_view(columns), _space(columns), _error(result, columns), _commands(columns, command)]
    charts.append(_round_trip(columns))
    if columns.cycles.any():
        charts.append(_cycles(result, columns))
    return tuple(charts)


def _top_view(columns: Columns) -> Chart:
    wanted, flown = columns.position_reference, columns.position
    return Chart(
        "path-top",
        "Path from above",
        "The grey line is the wanted path, the blue one is where the vehicle was.",
        ("x (m)", "y (m)"),
        (
            Series("wanted", WANTED, wanted[:, 0], wanted[:, 1]),
            Series("flown", FLOWN, flown[:, 0], flown[:, 1]),
        ),
        equal=True,
    )


def _space(columns: Columns) -> Chart:
    wanted, flown = columns.position_reference, columns.position
    return Chart(
        "path-3d",
        "Path in space",
        "The same path with its height. Drag to turn it.",
        ("x (m)", "y (m)", "z (m)"),
        (
            Series("wanted", WANTED, wanted[:, 0], wanted[:, 1], wanted[:, 2]),
            Series("flown", FLOWN, flown[:, 0], flown[:, 1], flown[:, 2]),
        ),
        equal=True,
    )


def _error(result: FlightResult, columns: Columns) -> Chart:
    level = None if result.rmse_m is None else (result.rmse_m, f"RMSE {result.rmse_m:.4f} m")
    return Chart(
        "error",
        "Distance from the wanted position",
        "The shaded part is the one the RMSE is taken over; before it the vehicle gets up to speed or settles.",
        ("time (s)", "distance (m)"),
        (Series("distance", FLOWN, columns.time_s, distance(columns)),),
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
