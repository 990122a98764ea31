"""The plots of a benchmark, as PNGs: paths, delay, settings, and a map of the distribution."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nn4mc.hil.rig import create_reference, load_rig
from nn4mc.raptor.bench import Bench
from nn4mc.raptor.bench_flights import FIGURE, FLOAT32, RIG, SAMPLED
from nn4mc.raptor.bench_plan import FIGURES
from nn4mc.raptor.bench_rows import Row, SampledVehicle
from nn4mc.raptor.bench_settings import CLIP, DELAY
from nn4mc.raptor.trials import AS_IT_IS

_INK, _SOFT, _GRID, _WANTED, _ALL = "#24292f", "#57606a", "#e3e6ea", "#b4bac2", "#24292f"
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6d31", "#7f5fbf", "#999999")
"""Okabe and Ito, which colour-blind readers tell apart, and three more for nine vehicles."""
_LINES = ("-", "--", "-.")
_RATIO_EDGES = np.linspace(1.5, 5.0, 8)
_TORQUE_EDGES = np.array([40.0, 80.0, 160.0, 240.0, 320.0, 480.0, 640.0, 900.0, 1200.0])
_FEWEST_VEHICLES = 200
"""Fewer sampled vehicles make no map."""
_FEWEST = 3
"""A cell of the map with fewer vehicles than this stays empty."""


def draw_bench(bench: Bench, directory: Path) -> tuple[tuple[Path, str], ...]:
    """Write the plots that a benchmark has data for into ``directory``; return each with its caption."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = [
        ("paths.png", _paths(bench), "The last loop of the paper's figure of eight, from above, without perturbation."),
        ("delay.png", _delay(bench.rows), "Late sensors: hover from random starts, and the figure of eight of 5.5 s."),
        ("settings.png", _settings(bench.rows), "Lost starts of the sampled vehicles, with 95 % Wilson intervals."),
        (
            "map.png",
            _map(bench.sampled),
            "The distribution the policy was trained on: each cell is over the sampled vehicles in it.",
        ),
    ]
    written = []
    for name, figure, caption in drawn:
        if figure is not None:
            draft = directory / f"{name}.part"
            figure.savefig(draft, format="png", metadata={"Software": "nn4mc"})
            draft.replace(directory / name)
            written.append((directory / name, caption))
    return tuple(written)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _dress(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=_INK)
    axes.set_xlabel(x, color=_INK)
    axes.set_ylabel(y, color=_INK)
    axes.grid(color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _paths(bench: Bench) -> Figure | None:
    names = list(dict.fromkeys(name for name, _ in bench.paths))
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = _figure(2.7 * columns + 0.4, 3.0 * rows + 0.4)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    shown = [_shown_periods(bench, name) for name in names]
    colours = dict(zip(sorted({one for each in shown for one in each}, reverse=True), _COLOURS, strict=False))
    for axes, name, periods in zip(grid.flat, names, shown, strict=False):
        _draw_paths(axes, bench, name, periods, colours)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    figure.supxlabel("x (m)", fontsize=10, color=_INK)
    figure.supylabel("y (m)", fontsize=10, color=_INK)
    return figure


def _shown_periods(bench: Bench, name: str) -> list[float]:
    """Return the paper's periods, and the fastest that the vehicle follows."""
    fastest = [
        row.period_s
        for row in bench.rows
        if (row.group, row.setting, row.network, row.vehicle) == (FIGURES, AS_IT_IS, FLOAT32, name) and row.fastest
    ]
    known = [period for vehicle, period in bench.paths if vehicle == name]
    return sorted({one for one in (10.0, 5.5, *fastest) if one in known}, reverse=True)


def _draw_paths(axes: Any, bench: Bench, name: str, periods: Sequence[float], colours: dict[float, str]) -> None:
    reference = create_reference(load_rig(RIG), FIGURE)
    times = np.linspace(*reference.window_s, 1000)
    wanted = np.array([reference.position(one) for one in times.tolist()])
    axes.plot(wanted[:, 0], wanted[:, 1], color=_WANTED, linewidth=3.5)
    for period in periods:
        x, y, _ = bench.paths[name, period].T
        axes.plot(x, y, color=colours[period], linewidth=1.4, label=f"{period:g} s")
    _dress(axes, name, "", "")
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=8, loc="upper right", handlelength=1.2, title="period", title_fontsize=8)
    axes.set(xlim=(-1.1, 1.75), ylim=(-1.55, 1.55))


def _delay(rows: Sequence[Row]) -> Figure | None:
    chosen = [row for row in rows if row.network == FLOAT32 and row.group == DELAY]
    if not chosen:
        return None
    chosen += [row for row in rows if _is_bare(row)]
    figure = _figure(9.6, 4.4)
    left, right = figure.subplots(1, 2)
    names = list(dict.fromkeys(row.vehicle for row in chosen))
    named = [name for name in names if name != SAMPLED]
    for number, name in enumerate([*named, *([SAMPLED] if SAMPLED in names else [])]):
        style = _line_style(name, number)
        hover = _over_delay(chosen, name, "hover")
        late = [row.value or 0.0 for row in hover]
        left.plot(late, [100 * row.lost / row.flights for row in hover], **style)
        if name == SAMPLED:
            low, high = (
                [100 * end for end in ends] for ends in zip(*((r.lost_low, r.lost_high) for r in hover), strict=True)
            )
            left.fill_between(late, low, high, color=_ALL, alpha=0.15, linewidth=0)
        flown = [
            row for row in _over_delay(chosen, name, "figure") if row.rmse_m is not None and 2 * row.lost < row.flights
        ]
        right.plot([row.value or 0.0 for row in flown], [row.rmse_m for row in flown], **style)
    _dress(left, "Lost starts", "sensors late by (ms)", "lost (%)")
    _dress(right, "Figure of 5.5 s", "sensors late by (ms)", "RMSE (m), where most are kept")
    right.set_yscale("log")
    right.set_yticks([0.15, 0.2, 0.3, 0.5, 1.0, 2.0], ["0.15", "0.2", "0.3", "0.5", "1", "2"])
    right.minorticks_off()
    right.set_xlim(left.get_xlim())
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=9, loc="outside right center")
    return figure


