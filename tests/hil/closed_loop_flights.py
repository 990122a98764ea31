"""Flights of a rig by the controller's host build alone: no firmware, no link, so that many can be flown."""

from pathlib import Path

import numpy as np

from nn4mc.hil.controller import compile_controller
from nn4mc.hil.log import FlightLog
from nn4mc.hil.record import Step
from nn4mc.hil.rig import create_plant, create_reference, flight_variables, load_rig, step_count
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.quantize import Quantizing

RIG = load_rig("quadrotor")


def raptor_twin(folder: Path, asked: Quantizing | None) -> Twin:
    """Return the quadrotor's controller, its network quantised if asked for."""
    compile_controller(RIG, asked).write(folder / "controller")
    return Twin(build_twin(folder / "controller", folder / "twin"))


def fly_twin(
    twin: Twin,
    vehicle: str,
    reference: str,
    period_s: float | None = None,
    seed: int = 0,
    steps: int | None = None,
    log: FlightLog | None = None,
) -> float | None:
    """Return the root mean square tracking error in m over the reference's window; None when the vehicle got lost."""
    wanted = create_reference(RIG, reference, {} if period_s is None else {"period_s": period_s})
    plant = create_plant(RIG, vehicle)
    twin.set_variables(flight_variables(RIG, plant))
    twin.reset()
    state, errors = plant.initial(wanted, np.random.default_rng(seed)), []
    for k in range(steps or step_count(wanted, RIG.period_s)):
        time_s = k * RIG.period_s
        sensors, position = plant.sensors(state), plant.position(state)
        command = twin.step(sensors, wanted(time_s)).command
        if wanted.window_s[0] - 1e-9 <= time_s < wanted.window_s[1] - 1e-9:
            errors.append(position - wanted.position(time_s))
        if log is not None:
            log.write(_step(time_s, sensors, wanted(time_s), command, position, wanted.position(time_s)))
        state = plant.step(state, command)
        if plant.lost(state):
            return None
    return float(np.sqrt(np.mean(np.sum(np.square(errors), axis=1)))) if errors else None


def _step(time_s, sensors, reference, command, position, position_reference):
    return Step(
        time_s=time_s,
        sensors=sensors,
        reference=reference,
        command=command,
        twin_command=command,
        status=0,
        mode=0,
        cycles=0,
        round_trip_s=0.0,
        position=position,
        position_reference=position_reference,
    )
