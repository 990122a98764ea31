"""The batched policy against the single one, and its executor against the rules written down as a loop."""

from dataclasses import replace

import numpy as np
import pytest

from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from nn4mc.control.policy import PolicyReference
from nn4mc.control.policy_batch import PolicyBatch
from nn4mc.control.regular_calls import RegularCalls
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import load_policy
from nn4mc.hil.rig import load_rig
from nn4mc.reference import initial_state, step

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
    batch = PolicyBatch(CHOSEN.policy, CHOSEN.graph, 3, NOTHING, RegularCalls(0.005, {"native_every": 2.0}))
    first = [batch.step(now, wanted) for now, wanted in zip(sensors, references, strict=True)]
    batch.reset()
    again = [batch.step(now, wanted) for now, wanted in zip(sensors, references, strict=True)]
    assert np.array_equal(first, again)


@pytest.mark.parametrize("every", [1, 3, 4, 25])
def test_calls_between_native_steps_leave_the_state_and_average_the_actions(every):
    """The rules of RAPTOR's executor, one by one, on one vehicle."""
    sensors, references = flights(1, 110)
    batch = PolicyBatch(
        CHOSEN.policy, CHOSEN.graph, 1, NOTHING, RegularCalls(0.01 / every, {"native_every": float(every)})
    )
    state, since, mean = initial_state(CHOSEN.graph), [], np.zeros(4)
    for call, (now, wanted) in enumerate(zip(sensors, references, strict=True)):
        if since:
            mean = np.mean(since, axis=0)
        observer = PolicyReference(CHOSEN.policy, CHOSEN.graph)
        observer.follow(mean)
        done = step(CHOSEN.graph, observer.observe(now[0], wanted), state)
        action = np.clip(done.outputs, -1, 1)
        if call % every == 0:
            state, since = dict(done.state), []
        since.append(action)
        assert np.abs(batch.step(now, wanted)[0] - action).max() < 1e-12


@pytest.mark.parametrize("values", [{}, {"keep_phase": 0.0}, {"rate_limit": 0.1}], ids=["phase", "anew", "limited"])
@pytest.mark.parametrize("rate_hz", [50, 250, 300, 400, 2500])
def test_at_any_rate_a_row_is_the_executed_policy(rate_hz, values):
    """The float64 reference of the C, whose clock decides call by call."""
    policy = replace(CHOSEN.policy, executor=Executor(), variables={**CHOSEN.policy.variables, **values})
    single = ExecutedPolicyReference(policy, CHOSEN.graph)
    limit = {"rate_limit": np.array([values["rate_limit"]] * 3)} if "rate_limit" in values else NOTHING
    timing = {name: value for name, value in values.items() if name != "rate_limit"}
    batch = PolicyBatch(CHOSEN.policy, CHOSEN.graph, 3, limit, RegularCalls(1 / rate_hz, timing))
    sensors, references = flights(3, 150, seed=rate_hz)
    for call, (now, wanted) in enumerate(zip(sensors, references, strict=True)):
        alone = single.step_at(round(call / rate_hz * 1e6), now[1], wanted)
        assert np.abs(batch.step(now, wanted)[1] - alone).max() < 1e-12


def test_what_no_executor_has_is_refused():
    with pytest.raises(ConfigError, match="no variable pace"):
        RegularCalls(0.01, {"pace": 1.0})
    with pytest.raises(ConfigError, match="skip_intermediate"):
        RegularCalls(0.01, {"skip_intermediate": 1.0})


def test_a_policy_that_does_not_fit_is_refused():
    small = type(CHOSEN.policy)("raptor", ("position_error",), CHOSEN.policy.sensors, CHOSEN.policy.reference, 4)
    with pytest.raises(ConfigError, match="takes 22"):
        PolicyBatch(small, CHOSEN.graph, 2, NOTHING)
