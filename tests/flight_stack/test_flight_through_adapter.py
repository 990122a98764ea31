"""A flight through a stack's adapter is the flight without it: same plant, same policy, another frame."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nn4mc.api import compile_policy
from nn4mc.flight_stack.folder import stack_policy
from nn4mc.flight_stack.table import stacks
from nn4mc.hil.controller import policy_of
from nn4mc.hil.rig import create_plant, create_reference, load_rig
from nn4mc.hil.twin import Twin, build_twin
from tests.flight_stack.adapters import PROPS, STACKS, adapter
from tests.flight_stack.vehicles import plant_command, vehicle, with_nose_on_the_right

RIG = load_rig("quadrotor")
STEPS = 700
YAW = 2.2
START = np.array([0.2, -0.1, 0.15])


@cache
def twin_library() -> Path:
    folder = Path(mkdtemp(prefix="nn4mc-test-native-"))
    compile_policy(policy_of(RIG)).write(folder / "c")
    return build_twin(folder / "c", folder / "twin")


@cache
def native(name: str) -> np.ndarray:
    """Return the path (STEPS, 3) of a figure of eight by the policy itself, with a stack's clips and first action."""
    twin = Twin(twin_library())
    twin.set_variables(stack_policy("raptor", stacks()[name]).variables)
    twin.reset()
    plant, wanted = create_plant(RIG, "x500_real"), create_reference(RIG, "lissajous", {})
    state, path = start(plant, wanted), []
    for k in range(STEPS):
        state = plant.step(state, twin.step(plant.sensors(state), wanted(k * RIG.period_s)).command)
        path.append(state[:3])
    return np.array(path)


def start(plant, wanted) -> tuple[float, ...]:
    state = np.array(plant.initial(wanted, np.random.default_rng(0)))
    state[:3] += START
    return tuple(state)


@pytest.mark.parametrize(("name", "props"), [(name, props) for name in STACKS for props in PROPS])
@pytest.mark.parametrize("yaw", [0.0, YAW])
def test_the_path_is_the_same_to_a_hundredth_of_a_millimetre(name: str, props: str, yaw: float):
    """The whole scene is turned by ``yaw`` about the vertical, and turned back to compare."""
    one, policy = vehicle(name, props), adapter(name, props)
    plant, wanted = create_plant(RIG, "x500_real"), create_reference(RIG, "lissajous", {})
    scene = Rotation.from_euler("z", yaw)
    state, path = turned(np.array(start(plant, wanted)), scene), []
    nose = yaw - np.pi / 2 if props == "out" else yaw
    for k in range(STEPS):
        real = with_nose_on_the_right(state) if props == "out" else state
        reference = wanted(k * RIG.period_s).astype(np.float64)
        setpoint = one.setpoint(scene.apply(reference[:3]), scene.apply(reference[3:]), nose)
        status, motors = policy.step(one.sensors(real), setpoint, 10_000 * k)
        assert status == 0
        state = np.array(plant.step(tuple(state), plant_command(name, props, motors).astype(np.float32)))
        path.append(scene.inv().apply(state[:3]))
    assert np.abs(np.array(path) - native(name)).max() <= 1e-5


def turned(state: np.ndarray, scene: Rotation) -> np.ndarray:
    attitude = scene * Rotation.from_quat(state[3:7], scalar_first=True)
    moved = [scene.apply(state[:3]), attitude.as_quat(scalar_first=True), scene.apply(state[7:10]), state[10:]]
    return np.concatenate(moved)
