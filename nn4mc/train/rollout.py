"""Open-loop predictions: from a measured past, the model runs on its own outputs under the commands that were given."""

from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.models import Model, State
from nn4mc.train.resample import Run, Segment
from nn4mc.train.window import window, windows

Starts = np.ndarray[tuple[int], np.dtype[np.intp]]


DIVERGED = 1e200
"""Error of a model that ran away: a number, so that it can be compared, divided and written down."""


@dataclass(frozen=True)
class Rollouts:
    """Predictions and measurements, (horizon, starts, p); ``starts`` are the indices of the first predicted sample."""

    starts: Starts
    predicted: Array
    measured: Array


def rollouts(model: Model, segment: Segment, horizon: int, stride: int = 1) -> Rollouts:
    """Predict ``horizon`` steps from every ``stride``-th sample of a segment.

    Sensors stay as they were at the start. A recurrent state is the one that the measured past since the start of the
    segment left, as on the device.
    """
    layout = model.layout
    starts = np.arange(layout.first, len(segment) - horizon + 1, stride)
    outputs = [segment.y[starts - 1 - i] for i in range(layout.dd)]
    sensors, state, predicted = segment.s[starts - 1], _states(model, segment, starts), []
    for ahead in range(horizon):
        commands = [segment.u[starts + ahead - i] for i in range(layout.nd)]
        with np.errstate(over="ignore", invalid="ignore"):
            y, state = model.step(window(layout, commands, outputs, sensors), state)
        outputs = [y, *outputs[:-1]]
        predicted.append(y)
    ahead_of = starts + np.arange(horizon)[:, None]
    return Rollouts(starts, np.array(predicted).reshape(horizon, len(starts), layout.p), segment.y[ahead_of])


def _states(model: Model, segment: Segment, starts: Starts) -> State:
    """Return the state before each start, after all measured windows before it."""
    if not model.initial(1):
        return ()
    x, _ = windows(segment, model.layout)
    return tuple(part[starts - model.layout.first] for part in model.states(x))


def open_loop_rmse(model: Model, run: Run, horizon: int, stride: int = 1) -> Array:
    """Return the RMS error (horizon, p) over all starts in a run, at 1 .. ``horizon`` steps ahead, at most DIVERGED."""
    total, count = np.zeros((horizon, model.layout.p)), 0
    for segment in run.segments:
        done = rollouts(model, segment, horizon, stride)
        with np.errstate(over="ignore", invalid="ignore"):
            total += np.square(done.predicted - done.measured).sum(axis=1)
        count += len(done.starts)
    rmse = np.sqrt(total / count)
    return np.where(rmse < DIVERGED, rmse, DIVERGED)
