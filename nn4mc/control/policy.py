"""The policy controller as data, and its float64 reference.

A policy maps an observation to an action. Around it stand the observation's terms and the guard: a bad step holds
the last good command, then ramps to the safe one; every command stays within its limits and its rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nn4mc.control.executor import EXECUTOR_VARIABLES, Executor, check_executor, executor_values
from nn4mc.control.observation import ATTITUDE, ATTITUDE_WORDS, PREVIOUS_ACTION, TERMS
from nn4mc.control.variables import Variable, offsets, resolve
from nn4mc.errors import ConfigError
from nn4mc.ir import Array, Graph
from nn4mc.ops.base import size
from nn4mc.reference import initial_state, step

KIND = "policy"
UNCLIPPED = 1e6
"""A clip this large, in m or m/s, never acts."""


VARIABLES = (
    Variable("position_clip", "m", 0.0, UNCLIPPED, UNCLIPPED),
    Variable("velocity_clip", "m/s", 0.0, UNCLIPPED, UNCLIPPED),
    Variable("initial_action", "", -1.0, 1.0, 0.0),
    Variable("rate_limit", "1/step", 0.0, 2.0, 2.0),
    Variable("hold_steps", "steps", 0.0, 1000.0, 10.0),
    Variable("safe_rate", "1/step", 0.0, 2.0, 0.05),
)
"""Every policy has these. A rate limit of 2 is none: commands reach from -1 to 1."""


@dataclass(frozen=True)
class Policy:
    """A policy: model, observation terms in order, and the layouts of sensors and reference as name -> words.

    Commands are ``command_len`` words within -1..1; the safe command is -1 (for a vehicle: rotors at their
    slowest). ``variables`` overrides the initial values of `VARIABLES` and, with an ``executor``, of its own. With one
    the policy can be called at any rate.
    """

    model: str
    observation: tuple[str, ...]
    sensors: Mapping[str, int]
    reference: Mapping[str, int]
    command_len: int
    variables: Mapping[str, float] = field(default_factory=dict)
    executor: Executor | None = None


def resolved_variables(policy: Policy) -> tuple[Variable, ...]:
    """Return the variables with the policy's own initial values; ConfigError for an unknown name or a bad value."""
    if policy.executor is None:
        return resolve(VARIABLES, policy.variables)
    return resolve((*VARIABLES, *EXECUTOR_VARIABLES), {**executor_values(policy.executor), **policy.variables})


def check_policy(policy: Policy, graph: Graph) -> None:
    """Raise ConfigError when the observation does not fit the layouts or the network."""
    for name in policy.observation:
        if name == PREVIOUS_ACTION:
            continue
        if name not in TERMS:
            raise ConfigError(f"observation term '{name}' is not known. Known: {', '.join((*TERMS, PREVIOUS_ACTION))}")
        term = TERMS[name]
        _check_layout(name, "sensor", policy.sensors, term.sensor, term.sensor_words)
        if term.reference is not None:
            _check_layout(name, "reference", policy.reference, term.reference, term.words)
    _check_attitude(policy)
    if policy.executor is not None:
        check_executor(policy.executor, policy.reference)
    words = observation_len(policy)
    taken = sum(size(graph.tensors[name].shape) for name in graph.inputs)
    given = sum(size(graph.tensors[name].shape) for name in graph.outputs)
    if words != taken:
        raise ConfigError(f"the observation has {words} words, and the network '{graph.name}' takes {taken}")
    if given != policy.command_len:
        raise ConfigError(f"the network '{graph.name}' gives {given} words, and a command has {policy.command_len}")


def _check_layout(term: str, kind: str, layout: Mapping[str, int], name: str, words: int) -> None:
    if name not in layout:
        raise ConfigError(f"observation term '{term}' needs the {kind} '{name}', which the rig does not have")
    if layout[name] != words:
        raise ConfigError(
            f"observation term '{term}' needs a {kind} '{name}' of {words} words, the rig's has {layout[name]}"
        )


def _check_attitude(policy: Policy) -> None:
    """A sensor called quaternion is checked to be one, in the observation or not."""
    if policy.sensors.get(ATTITUDE, ATTITUDE_WORDS) != ATTITUDE_WORDS:
        raise ConfigError(f"the sensor '{ATTITUDE}' has {policy.sensors[ATTITUDE]} words, expected w, x, y, z")


def observation_len(policy: Policy) -> int:
    """Return the number of words of the observation."""
    return sum(policy.command_len if name == PREVIOUS_ACTION else TERMS[name].words for name in policy.observation)


class PolicyReference:
    """The policy in float64 for valid sensors: what the C controller must agree with, step by step."""

    def __init__(self, policy: Policy, graph: Graph) -> None:
        """Start before the first step of ``graph``, the policy's network."""
        check_policy(policy, graph)
        self._policy, self._graph = policy, graph
        self.values = {variable.name: variable.initial for variable in resolved_variables(policy)}
        self.reset()

    def reset(self) -> None:
        """Forget the hidden state; the previous action is ``initial_action`` again."""
        self._state = initial_state(self._graph)
        self._action = np.full(self._policy.command_len, self.values["initial_action"])

    def step(self, sensors: Array, reference: Array) -> Array:
        """Return the command (command_len,) of one native step."""
        done = step(self._graph, self.observe(sensors, reference), self._state)
        self._state = dict(done.state)
        wished = np.clip(done.outputs, -1.0, 1.0)
        rate = self.values["rate_limit"]
        self._action = np.clip(wished, self._action - rate, self._action + rate)
        return self._action

    def follow(self, command: Array) -> None:
        """Take ``command`` (command_len,) for the previous action, as where another controller flew."""
        self._action = np.asarray(command, np.float64)

    def observe(self, sensors: Array, reference: Array) -> Array:
        """Return the observation of this instant."""
        return observation(self._policy, self.values, sensors, reference, self._action)


def observation(
    policy: Policy, values: Mapping[str, float | Array], sensors: Array, reference: Array, action: Array
) -> Array:
    """Return what the network sees, from sensors, reference and previous action; all may have axes in front."""
    sensor_at, reference_at = offsets(policy.sensors), offsets(policy.reference)
    parts = []
    for name in policy.observation:
        if name == PREVIOUS_ACTION:
            parts.append(action)
            continue
        term = TERMS[name]
        first = sensor_at[term.sensor]
        measured = sensors[..., first : first + policy.sensors[term.sensor]]
        start = reference_at[term.reference] if term.reference else 0
        limit = values[term.clip] if term.clip else np.inf
        parts.append(term.compute(measured, reference[..., start : start + term.words], limit))
    return np.concatenate(parts, axis=-1)
