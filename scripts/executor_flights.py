"""The figures of docs/executor.md: how often a policy advances, and how it tracks, by rate, jitter and option.

``python scripts/executor_flights.py rates``, ``jitter``, ``tracking``, ``disturbed`` or ``starts``; flights are of the
C built for this machine against the quadrotor's plant, which is integrated by one Runge-Kutta step a call, over the
interval that the jitter made of it.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nn4mc.control.executor import EXECUTOR_VARIABLES, Clock, Turn
from nn4mc.hil.controller import write_controller
from nn4mc.hil.rig import Plant, Reference, create_plant, create_reference, load_rig, with_rate
from nn4mc.hil.twin import Twin, build_twin

RIG = load_rig("quadrotor")
FIGURE = create_reference(RIG, "lissajous")
VEHICLES = ("x500_real", "crazyflie", "arpl", "soft")
INITIAL = {variable.name: variable.initial for variable in EXECUTOR_VARIABLES}
ANEW = {"keep_phase": 0.0}
CASES = ((400, 0.0), (400, 0.01), (1000, 0.05), (2500, 0.05), (250, 0.0), (250, 0.01), (150, 0.01), (100, 0.01))
"""Rate in Hz, and standard deviation of an interval relative to it; intervals are independent."""


def readings(rate_hz: float, jitter: float, duration_s: float, seed: int) -> Iterator[int]:
    """Yield the times of calls in us, the first at 0."""
    rng = np.random.default_rng(seed)
    at = 0.0
    while at < duration_s * 1e6:
        yield round(at)
        at += 1e6 / rate_hz * max(1 + jitter * rng.normal(), 0.01)


def native_rate(rate_hz: float, jitter: float, values: Mapping[str, float]) -> float:
    """Return native steps a second over 100 s."""
    clock = Clock({**INITIAL, **values})
    for time_us in readings(rate_hz, jitter, 100.0, 1):
        if clock.begin(time_us, time_us) is not Turn.INTERMEDIATE:
            clock.advanced()
    return clock.native_steps / clock.now * 1e6


def build(folder: Path) -> Twin:
    """Return the C of the policy with its executor."""
    write_controller(with_rate(RIG, 400), folder / "c")
    return Twin(build_twin(folder / "c", folder / "twin"))


def rmse(
    twin: Twin,
    vehicle: str,
    rate_hz: float,
    jitter: float,
    values: Mapping[str, float],
    seed: int = 1,
    reference: Reference = FIGURE,
    mismatch: Mapping[str, Any] | None = None,
) -> float:
    """Return the RMSE in m, by default of the figure of eight of 5.5 s; infinity where the vehicle gets lost.

    With ``mismatch`` there must be no jitter: a perturbed plant has steps of one length.
    """
    plants: dict[int, Plant[Any]] = {}
    plant = create_plant(replace(RIG, period_s=1 / rate_hz), vehicle, mismatch)
    twin.set_variables({**INITIAL, **values, **plant.variables()})
    twin.reset()
    state = plant.initial(reference, np.random.default_rng(seed))
    times = list(readings(rate_hz, jitter, reference.duration_s, seed))
    start_s, squares = reference.window_s[0], []
    for now, then in zip(times, [*times[1:], round(reference.duration_s * 1e6)], strict=True):
        if now >= start_s * 1e6:
            squares.append(float(np.sum((plant.position(state) - reference.position(now / 1e6)) ** 2)))
        command = twin.step(plant.sensors(state), reference(now / 1e6), now).command
        if jitter:
            plant = plants.setdefault(then - now, create_plant(replace(RIG, period_s=(then - now) / 1e6), vehicle))
        state = plant.step(state, command)
        if plant.lost(state):
            return float("inf")
    return float(np.sqrt(np.mean(squares)))


def lost(twin: Twin, vehicle: str, rate_hz: float, deviation: float, values: Mapping[str, float]) -> int:
    """Return how many of 100 random starts to a hover of 6 s are lost."""
    hover = create_reference(RIG, "hover", {"duration_s": 6.0})
    return sum(rmse(twin, vehicle, rate_hz, deviation, values, seed, hover) == np.inf for seed in range(100))


def rates() -> None:
    """Print native steps a second."""
    print("rate, jitter, anew at each step, phase kept")
    for rate_hz, jitter in CASES:
        print(rate_hz, jitter, *(f"{native_rate(rate_hz, jitter, one):.1f}" for one in (ANEW, {})))


def tracking(twin: Twin) -> None:
    """Print the RMSE by rate, with and without intermediate steps."""
    for name, values in (("", {}), ("skip", {"skip_intermediate": 1.0})):
        for rate_hz in (100, 250, 400, 1000, 2500):
            found = [rmse(twin, vehicle, rate_hz, 0.0, values) for vehicle in VEHICLES]
            print(rate_hz, name, *(f"{one:.4f}" for one in found), flush=True)


def jitter(twin: Twin) -> None:
    """Print the RMSE by jitter, the period anew and the phase kept."""
    for rate_hz, deviation in ((400, 0.0), (400, 0.01), (400, 0.3), (250, 0.0), (150, 0.01), (100, 0.01)):
        for name, values in (("anew", ANEW), ("kept", {})):
            found = [rmse(twin, vehicle, rate_hz, deviation, values) for vehicle in VEHICLES]
            print(rate_hz, deviation, name, *(f"{one:.4f}" for one in found), flush=True)


NOISE = {
    "noise_position_m": 0.005,
    "noise_velocity_m_s": 0.02,
    "noise_attitude_rad": 0.005,
    "noise_rate_rad_s": 0.05,
}
WEIGHT_N = {"x500_real": 19.6, "crazyflie": 0.3, "arpl": 7.7, "soft": 9.5}


def disturbed(twin: Twin) -> None:
    """Print the RMSE with gusts of a tenth of the weight, with noise, with delay; all calls or native ones."""
    changes: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
        "gusts": lambda vehicle: {"gust_n": [0.1 * WEIGHT_N[vehicle]] * 3, "gust_time_s": 0.1},
        "noise": lambda vehicle: NOISE,
        "delay": lambda vehicle: {"delay_ms": 20.0},
    }
    for rate_hz in (100, 400):
        for name, values in (("", {}), ("skip", {"skip_intermediate": 1.0})):
            for what, change in changes.items():
                found = [rmse(twin, one, rate_hz, 0.0, values, mismatch=change(one)) for one in VEHICLES]
                print(rate_hz, name, what, *(f"{one:.4f}" for one in found), flush=True)


def starts(twin: Twin) -> None:
    """Print how many random starts of the vehicle with the least thrust are lost."""
    for rate_hz, deviation in ((100, 0.01), (250, 0.0), (400, 0.01)):
        found = [lost(twin, "crazyflie", rate_hz, deviation, values) for values in (ANEW, {})]
        print(rate_hz, deviation, *found, flush=True)


FLIGHTS = {"tracking": tracking, "jitter": jitter, "disturbed": disturbed, "starts": starts}

if __name__ == "__main__":
    wanted = sys.argv[1]
    if wanted == "rates":
        rates()
    else:
        with tempfile.TemporaryDirectory() as scratch:
            {"tracking": tracking, "jitter": jitter, "disturbed": disturbed, "starts": starts}[wanted](
                build(Path(scratch))
            )
