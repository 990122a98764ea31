"""The sampled vehicles: within their ranges, distributed as stated, each reproducible on its own."""

import math

import numpy as np
import pytest

from nn4mc.hil.rig import load_rig

RIG = load_rig("quadrotor")
COUNT = 1000
SAMPLE = [RIG.sample_vehicle(11, index) for index in range(COUNT)]
CRAZYFLIE = RIG.vehicles["crazyflie"]


def ratio(vehicle):
    return 4 * sum(vehicle.thrust_n) / (vehicle.mass_kg * 9.81)


def distance(vehicle):
    return math.hypot(*vehicle.arm_m)


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        (ratio, 1.5, 5.0),
        (lambda v: math.cbrt(v.mass_kg), math.cbrt(0.02), math.cbrt(5.0)),
        (lambda v: distance(v) * sum(v.thrust_n) / v.inertia_kg_m2[0], 40.0, 1200.0),
        (lambda v: v.torque_m, 0.005, 0.05),
        (lambda v: v.rotor_up_s, 0.03, 0.1),
        (lambda v: v.rotor_down_s, 0.03, 0.3),
    ],
    ids=["thrust to weight", "cube root of mass", "torque to inertia", "yaw torque", "up", "down"],
)
def test_uniform_within_its_range(what, low, high):
    """The largest distance between the empirical and the uniform distribution (Kolmogorov), 1 % level."""
    share = np.sort([(what(vehicle) - low) / (high - low) for vehicle in SAMPLE])
    assert share[0] >= -1e-12 and share[-1] <= 1 + 1e-12
    ranks = np.arange(1, COUNT + 1) / COUNT
    assert np.abs(share - ranks).max() < 1.63 / math.sqrt(COUNT)


def test_shapes_are_those_of_the_crazyflie():
    shape = np.array(CRAZYFLIE.thrust_n) / sum(CRAZYFLIE.thrust_n)
    for vehicle in SAMPLE:
        assert np.array(vehicle.thrust_n) / sum(vehicle.thrust_n) == pytest.approx(shape)
        assert vehicle.inertia_kg_m2[1:] == pytest.approx((vehicle.inertia_kg_m2[0], 1.832 * vehicle.inertia_kg_m2[0]))
        assert vehicle.arm_m[0] == vehicle.arm_m[1]


def test_the_arm_follows_the_cube_root_of_the_mass():
    factor = np.array([distance(vehicle) * 7.90 / math.cbrt(vehicle.mass_kg) for vehicle in SAMPLE])
    u = np.where(factor < 1, 1 - 1 / factor, factor - 1)
    assert u.mean() == pytest.approx(-0.1, abs=4 * 0.1 / math.sqrt(COUNT))
    assert u.std() == pytest.approx(0.1, rel=0.1)


def test_the_force_grows_with_the_surplus_of_thrust():
    force = np.array([vehicle.mismatch.force_n for vehicle in SAMPLE])
    largest = np.array([0.3 * (ratio(v) - 1) * ratio(v) * v.mass_kg / 3 for v in SAMPLE])
    share = force / largest[:, None]
    assert (share**2).mean() == pytest.approx(1 / 3, rel=0.15)  # the mean square of a uniform factor times a normal
    assert np.abs(share.mean()) < 4 / math.sqrt(3 * COUNT)


def test_a_vehicle_depends_on_seed_and_index_alone():
    assert RIG.sample_vehicle(11, 999) == SAMPLE[999]
    assert RIG.sample_vehicle(11, 5) != RIG.sample_vehicle(12, 5)
    assert len({vehicle.mass_kg for vehicle in SAMPLE}) == COUNT
