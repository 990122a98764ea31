"""Step responses of a rig's simulated plant, without noise, about given commands."""

from collections.abc import Mapping, Sequence

import numpy as np

from nn4mc.control.pid import signal_words
from nn4mc.hil.record import Vector, Words
from nn4mc.hil.rig import Plant, Rig, create_plant, create_reference


def step_response(
    rig: Rig,
    vehicle: str,
    outputs: Sequence[str],
    centre: Sequence[float],
    change: float,
    settle_s: float,
    mismatch: Mapping[str, float] | None = None,
) -> Vector:
    """Return how the sensors ``outputs`` answer to a step of each command: (outputs, commands, samples) a unit of it.

    The plant settles under ``centre`` less ``change`` and then under ``centre``, ``settle_s`` each, before the command
    steps up by ``change``: so play and hysteresis are used up in its direction. Sample 0 is one period after the step.
    """
    plant = create_plant(rig, vehicle, {**(mismatch or {}), "noise": 0.0})
    words = signal_words({signal.name: signal.size for signal in rig.sensors}, tuple(outputs))
    samples = round(settle_s / rig.period_s)
    columns = [_one(plant, rig, words, np.array(centre), j, change, samples) for j in range(rig.command_len)]
    return np.stack(columns, axis=1)


def _one(
    plant: Plant[object], rig: Rig, words: list[int], centre: Vector, channel: int, change: float, samples: int
) -> Vector:
    state = plant.initial(create_reference(rig, rig.default_reference), np.random.default_rng(0))
    up = np.zeros(centre.size)
    up[channel] = change
    for command in (centre - up, centre):
        for _ in range(samples):
            state = plant.step(state, command.astype(np.float32))
    before = _read(plant.sensors(state), words)
    answers = []
    for _ in range(samples):
        state = plant.step(state, (centre + up).astype(np.float32))
        answers.append(_read(plant.sensors(state), words) - before)
    return np.stack(answers, axis=1) / change


def _read(sensors: Words, words: list[int]) -> Vector:
    return sensors[words].astype(np.float64)
