"""Every adapter against its float64 reference over drawn vehicles, and what it must not depend on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from nn4mc.control.observation import rotation_matrix
from nn4mc.errors import ConfigError
from nn4mc.flight_stack.reference import Given, outputs, seen
from nn4mc.flight_stack.table import stacks
from tests.flight_stack.adapters import PROPS, STACKS, adapter

OK, SENSORS, REFERENCE = 0, -3, -4
drawn = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
every_vehicle = pytest.mark.parametrize(("name", "props"), [(name, props) for name in STACKS for props in PROPS])


def numbers(limit: float, count: int) -> st.SearchStrategy[np.ndarray]:
    one = st.floats(-limit, limit, width=32)
    return st.lists(one, min_size=count, max_size=count).map(lambda values: np.array(values, np.float64))


@st.composite
def situations(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw sensors (13,) and a set-point (8,) in a stack's own words: any attitude, any heading, float32 values."""
    turn = draw(numbers(3.0, 3))
    quaternion = Rotation.from_rotvec(turn).as_quat()[draw(st.permutations(range(4)))]
    yaw, length = draw(st.floats(-np.pi, np.pi)), draw(st.floats(0.01, 100))
    place = draw(numbers(30, 3))
    sensors = np.concatenate([place, quaternion, draw(numbers(10, 3)), draw(numbers(600, 3))])
    nose = length * np.array([np.cos(yaw), np.sin(yaw)])
    setpoint = np.concatenate([place + draw(numbers(2, 3)), draw(numbers(10, 3)), nose])
    return sensors.astype(np.float32).astype(np.float64), setpoint.astype(np.float32).astype(np.float64)


def given_of(sensors: np.ndarray, setpoint: np.ndarray) -> Given:
    return Given(*np.split(sensors, [3, 7, 10]), *np.split(setpoint, [3, 6]))


@every_vehicle
@drawn
@given(situation=situations())
def test_agrees_with_the_geometry(name: str, props: str, situation: tuple[np.ndarray, np.ndarray]):
    sensors, setpoint = situation
    words, reference = (row.astype(np.float64) for row in adapter(name, props).to_policy(*situation))
    wanted = seen(stacks()[name], given_of(sensors, setpoint), props)
    np.testing.assert_allclose(words[:3] - reference[:3], wanted.position_error, atol=1e-5)
    np.testing.assert_allclose(rotation_matrix(words[3:7]).reshape(3, 3), wanted.rotation, atol=2e-6)
    np.testing.assert_allclose(words[7:10] - reference[3:], wanted.velocity_error, atol=5e-6)
    np.testing.assert_allclose(words[10:], wanted.angular_velocity, rtol=3e-7, atol=1e-9)


@every_vehicle
@drawn
@given(command=numbers(1.0, 4))
def test_motors_agree_with_the_geometry(name: str, props: str, command: np.ndarray):
    made = adapter(name, props).to_motors(command)
    for output, expected in outputs(stacks()[name], command, props).items():
        whole = made[output].dtype == np.uint16
        tolerance = 0.501 if whole else 1e-6 * np.abs(expected).max() + 1e-7
        np.testing.assert_allclose(made[output].astype(np.float64), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", STACKS)
@drawn
@given(situation=situations(), yaw=st.floats(-np.pi, np.pi), shift=numbers(20, 3))
def test_the_place_and_the_compass_do_not_matter(
    name: str, situation: tuple[np.ndarray, np.ndarray], yaw: float, shift: np.ndarray
):
    """Vehicle, set-point and heading turned about the vertical and moved together are the same to the policy."""
    sensors, setpoint = situation
    turn = Rotation.from_euler("z", yaw)
    scalar_first = stacks()[name].quaternion_order == "wxyz"
    attitude = turn * Rotation.from_quat(sensors[3:7], scalar_first=scalar_first)
    moved = [turn.apply(sensors[:3]) + shift, attitude.as_quat(scalar_first=scalar_first), turn.apply(sensors[7:10])]
    ahead = turn.apply([*setpoint[6:], 0.0])[:2]
    wanted = [turn.apply(setpoint[:3]) + shift, turn.apply(setpoint[3:6]), ahead]
    one = adapter(name)
    before, before_reference = one.to_policy(sensors, setpoint)
    after, after_reference = one.to_policy(np.concatenate([*moved, sensors[10:]]), np.concatenate(wanted))
    error_after, error_before = after[:3] - after_reference[:3], before[:3] - before_reference[:3]
    np.testing.assert_allclose(error_after, error_before, atol=3e-5)
    np.testing.assert_allclose(rotation_matrix(after[3:7]), rotation_matrix(before[3:7]), atol=3e-6)
    np.testing.assert_allclose(after[7:], before[7:], atol=1e-5)
    np.testing.assert_allclose(after_reference[3:], before_reference[3:], atol=1e-5)


def level(name: str) -> tuple[np.ndarray, np.ndarray]:
    sensors = np.zeros(13)
    sensors[3 + stacks()[name].quaternion_order.index("w")] = 1
    return sensors, np.array([0.1, 0, 0, 0, 0, 0, 1, 0])


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_every_word_that_is_not_finite_is_refused_and_the_motors_are_held(name: str, value: float):
    for position in range(21):
        policy = adapter(name)
        sensors, setpoint = level(name)
        _, before = policy.step(sensors, setpoint)
        row = sensors if position < 13 else setpoint
        row[position if position < 13 else position - 13] = value
        status, motors = policy.step(sensors, setpoint, 10_000)
        assert status == (SENSORS if position < 13 else REFERENCE)
        for output, held in before.items():
            np.testing.assert_array_equal(motors[output], held)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("heading", [(0, 0), (1e-4, 1e-4), (2e3, 0), (1e30, 1e30), (-0.0, 0.0)])
def test_a_heading_without_a_direction_is_refused(name: str, heading: tuple[float, float]):
    sensors, setpoint = level(name)
    setpoint[6:] = heading
    assert adapter(name).step(sensors, setpoint)[0] == REFERENCE


@pytest.mark.parametrize("name", STACKS)
@drawn
@given(data=st.data())
def test_any_bits_give_motors_within_their_ranges(name: str, data: st.DataObject):
    policy, stack = adapter(name), stacks()[name]
    for _ in range(4):
        bits = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=21, max_size=21))
        words = np.array(bits, np.uint32).view(np.float32)
        status, motors = policy.step(words[:13], words[13:], data.draw(st.integers(0, 2**32 - 1)))
        assert status in (OK, SENSORS, REFERENCE, -2, 1)
        for output in stack.outputs:
            assert ((output.low <= motors[output.name]) & (motors[output.name] <= output.high)).all()


def test_the_reference_refuses_a_heading_without_a_direction():
    sensors, setpoint = level("px4")
    with pytest.raises(ConfigError, match="heading has no direction"):
        seen(stacks()["px4"], replace(given_of(sensors, setpoint), heading=np.zeros(2)))
