"""The policy controller in C, step by step: it agrees with float64, holds, ramps, recovers, and resets."""

from dataclasses import replace

import numpy as np
import pytest

from nn4mc.api import compile_policy
from nn4mc.control.observation import observed
from nn4mc.control.policy import VARIABLES, PolicyReference
from nn4mc.errors import ConfigError
from nn4mc.ir import Array

OK, SENSORS, REFERENCE = 0, -3, -4
TRACKING, HOLDING, SAFE = 0, 1, 2
LEVEL = np.float32([0.1, -0.2, 0.3, 1, 0, 0, 0, 0.1, 0, -0.1, 0, 0.2, 0, 0, 0, 0, 0, 0, 0])
NAN_POSITION = LEVEL.copy()
NAN_POSITION[1] = np.nan


@pytest.fixture
def controller(built):
    return built.controller()


def trajectory(steps: int, seed: int) -> Array:
    """Return rows (steps, 19) of a vehicle that wanders and tumbles: smooth, with attitudes of all kinds."""
    rng = np.random.default_rng(seed)
    rows = np.cumsum(rng.normal(0, 0.03, (steps, 19)), axis=0)
    rows[:, 3] += 1
    rows[:, 3:7] /= np.linalg.norm(rows[:, 3:7], axis=1, keepdims=True)
    return rows.astype(np.float32)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"position_clip": 0.5, "velocity_clip": 1.0, "initial_action": -1.0},
        {"rate_limit": 0.05, "initial_action": 0.3},
    ],
    ids=["as published", "clipped as in PX4", "rate-limited"],
)
def test_agrees_with_float64_over_a_closed_trajectory(built, values: dict[str, float]):
    """Closed over the previous action, which each side takes from itself."""
    c = built.controller()
    c.set(**values)
    c.reset()
    policy = replace(built.policy, variables={**built.policy.variables, **values})
    reference = PolicyReference(policy, compile_policy(policy).network.graph)
    worst = 0.0
    for row in trajectory(1500, seed=4):
        status, mode, command = c.step(row)
        expected = reference.step(row[:13].astype(np.float64), row[13:].astype(np.float64))
        assert (status, mode) == (OK, TRACKING)
        worst = max(worst, float(np.abs(command - expected).max()))
    assert worst <= 1e-5


def test_holds_then_ramps_to_the_safe_command_then_recovers(controller):
    controller.set(hold_steps=3, safe_rate=0.25)
    good = controller.step(LEVEL)[2]
    for _ in range(3):
        assert controller.step(NAN_POSITION)[:2] == (SENSORS, HOLDING)
    held = controller.step(NAN_POSITION)
    assert held[:2] == (SENSORS, SAFE)
    np.testing.assert_allclose(held[2], np.maximum(good - np.float32(0.25), -1), atol=1e-7)
    for _ in range(8):
        status, mode, command = controller.step(NAN_POSITION)
    assert (status, mode, command.tolist()) == (SENSORS, SAFE, [-1.0] * 4)
    assert controller.step(LEVEL)[:2] == (OK, TRACKING)
    assert controller.step(NAN_POSITION)[:2] == (SENSORS, HOLDING), "the count of bad steps starts anew"


def test_a_refused_step_never_changes_the_network(built):
    """Refused steps in between leave the commands of the others as they were, but for the previous action they hold."""
    plain, disturbed = built.controller(), built.controller()
    for row in trajectory(50, seed=1):
        disturbed.step(NAN_POSITION)
        np.testing.assert_array_equal(plain.step(row)[2], disturbed.step(row)[2])


@pytest.mark.parametrize(
    ("quaternion", "status"),
    [
        ([1, 0, 0, 0], OK),
        ([-1, 0, 0, 0], OK),
        ([0.5, 0.5, -0.5, 0.5], OK),
        ([0.97, 0, 0, 0], OK),
        ([0, 0, 0, 0], SENSORS),
        ([0.9, 0, 0, 0], SENSORS),
        ([1.1, 0, 0, 0], SENSORS),
        ([1, 1, 0, 0], SENSORS),
        ([1e20, 0, 0, 0], SENSORS),
        ([1e-30, 0, 0, 0], SENSORS),
    ],
)
def test_a_quaternion_that_is_no_attitude_is_refused(controller, quaternion: list[float], status: int):
    row = LEVEL.copy()
    row[3:7] = quaternion
    assert controller.step(row)[0] == status


