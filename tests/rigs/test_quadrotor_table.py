"""The published policy, in plain numpy, flies the rig as well as the reference table says: the plant is right."""

import numpy as np
import pytest
from float_policy import FloatPolicy

from nn4mc.hil.metrics import tracking
from nn4mc.hil.record import FlightRecord, Step
from nn4mc.hil.rig import create_plant, create_reference, load_rig, step_count

RIG = load_rig("quadrotor")

TABLE = {
    "crazyflie": (0.0527, 0.163, 0.213, 0.446),
    "x500_real": (0.0220, 0.130, 0.171, 0.271),
    "x500_sim": (0.0240, 0.148, 0.193, 0.342),
    "arpl": (0.0785, 0.141, 0.174, 0.266),
    "flightmare": (0.1151, 0.165, 0.196, 0.281),
    "fs_base": (0.0219, 0.120, 0.160, 0.262),
    "mrs": (0.0217, 0.131, 0.172, 0.274),
    "soft": (0.0212, 0.121, 0.161, 0.262),
    "soft_rigid": (0.0251, 0.119, 0.158, 0.257),
}
"""RMSE in m of hover and of the figure at T = 6.5, 5.5 and 4 s, computed with the l2f simulator's equations."""

PAPER = {
    ("crazyflie", 10.0): 0.088,
    ("crazyflie", 5.5): 0.212,
    ("x500_real", 10.0): 0.063,
    ("x500_real", 5.5): 0.171,
    ("arpl", 5.5): 0.174,
    ("soft", 5.5): 0.161,
}
"""The same with the paper's protocol: five loops after a ramp of one second."""


def fly(vehicle, name, changes=None, seed=0):
    reference, plant = create_reference(RIG, name, changes), create_plant(RIG, vehicle)
    policy, record = FloatPolicy(plant.variables()["initial_action"]), FlightRecord()
    state = plant.initial(reference, np.random.default_rng(seed))
    for k in range(step_count(reference, RIG.period_s)):
        time_s = k * RIG.period_s
        sensors, words = plant.sensors(state), reference(time_s)
        command = policy(sensors, words)
        place, wanted = plant.position(state), reference.position(time_s)
        record.append(Step(time_s, sensors, words, command, command, 0, 0, 0, 0.0, place, wanted))
        state = plant.step(state, command)
        if plant.lost(state):
            break
    return tracking(record.columns(), reference.window_s), plant.lost(state)


@pytest.mark.parametrize("vehicle", TABLE)
def test_hover(vehicle):
    result, lost = fly(vehicle, "hover")
    assert not lost
    assert result.rmse_m == pytest.approx(TABLE[vehicle][0], rel=0.01)


@pytest.mark.parametrize("seed", [2, 3])
def test_the_hover_offset_does_not_depend_on_the_start(seed):
    assert fly("x500_real", "hover", seed=seed)[0].rmse_m == pytest.approx(TABLE["x500_real"][0], rel=0.01)


def test_some_starts_lose_the_crazyflie_as_they_do_in_the_table():
    """4 of 100 random starts are beyond what the unclipped policy recovers with a thrust of 1.47 weights."""
    assert fly("crazyflie", "hover", seed=1)[1]


@pytest.mark.parametrize(("column", "period_s"), [(1, 6.5), (2, 5.5), (3, 4.0)])
@pytest.mark.parametrize("vehicle", TABLE)
def test_figure(vehicle, column, period_s):
    result, lost = fly(vehicle, "lissajous", {"period_s": period_s})
    assert not lost
    assert result.rmse_m == pytest.approx(TABLE[vehicle][column], rel=0.01)


@pytest.mark.parametrize(("vehicle", "period_s"), PAPER)
def test_figure_of_the_paper(vehicle, period_s):
    result, _ = fly(vehicle, "lissajous_paper", {"period_s": period_s})
    assert result.rmse_m == pytest.approx(PAPER[vehicle, period_s], rel=0.01)
