"""Puts a log on a fixed rate.

Outputs and sensors are interpolated linearly; a command is the one in force, the last at or before the sample. Where no
row came for longer than the gap allowed, the run is cut: nothing is interpolated across.
"""

from dataclasses import dataclass

import numpy as np

from nn4mc.errors import TrainError
from nn4mc.ir import Array
from nn4mc.train.log_file import Log
from nn4mc.train.spec import TrainSpec

_GAP_STEPS = 5.0
"""By default a gap is longer than this many sample times, and than this many of the log's own median steps."""
_MUCH = 0.05
"""Share of a run that may be left out without a word."""
_EDGE = 1e-9
"""Share of a sample time by which a sample may miss the last row: rounding of the time column."""


@dataclass(frozen=True)
class Segment:
    """Samples at a fixed rate: ``u`` (n, m), in force over the step that ends there, ``y`` (n, p), ``s`` (n, q)."""

    u: Array
    y: Array
    s: Array

    def __len__(self) -> int:
        """Samples."""
        return len(self.y)


@dataclass(frozen=True)
class Run:
    """One run: where it came from, how it was logged (s), and its segments."""

    name: str
    sha256: str
    rows: int
    duration_s: float
    median_step_s: float
    segments: tuple[Segment, ...]
    dropped_s: float

    @property
    def samples(self) -> int:
        """Samples of all segments."""
        return sum(len(one) for one in self.segments)


def resample(log: Log, spec: TrainSpec) -> Run:
    """Return ``log`` at the specification's rate; TrainError when no piece is long enough for one prediction."""
    step = float(np.median(np.diff(log.time)))
    gap = spec.max_gap_s or _GAP_STEPS * max(spec.sample_time_s, step)
    pieces = np.split(np.arange(len(log.time)), np.flatnonzero(np.diff(log.time) > gap) + 1)
    least = max(spec.nd - 1, spec.dd) + spec.horizon + 1
    segments = [_segment(log, rows, spec) for rows in pieces]
    kept = tuple(one for one in segments if len(one) >= least)
    if not kept:
        longest = max(len(one) for one in segments)
        raise TrainError(
            f"run '{log.name}' is too short: its longest piece without a gap over {gap:.3g} s has {longest} samples,\n"
            f"a window and {spec.horizon} steps need {least}. Log for longer, or raise max_gap_s in the specification."
        )
    duration = float(log.time[-1] - log.time[0])
    used = sum(len(one) - 1 for one in kept) * spec.sample_time_s
    return Run(log.name, log.sha256, len(log.time), duration, step, kept, max(0.0, duration - used))


def _segment(log: Log, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]", spec: TrainSpec) -> Segment:
    time, dt = log.time[rows], spec.sample_time_s
    lead = dt if spec.command == "sent" else 0.0
    start = time[0] + lead
    count = max(0, int(np.floor((time[-1] - start) / dt + _EDGE)) + 1)
    grid = start + dt * np.arange(count)
    in_force = np.searchsorted(time, grid - lead + _EDGE * dt, side="right") - 1
    return Segment(
        log.inputs[rows][in_force],
        _interpolated(grid, time, log.outputs[rows]),
        _interpolated(grid, time, log.sensors[rows]),
    )


def _interpolated(grid: Array, time: Array, values: Array) -> Array:
    columns = [np.interp(grid, time, column) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((len(grid), 0))


def run_notes(run: Run, spec: TrainSpec) -> tuple[str, ...]:
    """Return warnings: a rate far from the log's own, and time that was left out."""
    dropped = (
        f"run '{run.name}': {run.dropped_s:.3g} of {run.duration_s:.3g} s are gaps or pieces too short, and left out"
    )
    rate = _rate_note(run, spec)
    return (*([rate] if rate else []), *([dropped] if run.dropped_s > _MUCH * run.duration_s else []))


def _rate_note(run: Run, spec: TrainSpec) -> str | None:
    if run.median_step_s > 2.0 * spec.sample_time_s:
        share = 1.0 - spec.sample_time_s / run.median_step_s
        return (
            f"run '{run.name}' was logged every {run.median_step_s * 1e3:.3g} ms: {share:.0%} of its samples at "
            f"{spec.sample_time_s * 1e3:.4g} ms are interpolated, and its commands are known only that often"
        )
    if run.median_step_s < 0.25 * spec.sample_time_s:
        return (
            f"run '{run.name}' was logged every {run.median_step_s * 1e3:.3g} ms: at {spec.sample_time_s * 1e3:.4g} ms "
            "its faster motion is aliased. Filter it before, or take a shorter sample_time_s"
        )
    return None
