"""Each stack's adapter from first principles: torques come out as wanted, and the vehicle goes where it should."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nn4mc.hil.rig import create_plant, load_rig
from tests.flight_stack.adapters import PROPS, STACKS, Adapter, adapter
from tests.flight_stack.vehicles import plant_command, speeds, vehicle, with_nose_on_the_right

RIG = load_rig("quadrotor")
LEVEL = np.array([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.float64)
REST = np.zeros(3)
# Of the policy's rotors front right, back right, back left, front left, those that are to be faster: which way the body
# turns about x forward, y left, z up. With props in, front right and back left push it clockwise (l2f: -1, +1, -1, +1).
TURNS = {
    "rolls right": ([0, 0, 1, 1], (1, 0, 0)),
    "rolls left": ([1, 1, 0, 0], (-1, 0, 0)),
    "noses down": ([0, 1, 1, 0], (0, 1, 0)),
    "noses up": ([1, 0, 0, 1], (0, -1, 0)),
    "turns left": ([0, 1, 0, 1], (0, 0, 1)),
    "turns right": ([1, 0, 1, 0], (0, 0, -1)),
}

every_stack = pytest.mark.parametrize("name", STACKS)
every_vehicle = pytest.mark.parametrize(("name", "props"), [(name, props) for name in STACKS for props in PROPS])


def asked(
    name: str, props: str, position: np.ndarray, attitude: Rotation, yaw: float, **rates: np.ndarray
) -> np.ndarray:
    """Return the torque (3,), in the body, of the first command to a vehicle at ``position`` off its set-point."""
    one, policy = vehicle(name, props), adapter(name, props)
    state = LEVEL.copy()
    state[:3] = position
    state[3:7] = attitude.as_quat(scalar_first=True)
    state[7:10] = rates.get("velocity", REST)
    state[10:13] = rates.get("angular_velocity", REST)
    status, motors = policy.step(one.sensors(state), one.setpoint(REST, REST, yaw))
    assert status == 0
    return one.torque(speeds(name, motors))


@every_vehicle
@pytest.mark.parametrize("turn", TURNS)
def test_a_command_turns_the_body_the_way_it_is_meant(name: str, props: str, turn: str):
    """With props out the policy's front right rotor is the vehicle's front left one, and so on around."""
    faster, wanted = TURNS[turn]
    rotors = np.array(faster, np.float64)
    if props == "out":
        rotors = 1 - rotors if turn.startswith("turns") else rotors  # the other spin pushes the other way
        rotors = rotors[[3, 0, 1, 2]]
    torque = vehicle(name, props).torque(speeds(name, adapter(name, props).to_motors(np.float32(0.2 * rotors))))
    np.testing.assert_allclose(np.sign(np.round(torque, 6)), wanted)


@every_stack
def test_all_motors_are_equal_under_an_equal_command_and_span_their_range(name: str):
    policy = adapter(name)
    for command, speed in ((-1.0, 0.0), (0.0, 0.5), (1.0, 1.0)):
        got = speeds(name, policy.to_motors(np.full(4, command, np.float32)))
        np.testing.assert_allclose(got, speed, atol=1e-6)


def test_the_motor_orders_are_the_published_ones():
    u = np.float32([0.1, 0.2, 0.3, 0.4])
    command = 2 * u - 1
    px4 = adapter("px4").to_motors(command)["control"]
    np.testing.assert_allclose(px4, u[[0, 2, 3, 1]], atol=1e-7)
    betaflight = speeds("betaflight", adapter("betaflight").to_motors(command))
    expected = np.empty(4)
    expected[[1, 0, 2, 3]] = u
    np.testing.assert_allclose(betaflight, expected, atol=1e-6)
    np.testing.assert_allclose(adapter("crazyflie").to_motors(command)["ratio"], np.round(u * 65535), atol=1)
    np.testing.assert_allclose(adapter("crazyflie").to_motors(command)["force"], u**2, atol=1e-7)
    ardupilot = adapter("ardupilot").to_motors(command)
    np.testing.assert_allclose(ardupilot["actuator"], u[[0, 2, 3, 1]], atol=1e-7)
    np.testing.assert_array_equal(ardupilot["pwm"], [1100, 1300, 1400, 1200])


@every_vehicle
@pytest.mark.parametrize("yaw", [0.0, np.pi, -2.0])
@pytest.mark.parametrize("bearing", [0.0, 1.5, 3.0, -1.5])
def test_a_displaced_vehicle_tilts_back_towards_its_set_point(name: str, props: str, yaw: float, bearing: float):
    """From a place at ``bearing`` (0: north) the thrust must come to lean the other way, wherever the nose points."""
    away = np.array([np.cos(bearing), np.sin(bearing), 0.0])
    torque = asked(name, props, 0.4 * away, Rotation.from_euler("z", yaw), yaw)
    # A turn about the axis `up x direction` leans the thrust towards `direction`.
    axis = Rotation.from_euler("z", yaw).as_matrix() @ torque
    assert np.dot(axis, np.cross([0, 0, 1], -away)) > 0.3 * np.linalg.norm(axis[:2])


@every_vehicle
@pytest.mark.parametrize("yaw", [0.0, 2.0])
@pytest.mark.parametrize("off", [0.4, -0.4])
def test_a_nose_that_is_off_the_heading_turns_to_it(name: str, props: str, yaw: float, off: float):
    still = asked(name, props, REST, Rotation.from_euler("z", yaw), yaw)
    torque = asked(name, props, REST, Rotation.from_euler("z", yaw + off), yaw) - still
    assert np.sign(torque[2]) == -np.sign(off)


@every_vehicle
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("rate", [1.0, -1.0])
def test_a_spinning_vehicle_is_braked(name: str, props: str, axis: int, rate: float):
    """Units and signs of the gyro: a vehicle that turns about one axis is torqued against it."""
    spin = np.zeros(3)
    spin[axis] = rate
    still = asked(name, props, REST, Rotation.identity(), 0.0)
    torque = asked(name, props, REST, Rotation.identity(), 0.0, angular_velocity=spin) - still
    assert np.sign(torque[axis]) == -np.sign(rate)


@every_vehicle
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("tilt", [0.3, -0.3])
def test_a_tilted_vehicle_is_levelled(name: str, props: str, axis: int, tilt: float):
    turned = np.zeros(3)
    turned[axis] = tilt
    still = asked(name, props, REST, Rotation.identity(), 0.0)
    torque = asked(name, props, REST, Rotation.from_rotvec(turned), 0.0) - still
    assert np.sign(torque[axis]) == -np.sign(tilt)


@every_stack
@pytest.mark.parametrize("velocity", [(0.5, 0, 0), (-0.5, 0, 0), (0, 0.5, 0), (0, -0.5, 0)])
def test_a_drifting_vehicle_leans_against_its_drift(name: str, velocity: tuple[float, ...]):
    drift = np.array(velocity)
    still = asked(name, "in", REST, Rotation.identity(), 0.0)
    torque = asked(name, "in", REST, Rotation.identity(), 0.0, velocity=drift) - still
    assert np.dot(torque, np.cross([0, 0, 1], -drift)) > 0


@every_vehicle
def test_a_vehicle_north_of_its_set_point_flies_south(name: str, props: str):
    """Half a second in the plant: it gains speed southwards and hardly any other, and keeps its nose."""
    yaw = -np.pi / 2 if props == "out" else 0.0  # the plant's own nose is north
    one, policy = vehicle(name, props), adapter(name, props)
    plant = create_plant(RIG, "x500_real")
    state = np.array([0.4, *LEVEL[1:], *[0.55] * 4])
    for k in range(50):
        real = with_nose_on_the_right(state) if props == "out" else state
        _, motors = policy.step(one.sensors(real), one.setpoint(REST, REST, yaw), 10_000 * k)
        state = np.array(plant.step(tuple(state), np.float32(plant_command(name, props, motors))))
    assert state[7] < -0.3
    assert abs(state[8]) < 0.1 * abs(state[7])


@every_stack
def test_the_heading_of_the_nose_is_where_it_points(name: str):
    one, policy = vehicle(name), adapter(name)
    for yaw in np.linspace(-3, 3, 7):
        state = LEVEL.copy()
        state[3:7] = Rotation.from_euler("ZYX", [yaw, 0.4, -0.3]).as_quat(scalar_first=True)
        heading = policy.heading_of_nose(one.sensors(state)).astype(np.float64)
        expected = one.setpoint(REST, REST, yaw)[6:]
        np.testing.assert_allclose(heading / np.linalg.norm(heading), expected, atol=1e-6)


def test_a_range_of_ones_own_is_taken():
    policy: Adapter = adapter("betaflight")
    size = np.float32([1000, 1800])
    before = bytes(policy.memory.raw)
    # The range is the last two words of the struct that init wrote: 48 and 1047.5.
    at = before.rindex(np.float32([48, 1047.5]).tobytes())
    policy.memory[at : at + 8] = size.tobytes()
    np.testing.assert_allclose(policy.to_motors(np.float32([-1, 0, 1, 1]))["motor"], [1400, 1000, 1800, 1800])