def _line_style(name: str, number: int) -> dict[str, Any]:
    if name == SAMPLED:
        return {"color": _ALL, "linewidth": 2.6, "label": "sampled", "zorder": 5, "marker": "o", "markersize": 4}
    colour = _COLOURS[number % len(_COLOURS)]
    return {
        "color": colour,
        "linewidth": 1.3,
        "linestyle": _LINES[number % 3],
        "label": name,
        "marker": ".",
        "markersize": 4,
    }


def _is_bare(row: Row) -> bool:
    if row.network != FLOAT32 or row.setting != AS_IT_IS:
        return False
    return row.group == CLIP if row.task == "hover" else row.group == FIGURES and row.period_s == 5.5


def _over_delay(rows: Sequence[Row], name: str, task: str) -> list[Row]:
    return sorted((row for row in rows if row.vehicle == name and row.task == task), key=lambda row: row.value or 0.0)


def _settings(rows: Sequence[Row]) -> Figure | None:
    shown = [row for row in rows if row.vehicle == SAMPLED and row.task == "hover"]
    if not shown:
        return None
    figure = _figure(8.0, 0.27 * len(shown) + 1.0)
    axes: Any = figure.subplots()
    groups = list(dict.fromkeys(row.group for row in shown))
    for place, row in enumerate(reversed(shown)):
        colour = _COLOURS[groups.index(row.group) % len(_COLOURS)]
        axes.plot([100 * row.lost_low, 100 * row.lost_high], [place, place], color=colour, linewidth=3, alpha=0.4)
        axes.plot(100 * row.lost / row.flights, place, "o", color=colour, markersize=5)
    axes.set_yticks(range(len(shown)), [_label(row) for row in reversed(shown)], fontsize=9)
    _dress(axes, "Hover from random starts, sampled vehicles", "lost (%)", "")
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlim(left=0.0)
    return figure


def _label(row: Row) -> str:
    return row.setting if row.network == FLOAT32 else f"{row.setting}, {row.network}"


def _map(vehicles: Sequence[SampledVehicle]) -> Figure | None:
    if len(vehicles) < _FEWEST_VEHICLES:
        return None
    figure = _figure(10.4, 4.7)
    left, right = figure.subplots(1, 2, sharey=True)
    starts = np.array([one.starts for one in vehicles], float)
    lost = 100 * np.array([one.lost for one in vehicles]) / starts
    error = np.array([np.nan if one.figure_rmse_m is None else one.figure_rmse_m for one in vehicles])
    _cells(figure, left, _binned(vehicles, lost, np.mean), "Lost hover starts (%)", "{:.0f}")
    _cells(figure, right, _binned(vehicles, error, np.median), "Median RMSE of the figure of 5.5 s (m)", "{:.2f}")
    left.set_ylabel("torque to inertia (rad/s²)", color=_INK)
    return figure


def _binned(vehicles: Sequence[SampledVehicle], values: npt.NDArray[Any], middle: Any) -> npt.NDArray[np.float64]:
    across = np.digitize([one.thrust_to_weight for one in vehicles], _RATIO_EDGES[1:-1])
    up = np.digitize([one.torque_to_inertia for one in vehicles], _TORQUE_EDGES[1:-1])
    cells = np.full((len(_TORQUE_EDGES) - 1, len(_RATIO_EDGES) - 1), np.nan)
    for row, column in np.ndindex(*cells.shape):
        inside = values[(up == row) & (across == column) & np.isfinite(values)]
        if len(inside) >= _FEWEST:
            cells[row, column] = middle(inside)
    return cells


def _cells(figure: Figure, axes: Any, cells: npt.NDArray[np.float64], title: str, digits: str) -> None:
    highest = float(np.nanmax(cells)) if np.isfinite(cells).any() else 1.0
    image = axes.imshow(
        cells, origin="lower", aspect="auto", cmap="YlGnBu", vmin=float(np.nanmin([*cells.flat, highest]))
    )
    for row, column in np.ndindex(*cells.shape):
        value = cells[row, column]
        if np.isfinite(value):
            ink = "white" if image.norm(value) > 0.55 else _INK
            axes.text(column, row, digits.format(value), ha="center", va="center", fontsize=9, color=ink)
    axes.set_xticks(np.arange(len(_RATIO_EDGES)) - 0.5, [f"{one:g}" for one in _RATIO_EDGES])
    axes.set_yticks(np.arange(len(_TORQUE_EDGES)) - 0.5, [f"{one:g}" for one in _TORQUE_EDGES])
    _dress(axes, title, "thrust to weight", "")
    axes.grid(False)
    figure.colorbar(image, ax=axes, shrink=0.85)
