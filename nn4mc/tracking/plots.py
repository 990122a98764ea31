"""The plots of the benchmark as PNGs: errors over time, paths, frequency responses, and what a step takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from nn4mc.hil.metrics import distance
from nn4mc.hil.paths import Chirp, Steps
from nn4mc.profile.network import CLOCK_HZ
from nn4mc.tracking.bandwidth import COHERENT, FALL_DB
from nn4mc.tracking.cost import ControllerCost
from nn4mc.tracking.fly import EXACT, Flown
from nn4mc.tracking.published import ERRORS, POWER_MW

_COLOURS = ("#e69f00", "#0072b2", "#cc79a7", "#009e73")
"""Of Okabe and Ito; one a controller, in the order of the rig's list."""
_WANTED, _INK, _GRID = "#b4bac2", "#24292f", "#e3e6ea"
_MM = 1e3
_BARELY = 0.35
"""Opacity of estimates that the reference does not explain."""


def colours_of(flown: Sequence[Flown]) -> dict[str, str]:
    """Return a colour for each controller of one rig."""
    return dict(zip(dict.fromkeys(one.row.controller for one in flown), _COLOURS, strict=False))


def draw_errors(flown: Sequence[Flown], path: Path) -> None:
    """Draw the error over time along every reference of one rig, all controllers in one plot a reference."""
    references = list(dict.fromkeys(one.row.reference for one in flown))
    figure = _figure(9.0, 1.0 + 1.9 * len(references))
    grid = figure.subplots(len(references), 1, squeeze=False)[:, 0]
    for axes, reference in zip(grid, references, strict=True):
        _draw_error(axes, [one for one in flown if one.row.reference == reference], colours_of(flown))
    grid[-1].set_xlabel("time (s)")
    _finish(figure, path, f"{flown[0].rig.title}: distance from the reference", grid[0])


def _draw_error(axes: Any, flown: Sequence[Flown], colours: dict[str, str]) -> None:
    row = flown[0].row
    for one in flown:
        columns = one.record.columns()
        axes.plot(
            columns.time_s,
            distance(columns) * _MM,
            color=colours[one.row.controller],
            linewidth=1.1,
            label=one.row.controller,
        )
    axes.axvspan(*row.window_s, color="#1f6feb", alpha=0.06, linewidth=0)
    if row.rig in ERRORS and not isinstance(flown[0].rig.references[row.reference], Chirp | Steps):
        axes.axhline(ERRORS[row.rig].largest_m * _MM, color=_INK, linewidth=1, linestyle=":", label="paper, largest")
    _dress(axes, f"{row.reference} (mm)")
    axes.set_ylim(bottom=0)


def draw_paths(flown: Sequence[Flown], path: Path) -> None:
    """Draw wanted and true places along the rig's default reference, or the first that was flown."""
    first = flown[0].rig.default_reference
    reference = first if any(one.row.reference == first for one in flown) else flown[0].row.reference
    chosen = [one for one in flown if one.row.reference == reference]
    rig = chosen[0].rig
    plane = rig.view != "x"
    figure = _figure(6.4, 6.0) if plane else _figure(9.0, 3.8)
    axes = figure.subplots()
    across, up = ("xyz".index(axis) for axis in rig.view) if plane else (0, 0)
    for number, one in enumerate(chosen):
        columns = one.record.columns()
        inside = columns.time_s >= one.row.window_s[0]
        wanted, true = columns.position_reference[inside] * _MM, columns.position[inside] * _MM
        times = columns.time_s[inside]
        if number == 0:
            axes.plot(
                wanted[:, across] if plane else times,
                wanted[:, up],
                color=_WANTED,
                linewidth=3.0,
                label=f"wanted: {reference}",
            )
        colour = colours_of(flown)[one.row.controller]
        axes.plot(
            true[:, across] if plane else times, true[:, up], color=colour, linewidth=1.1, label=one.row.controller
        )
    if plane:
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel(f"{rig.view[0]} (mm)")
    else:
        axes.set_xlabel("time (s)")
    _dress(axes, f"{rig.view[-1]} (mm)")
    _finish(figure, path, f"{rig.title}: {reference}", axes)


