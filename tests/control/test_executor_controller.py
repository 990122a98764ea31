"""The policy with its executor in C, call by call: what advances, what holds, what it does without good input."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.api import compile_policy
from nn4mc.control.executor import Executor
from nn4mc.errors import ConfigError
from nn4mc.hil.protocol import Mode
from nn4mc.hil.twin import Twin, TwinStep
from nn4mc.ir import Array
from tests.control.executors import LEVEL, Executed, call_times, hidden_state, wandering

OK, STALE, SENSORS, REFERENCE = 0, 1, -3, -4
PERIOD = 10_000
BLIND = LEVEL.copy()
BLIND[1] = np.nan
UNWANTED = LEVEL.copy()
UNWANTED[13] = np.inf


def call(twin: Twin, row: Array, time_us: int, stamp: int | None = None) -> TwinStep:
    return twin.step(row[:13], row[13:], time_us % 2**32, stamp)


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.4])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"keep_phase": 0.0},
        {"native_every": 5.0},
        {"skip_intermediate": 1.0},
        {"position_clip": 0.5},
        {"rate_limit": 0.1},
    ],
    ids=["kept phase", "period anew", "every fifth", "skipping", "clipped", "rate-limited"],
)
def test_agrees_with_float64(executed: Executed, values: dict[str, float], jitter: float):
    """Closed over the previous action, which each side takes from itself."""
    twin, reference = executed.twin(**values), executed.reference(**values)
    for row, time_us in zip(wandering(400, 21), call_times(400, 2000, jitter, 3, 2**32 - 200_000), strict=True):
        done, wide = call(twin, row, time_us), row.astype(np.float64)
        expected = reference.step_at(time_us, wide[:13], wide[13:])
        np.testing.assert_allclose(done.command, expected, atol=1e-5)
        assert (done.status, done.mode) == (OK, Mode.TRACKING)


def test_only_native_steps_move_the_state(executed: Executed):
    twin, moved = executed.twin(), []
    before = hidden_state(twin)
    for k, row in enumerate(wandering(41, 2)):
        call(twin, row, 2500 * k)
        moved.append(hidden_state(twin) != before)
        before = hidden_state(twin)
    assert moved == [k % 4 == 0 for k in range(41)]


def test_at_the_policys_own_rate_it_is_the_plain_policy_bit_for_bit(executed: Executed, built):
    twin, plain = executed.twin(), built.controller()
    for k, row in enumerate(wandering(300, 5)):
        np.testing.assert_array_equal(call(twin, row, PERIOD * k).command, plain.step(row)[2])


def test_without_intermediate_steps_the_command_is_held_between_native_ones(executed: Executed):
    twin = executed.twin(skip_intermediate=1.0)
    commands = np.array([call(twin, row, 2500 * k).command for k, row in enumerate(wandering(80, 6))])
    changes = np.any(np.diff(commands, axis=0) != 0, axis=1)
    assert np.flatnonzero(changes).tolist() == [k for k in range(79) if (k + 1) % 4 == 0]


def test_refused_calls_leave_the_state_and_the_mean_alone(executed: Executed):
    """A burst of bad calls between two instants changes nothing but who is asked at the next one."""
    plain, disturbed = executed.twin(), executed.twin()
    for k, row in enumerate(wandering(40, 7)):
        if k:
            for part in range(1, 4):
                assert call(disturbed, BLIND, PERIOD * k - PERIOD + 1000 * part).status == SENSORS
        np.testing.assert_array_equal(call(plain, row, PERIOD * k).command, call(disturbed, row, PERIOD * k).command)


@pytest.mark.parametrize("rate", [100, 400, 2500])
@pytest.mark.parametrize(("bad", "status"), [(BLIND, SENSORS), (UNWANTED, REFERENCE)])
def test_holding_and_ramping_take_as_long_at_any_rate(executed: Executed, rate: int, bad: Array, status: int):
    twin = executed.twin(hold_steps=3, safe_rate=0.25)
    interval = 1_000_000 // rate
    good = call(twin, LEVEL, 0).command
    found = [call(twin, bad, interval * k) for k in range(1, 12 * rate // 100 + 1)]
    assert {step.status for step in found} == {status}
    for k, step in enumerate(found, 1):
        periods = k * interval // PERIOD
        assert step.mode == (Mode.HOLDING if periods <= 3 else Mode.SAFE)
        expected = np.maximum(good - 0.25 * max(periods - 3, 0), -1)
        np.testing.assert_allclose(step.command, expected, atol=1e-6)
    assert call(twin, LEVEL, interval * (len(found) + 1)).mode == Mode.TRACKING


def test_a_native_step_that_met_bad_sensors_is_made_up_for_at_the_next_call(executed: Executed):
    twin = executed.twin()
    for k in range(4):
        call(twin, LEVEL, 2500 * k)
    assert call(twin, BLIND, 10_000).status == SENSORS
    before = hidden_state(twin)
    assert call(twin, LEVEL, 12_500).status == OK
    assert hidden_state(twin) != before


def test_the_first_call_may_be_bad(executed: Executed):
    twin, fresh = executed.twin(), executed.twin()
    for k in range(3):
        step = call(twin, BLIND, 2500 * k)
        assert (step.status, step.mode, step.command.tolist()) == (SENSORS, Mode.HOLDING, [0.0] * 4)
    np.testing.assert_array_equal(call(twin, LEVEL, 7500).command, call(fresh, LEVEL, 0).command)


@pytest.mark.parametrize("gap", ["no calls", "bad calls"])
def test_after_a_long_gap_it_starts_as_after_a_reset(executed: Executed, gap: str):
    twin = executed.twin(hold_steps=1000.0)
    for k, row in enumerate(wandering(30, 8)):
        last = call(twin, row, 2500 * k).command
    end = 2500 * 29
    if gap == "bad calls":
        for k in range(1, 240):
            call(twin, BLIND, end + 2500 * k)
    first = call(twin, LEVEL, end + 600_000)
    assert (first.status, twin.timing().restarts) == (OK, 1)
    reference = executed.reference()
    reference.follow(last.astype(np.float64))  # the previous action is the one that is out there
    wide = LEVEL.astype(np.float64)
    np.testing.assert_allclose(first.command, reference.step_at(0, wide[:13], wide[13:]), atol=1e-6)


def test_a_stale_reference_is_its_place_at_rest_then_lost(executed: Executed):
    moving = LEVEL.copy()
    moving[13:] = [0.5, -0.5, 0.25, 1.0, -1.0, 0.5]
    still = moving.copy()
    still[16:] = 0
    limits = {"reference_limit": 20_000, "reference_lost": 40_000}
    twin, other = executed.twin(**limits), executed.twin()
    seen = []
    for k in range(30):
        step = call(twin, moving, 2500 * k, stamp=7 if k < 25 else 8)
        seen.append((step.status, step.mode))
        if k < 17:
            row = moving if k <= 8 else still
            np.testing.assert_array_equal(step.command, call(other, row, 2500 * k).command)
    assert seen[:9] == [(OK, Mode.TRACKING)] * 9
    assert seen[9:17] == [(STALE, Mode.TRACKING)] * 8
    assert seen[17:25] == [(REFERENCE, Mode.HOLDING)] * 8
    assert seen[25:] == [(OK, Mode.TRACKING)] * 5


def test_a_rate_limit_is_for_a_period_and_each_call_has_its_share(executed: Executed):
    twin = executed.twin(rate_limit=0.04)
    commands = [call(twin, row, 2500 * k).command for k, row in enumerate(wandering(200, 9))]
    largest = np.abs(np.diff(commands, axis=0)).max()
    assert largest == pytest.approx(0.01, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.02, 2.0]), every=st.sampled_from([0, 3]))
def test_any_bits_at_any_time_give_a_command_within_its_limits(executed: Executed, seed: int, rate: float, every: int):
    rng = np.random.default_rng(seed)
    twin = executed.twin(rate_limit=rate, native_every=every)
    last = np.zeros(4, np.float32)
    for _ in range(60):
        row = rng.integers(0, 2**32, 19, np.uint32).view(np.float32) if rng.random() < 0.5 else LEVEL
        step = call(twin, row, int(rng.integers(0, 2**32)), int(rng.integers(0, 4)))
        assert np.isfinite(step.command).all() and np.abs(step.command).max() <= 1
        assert np.abs(step.command - last).max() <= max(rate, 0.05) + 1e-6
        last = step.command


def test_two_controllers_do_not_share_a_clock(executed: Executed):
    alone, first, second = executed.twin(), executed.twin(), executed.twin()
    rows = wandering(60, 10)
    apart = [call(alone, row, 2500 * k).command for k, row in enumerate(rows)]
    together = []
    for k, row in enumerate(rows):
        together.append(call(first, row, 2500 * k).command)
        call(second, rows[-k], 777 * k)
    np.testing.assert_array_equal(apart, together)


def test_takes_at_most_640_bytes_of_ram(executed: Executed):
    assert executed.twin().state_size <= 640


def test_a_part_at_rest_that_the_reference_does_not_have_is_refused(executed: Executed):
    with pytest.raises(ConfigError, match="rest names 'yaw', and the reference has: position, velocity"):
        compile_policy(replace(executed.policy, executor=Executor(rest=("yaw",))))


def test_a_variable_of_the_executor_needs_one(executed: Executed):
    with pytest.raises(ConfigError, match="'native_every' is not known"):
        compile_policy(replace(executed.policy, executor=None, variables={"native_every": 4.0}))
