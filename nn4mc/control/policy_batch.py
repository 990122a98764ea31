"""The policy in float64 for many vehicles at once, and at call rates above the one it was trained at."""

from collections.abc import Mapping

import numpy as np

from nn4mc.control.policy import Policy, action_map, check_policy, observer, resolved_variables
from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.reference_batch import initial_states, step_rows


class PolicyBatch:
    """n policies with their own states; row k gives what `PolicyReference` gives for its sensors alone.

    With ``native_every`` above 1 it is called more often than the network shall step, as flight stacks do with RAPTOR:
    the first call and every such one after it is native and keeps its hidden state; the calls between evaluate a copy.
    The previous action is then the mean of those since the last native call.
    """

    def __init__(
        self, policy: Policy, graph: Graph, rows: int, variables: Mapping[str, Array], native_every: int = 1
    ) -> None:
        """Start before the first step; ``variables`` holds values (rows,) that go over the policy's own, NaN for none.

        Raises ConfigError when the observation does not fit the layouts or the network.
        """
        check_policy(policy, graph)
        self._policy, self._graph, self._rows = policy, graph, rows
        self._observer, self._map = observer(policy), action_map(policy)
        self._native_every = native_every
        own = {variable.name: np.full((rows, 1), variable.initial) for variable in resolved_variables(policy)}
        for name, values in variables.items():
            own[name] = np.where(np.isnan(values), own[name][:, 0], values)[:, None]
        self.values = own
        self.reset()

    def reset(self) -> None:
        """Forget the hidden states and what was seen; the previous actions are ``initial_action`` again."""
        self._state: Mapping[str, Array] = initial_states(self._graph, self._rows)
        self._action = np.repeat(self.values["initial_action"], self._policy.command_len, axis=1)
        self._mean = self._action
        self._observer.reset()
        self._since_native = 0
        self._calls = 0

    def follow(self, commands: Array) -> None:
        """Take ``commands`` (n, command_len) for the previous actions, as where other controllers flew."""
        self._action = np.asarray(commands, np.float64)

    def step(self, sensors: Array | Float32Array, reference: Array | Float32Array) -> Array:
        """Return the commands (n, command_len) for sensors (n, words) and references (words,) or (n, words)."""
        measured = np.asarray(sensors, np.float64)
        wanted = np.broadcast_to(np.asarray(reference, np.float64), (self._rows, np.shape(reference)[-1]))
        count = self._since_native
        self._mean = self._action if count == 0 else (self._mean * count + self._action) / (count + 1)
        native = self._calls % self._native_every == 0
        seen = self._observer.observe(measured, wanted, self._map.output(self._mean), self.values, remember=native)
        done = step_rows(self._graph, seen, self._state)
        if native:
            self._state = done.state
        self._since_native = 0 if native else count + 1
        self._calls += 1
        wished = np.clip(self._map.command(done.outputs), -1.0, 1.0)
        rate = self.values["rate_limit"]
        self._action = np.clip(wished, self._action - rate, self._action + rate)
        return self._action
