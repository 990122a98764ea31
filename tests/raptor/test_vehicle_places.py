"""Where vehicles stand in the training distribution: the sampled ones inside, and what is moved out, outside."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.hil.rig import Rig, load_rig

RIG: Rig = load_rig("quadrotor")


def outside(vehicle: object) -> set[str]:
    assert RIG.place_vehicle is not None
    return {place.name for place in RIG.place_vehicle(vehicle) if not place.inside}


@given(st.integers(0, 2**31), st.integers(0, 999))
def test_sampled_vehicles_are_inside(seed: int, index: int) -> None:
    assert RIG.sample_vehicle is not None
    # The arm's factor is normally distributed: one in a few hundred is beyond three standard deviations.
    assert outside(RIG.sample_vehicle(seed, index)) <= {"arm over its usual length"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crazyflie", {"thrust to weight", "yaw torque per thrust"}),
        ("x500_real", {"yaw torque per thrust"}),
        ("flightmare", {"thrust to weight", "rotor time constant, up", "rotor time constant, down"}),
    ],
)
def test_known_vehicles(name: str, expected: set[str]) -> None:
    # T/W 1.47 and 12.12, yaw torques of 4.7 mm and 108 mm, time constants of 20 ms: the table of the rig.
    assert expected <= outside(RIG.vehicles[name])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mass_kg": 20.0}, {"mass", "thrust to weight", "arm over its usual length"}),
        ({"torque_m": 0.2}, {"yaw torque per thrust"}),
        ({"rotor_up_s": 0.2}, {"rotor time constant, up"}),
        ({"inertia_kg_m2": (1.0, 1.0, 1.5)}, {"torque to inertia, roll", "torque to inertia, pitch"}),
        ({"arm_m": (0.5, 0.5)}, {"arm over its usual length"}),
    ],
)
def test_what_is_moved_out_is_outside(change: dict[str, object], expected: set[str]) -> None:
    assert RIG.sample_vehicle is not None
    vehicle = RIG.sample_vehicle(1, 7)
    assert outside(msgspec.structs.replace(vehicle, **change)) >= expected
