"""Draws a plot as a PNG with matplotlib."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nn4mc.hil.plots import RIG, WANTED, Chart, Series

_COLOURS = {
    "wanted": "#b4bac2",
    "flown": "#1f6feb",
    "rig": "#57606a",
    "part0": "#0072b2",
    "part1": "#e69f00",
    "part2": "#009e73",
    "part3": "#cc79a7",
}
"""The four parts are colours of Okabe and Ito that colour-blind readers tell apart; report.js has the same."""
_GRID = "#e3e6ea"
_INK = "#24292f"


def draw_png(chart: Chart, path: Path, heading: str) -> None:
    """Write ``chart`` to ``path``, with ``heading`` (which flight it is) above its title."""
    space = len(chart.axes) == 3
    figure = Figure(figsize=(6.4, 5.6) if chart.equal else (8.0, 3.8), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_subplot(projection="3d" if space else None)
    shapes = [series for series in chart.series if series.role == RIG]
    for number, series in enumerate(shapes, 1):
        axes.plot(series.x, series.y, series.z, color=_COLOURS[RIG], linewidth=1.1, alpha=number / len(shapes))
    for series in chart.series:
        if series.role != RIG:
            _draw(axes, series, chart.scattered)
    axes.set_title(f"{chart.title}\n", loc="left", fontsize=13, fontweight="bold", color=_INK)
    axes.text2D(0.0, 1.02, heading, **_small(axes)) if space else axes.text(0.0, 1.02, heading, **_small(axes))
    _dress_space(axes, chart) if space else _dress(axes, chart)
    figure.savefig(path, format="png", metadata={"Software": "nn4mc"})


def _small(axes: Any) -> dict[str, Any]:
    return {"transform": axes.transAxes, "fontsize": 9, "color": "#57606a"}


def _draw(axes: Any, series: Series, scattered: bool) -> None:
    style: dict[str, Any] = {"color": _COLOURS[series.role], "label": series.label, "linewidth": 1.5}
    if series.role == WANTED:
        # A hover's wanted path is a single point, which a line alone would not show.
        style |= {"linewidth": 2.5, "marker": "o", "markersize": 5, "markevery": [0]}
    if scattered:
        style |= {"linestyle": "", "marker": ".", "markersize": 3, "alpha": 0.55}
    points = (series.x, series.y) if series.z is None else (series.x, series.y, series.z)
    axes.plot(*points, **style)


def _dress(axes: Any, chart: Chart) -> None:
    axes.set_xlabel(chart.axes[0])
    axes.set_ylabel(chart.axes[1])
    axes.grid(color=_GRID)
    axes.spines[["top", "right"]].set_visible(False)
    if chart.equal:
        axes.set_aspect("equal", adjustable="datalim")
    else:
        axes.margins(x=0.01)
    if chart.window:
        axes.axvspan(*chart.window, color="#1f6feb", alpha=0.07, linewidth=0)
    if chart.level:
        axes.axhline(chart.level[0], color=_INK, linewidth=1, linestyle=":", label=chart.level[1])
    if len(chart.series) > 1 or chart.level:
        axes.legend(frameon=False, fontsize=9, ncols=2, loc="upper right", bbox_to_anchor=(1.0, 1.14))


def _dress_space(axes: Any, chart: Chart) -> None:
    axes.set(xlabel=chart.axes[0], ylabel=chart.axes[1], zlabel=chart.axes[2])
    low, high = _cube(chart)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect((1, 1, 1), zoom=0.92)
    axes.locator_params(nbins=5)
    axes.tick_params(labelsize=8)
    axes.view_init(elev=28, azim=-60)
    axes.legend(frameon=False, fontsize=9, loc="upper right")


def _cube(chart: Chart) -> tuple[Any, Any]:
    """Return the corners of the smallest cube about all points, so that shapes are not distorted."""
    points = np.concatenate([np.stack([s.x, s.y, s.z], axis=1) for s in chart.series if s.z is not None])
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    middle = (low + high) / 2
    half = max(float((high - low).max()) / 2 * 1.05, 0.05)
    return middle - half, middle + half
