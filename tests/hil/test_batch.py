"""Simulated flights in batches: against single flights, by-hand metrics, and RAPTOR's published figures."""

import math

import numpy as np
import pytest

from nn4mc.control.policy import PolicyReference
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import BatchRecord, create_batch, fly_batch, judge, load_policy
from nn4mc.hil.metrics import tracking, wilson_interval
from nn4mc.hil.record import FlightRecord, Step
from nn4mc.hil.rig import create_reference, load_rig, perturbed, step_count, with_rate

RIG = load_rig("quadrotor")
RAPTOR = load_policy(RIG)
HOVER = create_reference(RIG, "hover")
TABLE = {
    "crazyflie": (4, 0.0527, 0.163, 0.213, 0.446),
    "x500_real": (0, 0.0220, 0.130, 0.171, 0.271),
    "x500_sim": (3, 0.0240, 0.148, 0.193, 0.342),
    "arpl": (0, 0.0785, 0.141, 0.174, 0.266),
    "flightmare": (0, 0.1151, 0.165, 0.196, 0.281),
    "fs_base": (1, 0.0219, 0.120, 0.160, 0.262),
    "mrs": (0, 0.0217, 0.131, 0.172, 0.274),
    "soft": (0, 0.0212, 0.121, 0.161, 0.262),
    "soft_rigid": (0, 0.0251, 0.119, 0.158, 0.257),
}
"""Lost of 100 hovers, RMSE in m of hover and of the figure at 6.5, 5.5 and 4 s: an independent implementation's."""
STARTS = 60


def alone(vehicle, seed, reference):
    """One flight of the single reference policy on the single plant."""
    plant, record = RIG.create_plant(vehicle, RIG.period_s), FlightRecord()
    controller = PolicyReference(RAPTOR.policy, RAPTOR.graph)
    controller.values |= plant.variables()
    controller.reset()
    state = plant.initial(reference, np.random.default_rng(seed))
    for k in range(step_count(reference, RIG.period_s)):
        time_s = k * RIG.period_s
        sensors, wanted = plant.sensors(state), reference(time_s)
        command = controller.step(sensors.astype(float), wanted.astype(float)).astype(np.float32)
        place, goal = plant.position(state), reference.position(time_s)
        record.append(Step(time_s, sensors, wanted, command, command, 0, 0, 0, 0.0, place, goal))
        state = plant.step(state, command)
        if plant.lost(state):
            break
    return tracking(record.columns(), reference.window_s), plant.lost(state), len(record)


def test_a_batch_is_what_single_flights_are():
    disturbed = {"delay_ms": 10.0, "noise_position_m": 0.01, "gust_n": (0.2, 0.2, 0.0), "position_clip_m": 0.5}
    flights = [
        (RIG.vehicles["x500_real"], 0),
        (RIG.vehicles["crazyflie"], 1),  # a start that is lost
        (perturbed(RIG, RIG.vehicles["soft"], disturbed), 2),
        (RIG.sample_vehicle(0, 0), 3),
    ]
    vehicles, seeds = zip(*flights, strict=True)
    made = fly_batch(RIG, vehicles, seeds, HOVER, RAPTOR)
    for one, (vehicle, seed) in zip(made, flights, strict=True):
        wanted, lost, steps = alone(vehicle, seed, HOVER)
        assert (one.lost, one.steps) == (lost, steps)
        assert (one.rmse_m, one.max_error_m) == pytest.approx((wanted.rmse_m, wanted.max_error_m), rel=1e-6)
    assert [one.lost for one in made] == [False, True, False, False]


def test_a_flight_does_not_depend_on_the_rest_of_its_batch():
    vehicles, seeds = list(RIG.vehicles.values()), list(range(9))
    hover = create_reference(RIG, "hover", {"duration_s": 3.0, "window_start_s": 2.0})
    whole = fly_batch(RIG, vehicles, seeds, hover, RAPTOR)
    assert fly_batch(RIG, vehicles[3:5], seeds[3:5], hover, RAPTOR) == whole[3:5]
    assert fly_batch(RIG, vehicles[::-1], seeds[::-1], hover, RAPTOR) == whole[::-1]


