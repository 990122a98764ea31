"""Does the C of a policy do what its file says: the network by layer, and the commands, against float64."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn4mc.api import compile_policy
from nn4mc.control.observation import ATTITUDE
from nn4mc.control.policy import Policy, PolicyReference
from nn4mc.control.variables import offsets
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.ir import Float32Array
from nn4mc.target import DEFAULT_CODE, CodeOptions
from nn4mc.verify import RELATIVE_TOLERANCE, Verification, verify

_SPREAD = 2.0
"""How far words wander from 0, in their own units: metres, rad/s."""


@dataclass(frozen=True)
class CommandError:
    """How far the commands of the whole controller are from float64, over all steps."""

    max_error: float
    tolerance: float
    worst_step: int

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; NaN is not."""
        return self.max_error <= self.tolerance


@dataclass(frozen=True)
class PolicyVerification:
    """The network's layers on ``steps`` observations of a wandering vehicle, and the commands they lead to."""

    network: Verification
    command: CommandError
    model_id: str

    @property
    def passed(self) -> bool:
        """Whether every layer and every command passed."""
        return self.network.passed and self.command.passed


def verify_policy(policy: Policy, steps: int = 500, code: CodeOptions = DEFAULT_CODE) -> PolicyVerification:
    """Build the C of a policy for this machine and compare ``steps`` steps of it with float64.

    The reference takes the C's commands for its own previous actions, so that errors do not add up over the loop. An
    executor is left out: every step is a native one.
    Raises what `nn4mc.api.compile_policy` and `nn4mc.verify.verify` raise, BuildError when the C does not compile.
    """
    policy = replace(policy, executor=None)
    made = compile_policy(policy, code=code)
    assert made.network is not None
    with tempfile.TemporaryDirectory(prefix="nn4mc-verify-") as name:
        made.write(Path(name) / "c")
        twin = Twin(build_twin(Path(name) / "c", Path(name)))
        rows = wander(policy, steps)
        observations, command = _step_both(twin, PolicyReference(policy, made.network.graph), rows)
    return PolicyVerification(verify(made.network, observations), command, made.network.model_id)


def wander(policy: Policy, steps: int, seed: int = 1) -> Float32Array:
    """Return rows (steps, sensors + reference): words that drift, an attitude that tumbles."""
    rng = np.random.default_rng(seed)
    width = sum(policy.sensors.values()) + sum(policy.reference.values())
    phase, rate = rng.uniform(0, 2 * np.pi, width), rng.uniform(0.01, 0.1, width)
    rows = _SPREAD * np.sin(phase + rate * np.arange(steps)[:, None]) * rng.uniform(0, 1, width)
    if ATTITUDE in policy.sensors:
        at = offsets(policy.sensors)[ATTITUDE]
        rows[:, at] += _SPREAD
        rows[:, at : at + 4] /= np.linalg.norm(rows[:, at : at + 4], axis=1, keepdims=True)
    return rows.astype(np.float32)


def _step_both(twin: Twin, reference: PolicyReference, rows: Float32Array) -> tuple[Float32Array, CommandError]:
    """Return what the network was given, and how far the twin's commands are from the reference's."""
    observations, errors, largest = [], [], 1.0
    for row in rows:
        sensors, wanted = row[: twin.sensor_len], row[twin.sensor_len :]
        step = reference.trace(sensors.astype(np.float64), wanted.astype(np.float64))
        command = twin.step(sensors, wanted).command
        errors.append(float(np.abs(command - step.command).max()))
        observations.append(step.observation)
        largest = max(largest, float(np.abs(step.wished).max()))
        reference.follow(command.astype(np.float64))
    worst = int(np.argmax(errors))
    return np.array(observations, np.float32), CommandError(errors[worst], RELATIVE_TOLERANCE * largest, worst)
