"""The policy in float64 for many vehicles at once, through its executor where it has one."""

from collections.abc import Mapping

import numpy as np

from nn4mc.control.executor import EXECUTOR_VARIABLES, Clock, Turn
from nn4mc.control.policy import Policy, action_map, check_policy, observer, resolved_variables
from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.reference_batch import initial_states, step_rows


class PolicyBatch:
    """n policies with their own states: row k gives what `PolicyReference` gives for its sensors alone.

    With an executor it is what `ExecutedPolicyReference` gives; all rows are called at the same times.
    """

    def __init__(self, policy: Policy, graph: Graph, rows: int, variables: Mapping[str, Array]) -> None:
        """Start before the first step; ``variables`` holds values (rows,) that go over the policy's own, NaN for none.

        Raises ConfigError when the observation does not fit the layouts or the network.
        """
        check_policy(policy, graph)
        self._policy, self._graph, self._rows = policy, graph, rows
        self._observer, self._map = observer(policy), action_map(policy)
        initial = {variable.name: variable.initial for variable in resolved_variables(policy)}
        self._clock_values = {one.name: initial[one.name] for one in EXECUTOR_VARIABLES if policy.executor is not None}
        self.values = {name: np.full((rows, 1), value) for name, value in initial.items()}
        for name, values in variables.items():
            self.values[name] = np.where(np.isnan(values)[:, None], self.values[name], values[:, None])
        self.reset()

    def reset(self) -> None:
        """Forget states, actions, clock and what was seen; the previous actions are ``initial_action`` again."""
        self._state: Mapping[str, Array] = initial_states(self._graph, self._rows)
        self._action = np.repeat(self.values["initial_action"], self._policy.command_len, axis=1)
        self._mean = self._action
        self._observer.reset()
        self._since_native = 0
        self._clock = Clock(self._clock_values) if self._clock_values else None

    def follow(self, commands: Array) -> None:
        """Take ``commands`` (n, command_len) for the previous actions, as where other controllers flew."""
        self._action = np.asarray(commands, np.float64)

    def step(self, sensors: Array | Float32Array, reference: Array | Float32Array, time_us: int = 0) -> Array:
        """Return the commands (n, command_len) for sensors (n, words) and references (words,) or (n, words).

        ``time_us`` is when the sensors were read, for an executor.
        """
        turn = Turn.NATIVE if self._clock is None else self._clock.begin(time_us, time_us)
        if turn is Turn.AFRESH:
            self._state, self._since_native = initial_states(self._graph, self._rows), 0
            self._observer.reset()
        self._mean = (self._mean * self._since_native + self._action) / (self._since_native + 1)
        self._since_native += 1
        if turn is Turn.INTERMEDIATE and self._clock_values["skip_intermediate"] >= 0.5:
            return self._action
        wished = self._evaluate(sensors, reference, turn)
        rate = self.values["rate_limit"] * self._share()
        self._action = np.clip(wished, self._action - rate, self._action + rate)
        return self._action

    def _evaluate(self, sensors: Array | Float32Array, reference: Array | Float32Array, turn: Turn) -> Array:
        """Return what the network says to the mean of the actions; between native steps its states stay."""
        measured = np.asarray(sensors, np.float64)
        wanted = np.broadcast_to(np.asarray(reference, np.float64), (self._rows, np.shape(reference)[-1]))
        native, action = turn is not Turn.INTERMEDIATE, self._map.output(self._mean)
        seen = self._observer.observe(measured, wanted, action, self.values, remember=native)
        done = step_rows(self._graph, seen, self._state)
        if native:
            self._state, self._since_native = done.state, 0
            if self._clock is not None:
                self._clock.advanced()
        return np.clip(self._map.command(done.outputs), -1.0, 1.0)

    def _share(self) -> Array:
        """Return the part of the rate limit (n, 1), which is for a period, that this call has; a limit of 2 is none."""
        if self._clock is None or self._clock_values["skip_intermediate"] >= 0.5:
            return np.ones((self._rows, 1))
        return np.where(self.values["rate_limit"] < 2.0, self._clock.share(), 1.0)