def test_metrics_of_a_record_worked_out_by_hand():
    """Four steps of 1 s; the second vehicle is lost after three."""
    error = np.zeros((4, 2, 3))
    error[:, 0] = [[0, 3, 4], [3, 4, 12], [0.0, 0, 0.01], [0, 0, 0.03]]
    error[:, 1] = [[1, 0, 0], [1, 0, 0], [2, 0, 0], [99, 0, 0]]
    record = BatchRecord(np.arange(4.0), error, np.array([4, 3]), np.array([False, True]))
    reference = type("Window", (), {"window_s": (1.0, 4.0)})()
    kept, lost = judge(record, reference)
    assert kept.rmse_m == pytest.approx(math.sqrt((169 + 0.01**2 + 0.03**2) / 3))
    assert kept.rmse_xy_m == pytest.approx(math.sqrt(25 / 3))
    assert kept.max_error_m == 13.0
    assert kept.offset_m == pytest.approx((1.0, 4 / 3, 12.04 / 3))
    assert kept.settling_s is None  # the mean is 4 m away from where it ends
    assert (lost.rmse_m, lost.steps, lost.lost, lost.settling_s) == (pytest.approx(math.sqrt(5 / 2)), 3, True, None)


def test_a_vehicle_settles_when_it_stays_near_its_offset():
    error = np.array([0.5, 0.3, 0.04, 0.2, 0.11, 0.09, 0.1, 0.1])[:, None] * np.array([1.0, 0, 0])
    record = BatchRecord(np.arange(8.0), error[:, None], np.array([8]), np.array([False]))
    (one,) = judge(record, type("Window", (), {"window_s": (5.0, 8.0)})())
    assert one.settling_s == 4.0


@pytest.mark.parametrize("vehicle", TABLE)
def test_hover_of_the_published_table(vehicle):
    """The median RMSE within 2 %; the lost ones within the 95 % intervals of both counts (Wilson)."""
    lost, rmse, *_ = TABLE[vehicle]
    flights = fly_batch(RIG, [RIG.vehicles[vehicle]] * STARTS, range(STARTS), HOVER, RAPTOR)
    kept = [one.rmse_m for one in flights if not one.lost]
    assert np.median(kept) == pytest.approx(rmse, rel=0.02)
    low, high = wilson_interval(STARTS - len(kept), STARTS)
    published = wilson_interval(lost, 100)
    assert low <= published[1] and published[0] <= high


@pytest.mark.parametrize(("column", "period_s"), [(2, 6.5), (3, 5.5), (4, 4.0)])
def test_figure_of_the_published_table(column, period_s):
    figure = create_reference(RIG, "lissajous", {"period_s": period_s})
    flights = fly_batch(RIG, [RIG.vehicles[name] for name in TABLE], range(9), figure, RAPTOR)
    assert [one.rmse_m for one in flights] == pytest.approx([row[column] for row in TABLE.values()], rel=0.02)


def test_hover_of_vehicles_of_the_training_distribution():
    """Published without the constant force, 100 vehicles, eight starts each: 24 of 800 lost, a median of .0207 m."""
    still = [perturbed(RIG, RIG.sample_vehicle(0, k), {"force_n": (0.0, 0.0, 0.0)}) for k in range(100)]
    flights = fly_batch(RIG, still, range(100), HOVER, RAPTOR)
    kept = [one.rmse_m for one in flights if not one.lost]
    assert np.median(kept) == pytest.approx(0.0207, rel=0.05)
    low, high = wilson_interval(100 - len(kept), 100)
    assert low <= wilson_interval(24, 800)[1] and wilson_interval(24, 800)[0] <= high


def test_calls_at_400_hz_fly_as_those_at_100_hz():
    vehicle = RIG.vehicles["x500_real"]
    fast = perturbed(RIG, vehicle, {"call_rate_hz": 400.0})
    hover = create_reference(RIG, "hover", {"duration_s": 4.0, "window_start_s": 3.0})
    (slow_flight,) = fly_batch(RIG, [vehicle], [0], hover, RAPTOR)
    (fast_flight,) = fly_batch(RIG, [fast], [0], hover, RAPTOR)
    assert (slow_flight.steps, fast_flight.steps) == (400, 1600)
    assert fast_flight.rmse_m == pytest.approx(slow_flight.rmse_m, abs=1e-3)
    assert fly_batch(with_rate(RIG, 400.0), [vehicle], [0], hover, load_policy(with_rate(RIG, 400.0))) == (fast_flight,)


def test_a_rig_without_batches_is_answered():
    with pytest.raises(ConfigError, match="create_batch"):
        create_batch(load_rig("mass_spring_damper"), [])
    with pytest.raises(ConfigError, match="not a policy"):
        load_policy(load_rig("mass_spring_damper"))
