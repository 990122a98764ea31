"""The plots of a study: all folds at a glance, error over the horizon, open-loop predictions beside measurements."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nn4mc.errors import ToolMissingError
from nn4mc.ir import Array
from nn4mc.train.compare import median_ratio
from nn4mc.train.kinds import ARX, DENSE, GRU, HAMMERSTEIN, LSTM, SENSORS, plain
from nn4mc.train.resample import Run, Segment
from nn4mc.train.rollout import rollouts
from nn4mc.train.spec import TrainSpec
from nn4mc.train.study import Fold, Study

_MEASURED, _STILL, _GRID, _INK = "#24292f", "#8c959f", "#e3e6ea", "#24292f"
_COLOURS = {ARX: "#e69f00", HAMMERSTEIN: "#009e73", DENSE: "#0072b2", GRU: "#cc79a7", LSTM: "#56b4e9"}
"""Okabe and Ito's colours, which colour-blind readers tell apart; kinds that see sensors are hatched or dotted."""
_CUT = 2.5
_SHOWN = 12
"""Predictions one behind the other in a plot of rollouts."""

Plots = Mapping[str, tuple[bytes, str]]
"""PNG and caption by file name."""


def draw(spec: TrainSpec, runs: Sequence[Run], study: Study) -> Plots:
    """Return the plots; ToolMissingError without matplotlib."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ToolMissingError("training draws plots: pip install 'nn4mc[train]'") from error
    made = {
        "folds.png": (_folds(Figure, study), "Error of every kind beside persistence, in each fold."),
        "horizon.png": (_horizon(Figure, spec, study), "Error over the steps ahead, on each held-out run."),
    }
    for number, (run, fold) in enumerate(zip(runs, study.folds, strict=True), 1):
        caption = f"Open-loop predictions of {spec.horizon} steps on {run.name}, by models that never saw this run."
        made[f"rollouts_{number}.png"] = (_rollouts(Figure, spec, run, fold), caption)
    return made


def _folds(figure_type: Any, study: Study) -> bytes:
    figure = figure_type(figsize=(8.0, 3.8), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(study.choices)
    for number, kind in enumerate(study.choices):
        heights = [median_ratio(fold.entries[kind].rmse, fold.still) for fold in study.folds]
        places = np.arange(len(heights)) + (number - (len(study.choices) - 1) / 2) * width
        hatch = "////" if kind.endswith(SENSORS) else None
        axes.bar(places, heights, 0.9 * width, color=_COLOURS[plain(kind)], hatch=hatch, edgecolor="white", label=kind)
        chosen = [(x, y) for x, y, fold in zip(places, heights, study.folds, strict=True) if fold.recommended == kind]
        axes.plot([x for x, _ in chosen], [min(y, _CUT - 0.1) + 0.06 for _, y in chosen], "v", color=_INK, markersize=6)
    axes.plot([], [], "v", color=_INK, label="recommended")
    axes.axhline(1.0, color=_STILL, linestyle="--", linewidth=1.2, label="persistence")
    axes.set_ylim(0.0, min(_CUT, axes.get_ylim()[1] + 0.1))
    axes.set_xticks(range(len(study.folds)), [_text(fold.held_out) for fold in study.folds])
    _dress(axes, "held-out run", "error / persistence")
    axes.set_title(f"Median over outputs; bars above {_CUT} are cut", loc="left", fontsize=9, color="#57606a")
    figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    return _png(figure)


def _horizon(figure_type: Any, spec: TrainSpec, study: Study) -> bytes:
    rows, columns = len(study.folds), len(spec.outputs)
    figure = figure_type(figsize=(1.2 + 3.0 * columns, 0.8 + 2.1 * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    ahead = np.arange(1, spec.horizon + 1)
    for number, (row, fold) in enumerate(zip(grid, study.folds, strict=True)):
        for axis, axes in enumerate(row):
            lines = {kind: one.rmse[:, axis] for kind, one in fold.entries.items()}
            axes.plot(ahead, fold.still[:, axis], "--", color=_STILL, label="persistence")
            for kind, line in lines.items():
                best = kind == fold.recommended
                style = {"linestyle": ":" if kind.endswith(SENSORS) else "-", "linewidth": 2.8 if best else 1.3}
                axes.plot(ahead, line, color=_COLOURS[plain(kind)], label=kind, **style)
            most = max(fold.still[-1, axis], fold.entries[ARX].rmse[-1, axis], fold.best.rmse[-1, axis])
            axes.set_ylim(0.0, 1.25 * most)
            _dress(axes, "steps ahead" if number == rows - 1 else "", "")
            axes.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
            if number == 0:
                axes.set_title(f"RMS error of {_label(spec, axis)}", loc="right", fontsize=9)
        row[0].set_ylabel(f"{_text(fold.held_out)}\nrecommended: {fold.recommended}", fontsize=9)
    figure.legend(
        *grid[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=6, fontsize=9, frameon=False
    )
    return _png(figure)


def _rollouts(figure_type: Any, spec: TrainSpec, run: Run, fold: Fold) -> bytes:
    segment, start = _liveliest(run, spec)
    stretch = slice(start, start + _SHOWN * spec.horizon + 1)
    time = spec.sample_time_s * np.arange(len(segment))
    figure = figure_type(figsize=(8.5, 0.9 + 1.9 * len(spec.outputs)), dpi=120, layout="constrained")
    grid = figure.subplots(len(spec.outputs), 1, sharex=True, squeeze=False)[:, 0]
    for axis, axes in enumerate(grid):
        axes.plot(time[stretch], segment.y[stretch, axis], color=_MEASURED, linewidth=1.4, label="measured")
        _dress(axes, f"time in {_text(run.name)} (s)" if axis == len(grid) - 1 else "", _label(spec, axis))
        axes.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
    for kind in dict.fromkeys((ARX, fold.recommended)):
        done = rollouts(fold.entries[kind].model, segment, spec.horizon)
        first = done.starts[0]
        for number, at in enumerate(range(start + 1, min(stretch.stop, len(segment)) - spec.horizon + 1, spec.horizon)):
            span = time[at - 1 : at + spec.horizon]
            lines = np.concatenate([segment.y[at - 1][None], done.predicted[:, at - first]])
            for axis, axes in enumerate(grid):
                label = f"{kind}, from the dot on" if number == 0 else None
                axes.plot(span, lines[:, axis], color=_COLOURS[plain(kind)], linewidth=1.7, label=label)
                axes.plot(span[:1], lines[:1, axis], ".", color=_MEASURED, markersize=5)
    for axis, axes in enumerate(grid):
        _frame(axes, segment.y[stretch, axis])
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9, frameon=False)
    return _png(figure)


def _liveliest(run: Run, spec: TrainSpec) -> tuple[Segment, int]:
    """Return where in a run the outputs move most, far enough from its ends."""
    length = _SHOWN * spec.horizon
    best: tuple[float, Segment, int] | None = None
    for segment in run.segments:
        first = max(spec.nd - 1, spec.dd)
        for start in range(first, max(first + 1, len(segment) - length), spec.horizon):
            moved = segment.y[start : start + length].std(axis=0) / np.maximum(_spread(run), 1e-12)
            if best is None or moved.sum() > best[0]:
                best = (float(moved.sum()), segment, start)
    assert best is not None
    return best[1], best[2]


def _spread(run: Run) -> Array:
    spread: Array = np.concatenate([one.y for one in run.segments]).std(axis=0)
    return spread


def _frame(axes: Any, measured: Array) -> None:
    """Keep the measured curve in sight, whatever a prediction does."""
    middle, half = (measured.max() + measured.min()) / 2, max(float(np.ptp(measured)), 1e-12) * 0.75
    axes.set_ylim(middle - half, middle + half)


def _label(spec: TrainSpec, axis: int) -> str:
    one = spec.outputs[axis]
    return _text(f"{one.label} ({one.unit})" if one.unit else one.label)


def _text(name: str) -> str:
    """Return a name that matplotlib does not take for mathematics."""
    return name.replace("$", r"\$")


def _dress(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "nn4mc"})
    return buffer.getvalue()