def draw_responses(flown: Sequence[Flown], path: Path) -> bool:
    """Draw gain, phase and coherence of one rig's controllers; return whether there was any response to draw."""
    answered = [one for one in flown if one.response is not None and one.response.frequency_hz.size]
    if not answered:
        return False
    figure = _figure(9.0, 8.0)
    grid = figure.subplots(3, 1, sharex=True, height_ratios=(2.2, 1.4, 1.0))
    for one in answered:
        _draw_response(grid, one, colours_of(flown)[one.row.controller])
    grid[0].axhline(FALL_DB, color=_INK, linewidth=1, linestyle=":", label="-3 dB")
    grid[0].set_ylim(-24, max(6.0, grid[0].get_ylim()[1]))
    grid[1].set_ylim(-270, 45)
    grid[1].set_yticks(range(-270, 46, 90))
    grid[2].axhline(COHERENT, color=_INK, linewidth=1, linestyle=":")
    grid[2].set_ylim(0, 1.05)
    for axes, name in zip(grid, ("gain (dB)", "phase (degrees)", "coherence"), strict=True):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
        _dress(axes, name)
    grid[2].set_xlabel("frequency (Hz)")
    _finish(figure, path, f"{flown[0].rig.title}: from reference to true position", grid[0])
    return True


def _draw_response(grid: Any, one: Flown, colour: str) -> None:
    response, found = one.response, one.row.bandwidth
    assert response is not None
    seen = response.coherence >= COHERENT
    for axes, values in zip(grid, (response.gain_db, response.phase_deg, response.coherence), strict=True):
        axes.plot(response.frequency_hz, values, color=colour, linewidth=1.0, alpha=_BARELY)
        axes.plot(
            response.frequency_hz, np.where(seen, values, np.nan), color=colour, linewidth=1.6, label=one.row.controller
        )
    if found is not None and found.fell:
        grid[0].plot([found.hz], [FALL_DB], marker="o", color=colour, markersize=6)


def draw_costs(costs: Sequence[ControllerCost], path: Path) -> bool:
    """Draw share of the period and modelled power of every controller; return whether cycles were counted."""
    counted = [cost for cost in costs if cost.power is not None]
    if not counted:
        return False
    names = [f"{cost.rig}, {cost.controller.replace(EXACT, ', exact')}" for cost in counted]
    figure = _figure(11.0, 1.8 + 0.42 * len(counted))
    left, right = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(counted))
    share = np.array([[cost.cycles_mean or 0, cost.cycles_most or 0] for cost in counted]).T
    share = 100 * share * np.array([cost.rate_hz for cost in counted]) / CLOCK_HZ
    left.barh(places, share[1], color=_WANTED, height=0.62, label="longest step")
    left.barh(places, share[0], color=_COLOURS[1], height=0.62, label="mean step")
    left.set_xlabel(f"share of the period at {CLOCK_HZ / 1e6:g} MHz (%), modelled")
    left.set_yticks(places, names)
    left.invert_yaxis()
    full = [cost.power.mw for cost in counted if cost.power]
    slow = [cost.power.slow_mw or np.nan for cost in counted if cost.power]
    right.barh(places - 0.17, full, color=_WANTED, height=0.32, label="at 168 MHz")
    right.barh(places + 0.17, slow, color=_COLOURS[3], height=0.32, label="at the slowest clock that keeps up")
    right.axvline(POWER_MW, color=_INK, linewidth=1, linestyle=":", label=f"paper: {POWER_MW:g} mW, measured")
    right.set_xlabel("power of the microcontroller (mW), modelled")
    for axes in (left, right):
        axes.grid(axis="x", color=_GRID)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1)
    figure.savefig(path, format="png", metadata={"Software": "nn4mc"})
    return True


def _figure(width: float, height: float) -> Any:
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _dress(axes: Any, name: str) -> None:
    axes.set_ylabel(name)
    axes.grid(color=_GRID)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)


def _finish(figure: Any, path: Path, title: str, first: Any) -> None:
    """Write the figure under a title, with the legend of its first plot beside that."""
    first.legend(frameon=False, fontsize=9, ncols=5, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
    figure.savefig(path, format="png", metadata={"Software": "nn4mc"})
