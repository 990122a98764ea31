"""The policy controller as data, and its float64 reference.

A policy maps an observation to an action. Around it stand the observation's terms and the guard: a bad step holds
the last good command, then ramps to the safe one; every command stays within its limits and its rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nn4mc.control.action import Action, ActionMap, make_action_map
from nn4mc.control.executor import EXECUTOR_VARIABLES, Executor, check_executor, executor_values
from nn4mc.control.observation import ATTITUDE, MOST_STEPS, SENSOR_WORDS, Observed, Slot, make_slot
from nn4mc.control.observer import Observer
from nn4mc.control.variables import Variable, resolve
from nn4mc.errors import ConfigError
from nn4mc.ir import FLOAT32, Array, Graph
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
    """A policy: model, what it observes in order, and the layouts of sensors and reference as name -> words.

    ``frames`` observations in a row make the network's input, the oldest first; ``action`` makes a command of its
    output. Commands are ``command_len`` words within -1..1; the safe command is -1 (for a vehicle: rotors at their
    slowest). ``variables`` overrides the initial values of `VARIABLES` and, with an ``executor``, of its own. With one
    the policy can be called at any rate. With ``stateful`` recurrent layers of the model take one time step and carry
    their state.
    """

    model: str
    observation: tuple[Observed, ...]
    sensors: Mapping[str, int]
    reference: Mapping[str, int]
    command_len: int
    variables: Mapping[str, float] = field(default_factory=dict)
    executor: Executor | None = None
    action: Action = field(default_factory=Action)
    frames: int = 1
    stateful: bool = False


def resolved_variables(policy: Policy) -> tuple[Variable, ...]:
    """Return the variables with the policy's own initial values; ConfigError for an unknown name or a bad value."""
    if policy.executor is None:
        return resolve(VARIABLES, policy.variables)
    return resolve((*VARIABLES, *EXECUTOR_VARIABLES), {**executor_values(policy.executor), **policy.variables})


def slots(policy: Policy) -> tuple[Slot, ...]:
    """Return what is observed, entry by entry; ConfigError where an entry does not fit the layouts."""
    return tuple(make_slot(one, policy.sensors, policy.reference, policy.command_len) for one in policy.observation)


def observer(policy: Policy) -> Observer:
    """Return what makes this policy's observations; it needs no model, so that one can be trained on them.

    Raises ConfigError as `check_layouts`.
    """
    check_layouts(policy)
    return Observer(slots(policy), policy.frames, policy.sensors, policy.reference)


def action_map(policy: Policy) -> ActionMap:
    """Return how a command is made of the network's output; ConfigError where the numbers do not fit."""
    return make_action_map(policy.action, policy.command_len)


def check_layouts(policy: Policy) -> None:
    """Raise ConfigError when the observation or the action do not fit the layouts."""
    slots(policy)
    action_map(policy)
    if not policy.observation:
        raise ConfigError("the observation is empty; name its terms, such as observation = ['position_error']")
    if not 1 <= policy.frames <= MOST_STEPS:
        raise ConfigError(f"frames is {policy.frames}, expected 1 to {MOST_STEPS}")
    if policy.sensors.get(ATTITUDE, SENSOR_WORDS[ATTITUDE]) != SENSOR_WORDS[ATTITUDE]:
        raise ConfigError(f"the sensor '{ATTITUDE}' has {policy.sensors[ATTITUDE]} words, expected w, x, y, z")


def check_policy(policy: Policy, graph: Graph) -> None:
    """Raise ConfigError when the observation does not fit the layouts or the network."""
    check_layouts(policy)
    if policy.executor is not None:
        check_executor(policy.executor, policy.reference)
    words = observation_len(policy)
    taken = sum(size(graph.tensors[name].shape) for name in graph.inputs)
    given = sum(size(graph.tensors[name].shape) for name in graph.outputs)
    types = {graph.tensors[name].dtype for name in (*graph.inputs, *graph.outputs)}
    if types != {FLOAT32}:
        raise ConfigError(f"the network '{graph.name}' takes or gives {types}, and a policy works on float32")
    if words != taken:
        raise ConfigError(
            f"the observation has {words} words, and the network '{graph.name}' takes {taken}.\n{_sum(policy)}"
        )
    if given != policy.command_len:
        raise ConfigError(f"the network '{graph.name}' gives {given} words, and a command has {policy.command_len}")


def _sum(policy: Policy) -> str:
    """Return how many words each entry of an observation has."""
    parts = [f"{one.term} {slot.len}" for one, slot in zip(policy.observation, slots(policy), strict=True)]
    frames = f", {policy.frames} frames" if policy.frames > 1 else ""
    return f"Words of each term: {', '.join(parts)}{frames}."


def observation_len(policy: Policy) -> int:
    """Return the number of words of the observation."""
    return policy.frames * sum(slot.len for slot in slots(policy))


@dataclass(frozen=True)
class PolicyStep:
    """One step: what the network saw, the command (command_len,) it asked for, and what the guard made of it."""

    observation: Array
    wished: Array
    command: Array


class PolicyReference:
    """The policy in float64 for valid sensors: what the C controller must agree with, step by step."""

    def __init__(self, policy: Policy, graph: Graph) -> None:
        """Start before the first step of ``graph``, the policy's network."""
        check_policy(policy, graph)
        self._policy, self._graph = policy, graph
        self._observer, self._map = observer(policy), action_map(policy)
        self.values = {variable.name: variable.initial for variable in resolved_variables(policy)}
        self.reset()

    def reset(self) -> None:
        """Forget the hidden state and what was seen; the previous action is ``initial_action`` again."""
        self._state = initial_state(self._graph)
        self._action = np.full(self._policy.command_len, self.values["initial_action"])
        self._observer.reset()

    def step(self, sensors: Array, reference: Array) -> Array:
        """Return the command (command_len,) of one native step."""
        return self.trace(sensors, reference).command

    def trace(self, sensors: Array, reference: Array) -> PolicyStep:
        """Make one native step and return what it was made of."""
        observation = self.observe(sensors, reference)
        done = step(self._graph, observation, self._state)
        self._state = dict(done.state)
        wished = self._map.command(done.outputs)
        rate = self.values["rate_limit"]
        self._action = np.clip(np.clip(wished, -1.0, 1.0), self._action - rate, self._action + rate)
        return PolicyStep(observation, wished, self._action)

    def follow(self, command: Array) -> None:
        """Take ``command`` (command_len,) for the previous action, as where another controller flew."""
        self._action = np.asarray(command, np.float64)

    def observe(self, sensors: Array, reference: Array, remember: bool = True) -> Array:
        """Return the observation of this instant, and ``remember`` it for those that see the past."""
        return self._observer.observe(sensors, reference, self._map.output(self._action), self.values, remember)
