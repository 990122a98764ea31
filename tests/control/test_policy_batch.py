"""The batched policy against the single one, with and without an executor."""

from dataclasses import replace

import numpy as np
import pytest

from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from nn4mc.control.observation import observed
from nn4mc.control.policy import PolicyReference
from nn4mc.control.policy_batch import PolicyBatch
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import load_policy
from nn4mc.hil.rig import load_rig

CHOSEN = load_policy(load_rig("quadrotor"))
NOTHING = {}


def flights(rows, steps, seed=0):
    """Sensors (steps, rows, 13) with unit quaternions, and references (steps, 6)."""
    rng = np.random.default_rng(seed)
    sensors = rng.normal(size=(steps, rows, 13))
    sensors[..., 3:7] /= np.linalg.norm(sensors[..., 3:7], axis=-1, keepdims=True)
    return sensors, rng.normal(size=(steps, 6))


def test_every_row_is_the_single_policy():
    sensors, references = flights(7, 200)
    batch = PolicyBatch(CHOSEN.policy, CHOSEN.graph, 7, NOTHING)
    single = [PolicyReference(CHOSEN.policy, CHOSEN.graph) for _ in range(7)]
    for now, wanted in zip(sensors, references, strict=True):
        alone = [one.step(row, wanted) for one, row in zip(single, now, strict=True)]
        assert np.abs(batch.step(now, wanted) - alone).max() < 1e-12


def test_variables_go_row_by_row_and_nan_leaves_the_policy_its_own():
    variables = {
        "position_clip": np.array([np.nan, 0.5]),
        "velocity_clip": np.array([np.nan, 1.0]),
        "initial_action": np.array([np.nan, -1.0]),
        "rate_limit": np.array([np.nan, 0.1]),
    }
    sensors, references = flights(2, 30)
    batch = PolicyBatch(CHOSEN.policy, CHOSEN.graph, 2, variables)
    plain, clipped = (PolicyReference(CHOSEN.policy, CHOSEN.graph) for _ in range(2))
    clipped.values |= {name: values[1] for name, values in variables.items()}
    clipped.reset()
    for now, wanted in zip(sensors, references, strict=True):
        alone = [plain.step(now[0], wanted), clipped.step(now[1], wanted)]
        assert np.abs(batch.step(now, wanted) - alone).max() < 1e-12


def test_reset_forgets():
    sensors, references = flights(3, 5)
    called = replace(CHOSEN.policy, executor=Executor(0.01))
    batch = PolicyBatch(called, CHOSEN.graph, 3, NOTHING)
    times = range(0, 5 * 2500, 2500)
    first = [batch.step(*now) for now in zip(sensors, references, times, strict=True)]
    batch.reset()
    again = [batch.step(*now) for now in zip(sensors, references, times, strict=True)]
    assert np.array_equal(first, again)


@pytest.mark.parametrize("rate_hz", [50, 100, 250, 333, 400, 2500])
@pytest.mark.parametrize("values", [{}, {"rate_limit": 0.1}, {"keep_phase": 0.0}], ids=["plain", "limited", "anew"])
def test_every_row_is_the_single_executor_at_any_rate_of_calls(rate_hz, values):
    called = replace(CHOSEN.policy, executor=Executor(0.01), variables=values)
    sensors, references = flights(3, 150)
    batch = PolicyBatch(called, CHOSEN.graph, 3, NOTHING)
    single = [ExecutedPolicyReference(called, CHOSEN.graph) for _ in range(3)]
    for call, (now, wanted) in enumerate(zip(sensors, references, strict=True)):
        time_us = round(call / rate_hz * 1e6)
        alone = [one.step_at(time_us, row, wanted) for one, row in zip(single, now, strict=True)]
        assert np.abs(batch.step(now, wanted, time_us) - alone).max() < 1e-12


def test_calls_between_native_steps_may_be_skipped():
    called = replace(CHOSEN.policy, executor=Executor(0.01), variables={"skip_intermediate": 1.0})
    sensors, references = flights(2, 40)
    batch = PolicyBatch(called, CHOSEN.graph, 2, NOTHING)
    each = [batch.step(now, wanted, 2500 * k) for k, (now, wanted) in enumerate(zip(sensors, references, strict=True))]
    assert [k for k in range(1, 40) if not np.array_equal(each[k], each[k - 1])] == list(range(4, 40, 4))


def test_a_policy_that_does_not_fit_is_refused():
    small = type(CHOSEN.policy)("raptor", observed("position_error"), CHOSEN.policy.sensors, CHOSEN.policy.reference, 4)
    with pytest.raises(ConfigError, match="takes 22"):
        PolicyBatch(small, CHOSEN.graph, 2, NOTHING)