@pytest.mark.parametrize("position", range(19))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_every_word_is_looked_at(controller, position: int, value: float):
    row = LEVEL.copy()
    row[position] = value
    assert controller.step(row)[0] == (SENSORS if position < 13 else REFERENCE)


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, 1e-45])
def test_finite_extremes_give_a_command(controller, value: float):
    row = np.full(19, value, np.float32)
    row[3:7] = [1, 0, 0, 0]
    row[13:16] = -value
    _, _, command = controller.step(row)
    assert np.isfinite(command).all() and np.abs(command).max() <= 1


def test_reset_starts_anew_and_keeps_the_variables(built):
    first, second = built.controller(), built.controller()
    first.set(initial_action=0.5, rate_limit=0.1)
    for row in trajectory(20, seed=2):
        first.step(row)
    first.reset()
    second.set(initial_action=0.5, rate_limit=0.1)
    second.reset()
    for row in trajectory(20, seed=3):
        np.testing.assert_array_equal(first.step(row)[2], second.step(row)[2])


def test_init_gives_the_variables_of_the_policy(built):
    words = built.controller().library.values(built.controller().state)
    assert [words[i] for i in range(len(VARIABLES))] == pytest.approx([v.initial for v in VARIABLES])


def test_selftest_passes_and_resets(built):
    controller, fresh = built.controller(), built.controller()
    controller.step(LEVEL)
    assert 0 <= built.library.selftest(controller.state) <= built.library.selftest_limit()
    np.testing.assert_array_equal(controller.step(LEVEL)[2], fresh.step(LEVEL)[2])


def test_takes_at_most_600_bytes_of_ram(built):
    assert 0 < built.library.state_size() <= 600


def variant(built, **changes: object):
    return lambda: compile_policy(replace(built.policy, **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"observation": observed("position_error", "wind")}, "observation term 'wind' is not known"),
        ({"sensors": {"position": 3}}, "'rotation_matrix' needs the sensor 'quaternion', which the rig does not have"),
        ({"reference": {"position": 3}}, "needs the reference 'velocity', which the rig does not have"),
        (
            {"sensors": {"position": 2, "quaternion": 4, "velocity": 3, "angular_velocity": 3}},
            "'position' of 3 words, the rig's has 2",
        ),
        (
            {"sensors": {"position": 3, "quaternion": 3, "velocity": 3, "angular_velocity": 3}},
            "'quaternion' of 4 words",
        ),
        ({"reference": {"position": 3, "velocity": 1}}, "'velocity' of 3 words, the rig's has 1"),
        ({"command_len": 5}, "the observation has 23 words, and the network 'raptor' takes 22"),
        ({"observation": observed("position_error", "rotation_matrix", "previous_action")}, "has 16 words"),
        ({"variables": {"hold": 1.0}}, "controller variable 'hold' is not known"),
        ({"variables": {"rate_limit": 2.5}}, "'rate_limit' is 2.5, expected 0.0 to 2.0"),
        ({"variables": {"rate_limit": float("nan")}}, "'rate_limit' is nan"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(built, changes: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message):
        variant(built, **changes)()


def test_an_attitude_of_another_width_is_refused_even_if_it_is_not_observed(built):
    sensors = {"quaternion": 3, "position": 22}
    with pytest.raises(ConfigError, match="quaternion"):
        compile_policy(replace(built.policy, sensors=sensors, observation=observed("previous_action")))


def test_the_state_of_the_caller_is_all_there_is(built):
    """Two controllers interleaved are two controllers."""
    rows = trajectory(30, seed=5), trajectory(30, seed=6)
    alone = built.controller()
    apart = [alone.step(row)[2] for row in rows[0]]
    first, second = built.controller(), built.controller()
    together = []
    for a, b in zip(*rows, strict=True):
        together.append(first.step(a)[2])
        second.step(b)
    np.testing.assert_array_equal(together, apart)
