"""Cuts runs into windows of sequences for the training of networks, and measures the scales of what they see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.errors import TrainError
from nn4mc.ir import Array
from nn4mc.train.linear_fit import pooled
from nn4mc.train.models import Feedforward, Layer
from nn4mc.train.resample import Run, Segment
from nn4mc.train.window import Layout, differences, newest_output


@dataclass(frozen=True)
class Sequences:
    """B stretches of one run each: commands (B, nd-1+T, m), outputs (B, dd+T, p), sensors (B, T, q).

    T = warm-up + horizon predictions; the sensors are those of the sample before each.
    """

    commands: Array
    outputs: Array
    sensors: Array

    def __len__(self) -> int:
        """Stretches."""
        return len(self.outputs)


@dataclass(frozen=True)
class Scales:
    """Middle and width of the difference features (z,); width of what the base leaves (p,), and of persistence (p,)."""

    middle: Array
    width: Array
    residual: Array
    motion: Array


def sequences(runs: Sequence[Run], layout: Layout, steps: int, stride: int) -> Sequences:
    """Return the stretches of ``steps`` predictions that start at every ``stride``-th sample.

    Raises TrainError when no segment is long enough for one.
    """
    parts = [_cut(segment, layout, steps, stride) for run in runs for segment in run.segments]
    if not any(len(part[0]) for part in parts):
        raise TrainError(
            f"no run has {steps} samples without a gap, which networks need (warm_up and horizon).\n"
            "Lower network.warm_up or horizon in the specification, or leave networks out of its kinds."
        )
    return Sequences(*(np.concatenate([part[i] for part in parts]) for i in range(3)))


def _cut(segment: Segment, layout: Layout, steps: int, stride: int) -> tuple[Array, Array, Array]:
    starts = np.arange(layout.first, len(segment) - steps + 1, stride)[:, None]
    commands = segment.u[starts + np.arange(1 - layout.nd, steps)]
    outputs = segment.y[starts + np.arange(-layout.dd, steps)]
    return commands, outputs, segment.s[starts + np.arange(-1, steps - 1)][:, :, : layout.q]


def measure(runs: Sequence[Run], layout: Layout, levels: bool, base: Layer, cut: Sequences, warm_up: int) -> Scales:
    """Return the scales of ``runs``; a feature that never moves has width 0, and the network shall not see it."""
    x, y = pooled(runs, layout)
    z = x @ differences(layout, levels)
    width = z.std(axis=0)
    width[width <= 1e-12 * np.abs(z).max(axis=0, initial=0.0)] = 0.0
    now = layout.dd + warm_up
    motion = np.sqrt(np.mean(np.square(cut.outputs[:, now:] - cut.outputs[:, now - 1 : now]), axis=(0, 1)))
    return Scales(z.mean(axis=0), width, _positive((y - base(x)).std(axis=0)), _positive(motion))


def _positive(width: Array) -> Array:
    return np.where(width > 0.0, width, 1.0)


def standing_still(layout: Layout) -> Feedforward:
    """Return the base of a network that stands alone: y(k) = y(k-1)."""
    return Feedforward(layout, Layer(newest_output(layout), np.zeros(layout.p)))
