"""A flight through a stack's adapter is the flight without it: same plant, same policy, another frame."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nn4mc.api import compile_policy
from nn4mc.flight_stack.folder import stack_policy
from nn4mc.flight_stack.table import stacks
from nn4mc.hil.rig import Plant, create_plant, create_reference, load_rig
from nn4mc.hil.twin import Twin, build_twin
from tests.flight_stack.adapters import PROPS, STACKS, adapter, session_folder
from tests.flight_stack.vehicles import plant_command, vehicle, with_nose_on_the_right

RIG = load_rig("quadrotor")
STEPS = 1200
START = np.array([0.2, -0.1, 0.15])
OLD_AFTER_US = 500_000


def plant_at(rate_hz: int) -> Plant:
    return create_plant(replace(RIG, period_s=1 / rate_hz), "x500_real")


def start(plant: Plant) -> np.ndarray:
    state = np.array(plant.initial(create_reference(RIG, "lissajous", {}), np.random.default_rng(0)))
    state[:3] += START
    return state


@cache
def native(name: str) -> np.ndarray:
    """Return the path (STEPS, 3) of a figure of eight by a stack's policy as our own firmware has it, at its rate."""
    stack, folder = stacks()[name], session_folder("native")
    compile_policy(stack_policy("raptor", stack)).write(folder / "c")
    twin = Twin(build_twin(folder / "c", folder / "twin"))
    plant, wanted = plant_at(stack.rate_hz), create_reference(RIG, "lissajous", {})
    state, path = tuple(start(plant)), []
    for k in range(STEPS):
        time_s = k / stack.rate_hz
        state = plant.step(state, twin.step(plant.sensors(state), wanted(time_s), round(1e6 * time_s)).command)
        path.append(state[:3])
    return np.array(path)


@pytest.mark.parametrize(("name", "props"), [(name, props) for name in STACKS for props in PROPS])
@pytest.mark.parametrize("yaw", [0.0, 2.2])
def test_the_path_is_the_same_to_a_hundredth_of_a_millimetre(name: str, props: str, yaw: float):
    """The whole scene is turned by ``yaw`` about the vertical, and turned back to compare; the clock wraps."""
    one, policy, rate_hz = vehicle(name, props), adapter(name, props), stacks()[name].rate_hz
    plant, wanted = plant_at(rate_hz), create_reference(RIG, "lissajous", {})
    scene = Rotation.from_euler("z", yaw)
    state, path = turned(start(plant), scene), []
    nose = yaw - np.pi / 2 if props == "out" else yaw
    for k in range(STEPS):
        real = with_nose_on_the_right(state) if props == "out" else state
        reference = wanted(k / rate_hz).astype(np.float64)
        setpoint = one.setpoint(scene.apply(reference[:3]), scene.apply(reference[3:]), nose)
        status, motors = policy.step(one.sensors(real), setpoint, (2**32 - 100_000 + round(1e6 * k / rate_hz)) % 2**32)
        assert status == 0
        state = np.array(plant.step(tuple(state), plant_command(name, props, motors).astype(np.float32)))
        path.append(scene.inv().apply(state[:3]))
    assert np.abs(np.array(path) - native(name)).max() <= 1e-5


def turned(state: np.ndarray, scene: Rotation) -> np.ndarray:
    attitude = scene * Rotation.from_quat(state[3:7], scalar_first=True)
    moved = [scene.apply(state[:3]), attitude.as_quat(scalar_first=True), scene.apply(state[7:10]), state[10:]]
    return np.concatenate(moved)


@pytest.mark.parametrize("name", STACKS)
def test_a_set_point_that_stays_away_is_held_at_its_place(name: str):
    """The link is cut while the set-point moves at 1 m/s: the vehicle must not go on moving."""
    one, policy, rate_hz = vehicle(name), adapter(name), 400
    plant = plant_at(rate_hz)
    state, statuses = start(plant), []
    setpoint = one.setpoint(np.zeros(3), np.array([1.0, 0, 0]), 0.0)
    for k in range(5 * rate_hz):
        status, motors = policy.step(one.sensors(state), setpoint, round(1e6 * k / rate_hz), stamp=7)
        state = np.array(plant.step(tuple(state), plant_command(name, "in", motors).astype(np.float32)))
        statuses.append(status)
    fresh = OLD_AFTER_US * rate_hz // 1_000_000
    assert set(statuses[: fresh - 1]) == {0} and set(statuses[fresh + 2 :]) == {1}
    assert np.linalg.norm(state[:3]) < 0.1 and np.linalg.norm(state[7:10]) < 0.05
