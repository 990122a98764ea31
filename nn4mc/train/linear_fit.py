"""Layer least squares: the ARX baseline, and the piecewise-linear Hammerstein models that grow out of it.

A Hammerstein model bends each command before a linear model sees it. Here the range a command had in training is cut in
equal segments, each with a gain of its own and none outside: slack tendons, dead zones and saturation. It predicts the
next step of the outputs from their last steps and the commands' steps, so offsets between runs do not enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.models import Feedforward, Layer
from nn4mc.train.resample import Run
from nn4mc.train.window import Layout, newest_output, windows

Knots = Array
"""Ends of the segments, (m, segments + 1), rising."""


@dataclass(frozen=True)
class Shape:
    """``segments`` of each command's range, 0 for a straight line without ends; ``levels``: also where things are."""

    segments: int
    levels: bool


def pooled(runs: Sequence[Run], layout: Layout) -> tuple[Array, Array]:
    """Return the windows (n, width) and outputs (n, p) of all runs."""
    pairs = [windows(segment, layout) for run in runs for segment in run.segments]
    return np.concatenate([x for x, _ in pairs]), np.concatenate([y for _, y in pairs])


def fit_arx(runs: Sequence[Run], layout: Layout) -> Feedforward:
    """Return ARX by ordinary least squares, with a constant; of equally good ones the smallest."""
    x, y = pooled(runs, layout)
    middle, spread = x.mean(axis=0), x.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    found, *_ = np.linalg.lstsq((x - middle) / scale, y - y.mean(axis=0), rcond=None)
    weights = found / scale[:, None]
    return Feedforward(layout, Layer(weights, y.mean(axis=0) - middle @ weights))


def knots(runs: Sequence[Run], segments: int) -> Knots:
    """Return the ends (m, segments + 1) of equal segments of the range that each command had."""
    commands = np.concatenate([segment.u for run in runs for segment in run.segments])
    return np.linspace(commands.min(axis=0), commands.max(axis=0), segments + 1, axis=1)


def fit_hammerstein(
    runs: Sequence[Run], layout: Layout, shape: Shape, ridges: Sequence[float]
) -> tuple[Feedforward, ...]:
    """Return one model for each ridge strength, which is relative to the features' own scale.

    All segments of a command share one scale, so a segment that was hardly visited is shrunk to no gain.
    """
    x, y = pooled(runs, layout)
    ends = knots(runs, shape.segments) if shape.segments else np.zeros((layout.m, 0))
    features, basis = _features(x, layout, shape, ends)
    target = y - x @ newest_output(layout)
    centred = shape.levels or layout.q > 0
    mean = features.mean(axis=0) if centred else np.zeros(features.shape[1])
    middle = target.mean(axis=0) if centred else np.zeros(layout.p)
    features, target = features - mean, target - middle
    gram, moment, scale = features.T @ features, features.T @ target, _scale(features, layout, shape)
    unit = gram / np.outer(scale, scale) / len(features)
    made = []
    for ridge in ridges:
        found = np.linalg.solve(unit + ridge * np.eye(len(unit)), moment / scale[:, None] / len(features))
        gains = found / scale[:, None]
        made.append(_model(layout, shape, ends, basis @ gains, middle - mean @ gains))
    return tuple(made)


def _features(x: Array, layout: Layout, shape: Shape, ends: Knots) -> tuple[Array, Array]:
    """Return the features (n, f), and the matrix from their gains to those of bent commands, outputs, sensors."""
    bent = _bent(x[:, : layout.commands], layout, ends)
    per_block = bent.shape[1] // layout.nd
    base = np.concatenate([bent, x[:, layout.commands :]], axis=1)
    eye = np.eye(base.shape[1])
    split = [layout.nd * per_block, layout.nd * per_block + layout.dd * layout.p]
    commands, outputs, sensors = np.split(eye, split, axis=1)
    parts = [commands[:, :-per_block] - commands[:, per_block:], outputs[:, : -layout.p] - outputs[:, layout.p :]]
    if shape.levels:
        parts += [commands[:, :per_block], outputs[:, : layout.p]]
    basis = np.concatenate([*parts, sensors], axis=1)
    return base @ basis, basis


def _bent(commands: Array, layout: Layout, ends: Knots) -> Array:
    """Return each command block (n, m) as its part in every segment (n, m * segments)."""
    if ends.shape[1] < 2:
        return commands
    blocks = commands.reshape(len(commands), layout.nd, layout.m, 1)
    return np.clip(blocks, ends[:, :-1], ends[:, 1:]).reshape(len(commands), -1)


def _scale(features: Array, layout: Layout, shape: Shape) -> Array:
    """Return the features' RMS; all segments of one command in one block have their largest, and 1 replaces 0."""
    rms = np.sqrt(np.mean(np.square(features), axis=0))
    wide = max(1, shape.segments)
    steps, count = (layout.nd - 1) * layout.m * wide, layout.m * wide
    rms[:steps] = _shared(rms[:steps], wide)
    if shape.levels:
        at = steps + (layout.dd - 1) * layout.p
        rms[at : at + count] = _shared(rms[at : at + count], wide)
    return np.where(rms > 0.0, rms, 1.0)


def _shared(rms: Array, wide: int) -> Array:
    return np.repeat(rms.reshape(-1, wide).max(axis=1, initial=0.0), wide)


def _model(layout: Layout, shape: Shape, ends: Knots, gains: Array, bias: Array) -> Feedforward:
    """Return the model of gains (bent commands, outputs, sensors; p): straight, or with one relu a knot and block."""
    start = newest_output(layout)
    if not shape.segments:
        return Feedforward(layout, Layer(start + gains, bias))
    commands = gains[: layout.commands * shape.segments]
    slopes = commands.reshape(layout.commands, shape.segments, layout.p)
    turns = np.diff(slopes, axis=1, prepend=0.0, append=0.0)
    offsets = np.einsum("bmsp,ms->p", slopes.reshape(layout.nd, layout.m, shape.segments, layout.p), ends[:, :-1])
    rest = start + np.concatenate([np.zeros((layout.commands, layout.p)), gains[len(commands) :]])
    count = shape.segments + 1
    spread = np.repeat(np.eye(layout.commands), count, axis=1)
    hinges = Layer(spread, -np.tile(ends, (layout.nd, 1)).ravel(), "relu")
    out = Layer(turns.reshape(layout.commands * count, layout.p), np.zeros(layout.p))
    return Feedforward(layout, Layer(rest, bias + offsets), (hinges, out), reads_commands=True)
