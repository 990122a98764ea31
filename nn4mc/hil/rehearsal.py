"""A flight of a PID without firmware: its float64 reference against the plant, to see what a tuning is worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.control.pid import Pid, PidReference
from nn4mc.hil.rig import Rig, create_plant, create_reference, step_count


@dataclass(frozen=True)
class Rehearsal:
    """How a rehearsed flight went, over the window of its reference as in metrics.tracking."""

    rmse_m: float
    max_error_m: float
    lost: bool


def rehearse(
    rig: Rig, pid: Pid, vehicle: str, reference: str, mismatch: Mapping[str, float] | None = None, seed: int = 0
) -> Rehearsal:
    """Fly ``pid`` along a reference; a lost flight has the errors up to there."""
    plant, wanted = create_plant(rig, vehicle, mismatch), create_reference(rig, reference)
    controller = PidReference(pid)
    state = plant.initial(wanted, np.random.default_rng(seed))
    start, end = wanted.window_s
    squares = [0.0]
    for k in range(step_count(wanted, rig.period_s)):
        time_s = k * rig.period_s
        if start <= time_s < end:
            squares.append(float(np.sum((plant.position(state) - wanted.position(time_s)) ** 2)))
        sensors = plant.sensors(state).astype(np.float64)
        command = controller.step(sensors, wanted(time_s).astype(np.float64))
        state = plant.step(state, command.astype(np.float32))
        if plant.lost(state):
            break
    counted = max(len(squares) - 1, 1)
    return Rehearsal(float(np.sqrt(sum(squares) / counted)), float(np.sqrt(max(squares))), plant.lost(state))
