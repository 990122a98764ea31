"""What an owner writes of a vehicle becomes one of the rig's, and what cannot be is refused with the key's name."""

import math
from pathlib import Path

import pytest

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.raptor.vehicle_file import read_candidate

WHOLE = """
name = "mine"
mass_kg = 0.8
arm_m = [0.08, 0.1]
inertia_kg_m2 = [0.0018, 0.0014, 0.003]
thrust_n = [0.0, 1.0, 6.0]
torque_m = 0.01
rotor_up_s = 0.04
rotor_down_s = 0.05
"""
LEAST = "mass_kg = 1.0\narm_m = [0.1, 0.1]\n"


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("quadrotor")


def written(folder: Path, text: str) -> str:
    path = folder / "vehicle.toml"
    path.write_text(text)
    return str(path)


def test_a_whole_file_is_taken_as_it_is(rig: Rig, tmp_path: Path) -> None:
    candidate = read_candidate(rig, written(tmp_path, WHOLE))
    vehicle = candidate.vehicle
    assert (candidate.name, candidate.assumed) == ("mine", ())
    assert (vehicle.mass_kg, vehicle.thrust_n, vehicle.inertia_kg_m2) == (0.8, (0.0, 1.0, 6.0), (0.0018, 0.0014, 0.003))
    assert (vehicle.rotor_up_s, vehicle.rotor_down_s, vehicle.torque_m) == (0.04, 0.05, 0.01)


@pytest.mark.parametrize(
    ("line", "thrust_to_weight"),
    [("max_thrust_n = 4.905", 2.0), ("thrust_to_weight = 3.0", 3.0), ("hover_throttle = 0.5", 4.0)],
)
def test_each_way_to_say_the_thrust(rig: Rig, tmp_path: Path, line: str, thrust_to_weight: float) -> None:
    # At half of full speed a thrust quadratic in it is a quarter, so a vehicle that hovers there has a ratio of 4.
    candidate = read_candidate(rig, written(tmp_path, LEAST + line))
    assert math.isclose(4 * sum(candidate.vehicle.thrust_n) / 9.81, thrust_to_weight)
    assert any("square of the motor command" in one for one in candidate.assumed)


def test_what_is_left_out_is_estimated_and_said(rig: Rig, tmp_path: Path) -> None:
    candidate = read_candidate(rig, written(tmp_path, LEAST + "thrust_to_weight = 2.5"))
    assert len(candidate.assumed) == 4
    jxx, jyy, jzz = candidate.vehicle.inertia_kg_m2
    assert jxx == jyy < jzz <= jxx + jyy


@pytest.mark.parametrize(
    "name", ["crazyflie", "x500_real", "arpl", "flightmare", "fs_base", "mrs", "soft", "soft_rigid"]
)
def test_the_estimate_of_the_inertia_holds_for_known_vehicles(rig: Rig, tmp_path: Path, name: str) -> None:
    known = rig.vehicles[name]
    lines = f"mass_kg = {known.mass_kg}\narm_m = {list(known.arm_m)}\nthrust_to_weight = 2.0"
    estimated = read_candidate(rig, written(tmp_path, lines)).vehicle.inertia_kg_m2
    for real, guess in zip(known.inertia_kg_m2[:2], estimated[:2], strict=True):
        assert 0.64 <= real / guess <= 2.25


def test_a_name_of_the_rig_is_that_vehicle(rig: Rig) -> None:
    assert read_candidate(rig, "mrs").vehicle is rig.vehicles["mrs"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arm_m = [0.1, 0.1]\nthrust_to_weight = 2.0", "mass_kg"),
        ("mass_kg = 800\narm_m = [0.1, 0.1]\nthrust_to_weight = 2.0", "mass_kg"),
        ("mass_kg = -1.0\narm_m = [0.1, 0.1]\nthrust_to_weight = 2.0", "mass_kg"),
        ("mass_kg = 1.0\narm_m = [100.0, 100.0]\nthrust_to_weight = 2.0", "arm_m"),
        ("mass_kg = 1.0\narm_m = [0.1]\nthrust_to_weight = 2.0", "arm_m"),
        (LEAST, "exactly one of thrust_n, max_thrust_n, thrust_to_weight, hover_throttle; given: none"),
        (LEAST + "thrust_to_weight = 2.0\nhover_throttle = 0.5", "given: thrust_to_weight, hover_throttle"),
        (LEAST + "thrust_to_weight = nan", "thrust_to_weight"),
        (LEAST + "thrust_n = [0.0, 0.0, nan]", "thrust_n"),
        (LEAST + "thrust_n = [0.0, 0.0, -1.0]", "thrust at full command"),
        (LEAST + "max_thrust_n = inf", "max_thrust_n"),
        (LEAST + "thrust_to_weight = 2.0\ninertia_kg_m2 = [inf, inf, inf]", "no body has one"),
        (LEAST + "hover_throttle = 50", "hover_throttle"),
        (LEAST + "thrust_to_weight = 2.0\ncolour = 'red'", "colour"),
        (LEAST + "thrust_to_weight = 2.0\ninertia_kg_m2 = [0.001, 0.001, 0.009]", "the sum of the two others"),
        (LEAST + "thrust_to_weight = 2.0\ninertia_kg_m2 = [10.0, 10.0, 15.0]", "radius of gyration"),
        ("mass_kg = ", "cannot be read as TOML"),
    ],
)
def test_what_cannot_be_is_refused(rig: Rig, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_candidate(rig, written(tmp_path, text))
    assert said in str(refused.value)
    assert "vehicle.toml" in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_what_is_neither_file_nor_name_is_refused(rig: Rig) -> None:
    with pytest.raises(ConfigError, match="no such file, and none of x500_real"):
        read_candidate(rig, "crazyfly")
