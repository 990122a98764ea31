"""The policy in float64 for many vehicles at once, and at call rates above the one it was trained at."""

from collections.abc import Iterator, Mapping
from itertools import repeat

import numpy as np

from nn4mc.control.policy import Policy, check_policy, observation, resolved_variables
from nn4mc.control.regular_calls import Call, RegularCalls
from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.reference_batch import initial_states, step_rows

_EVERY_STEP = Call(native=True, share=1.0)
_NO_LIMIT = 2.0
"""A rate limit of 2 is none, at any rate of calls."""


class PolicyBatch:
    """n policies with their own states; row k gives what `PolicyReference` gives for its sensors alone.

    With ``calls`` it is called through the executor, as nn4mc.control.executed_policy: native steps keep their hidden
    state, the calls between evaluate a copy, and the previous action is the mean of those since the last native step.
    Without, every call is a step of the network.
    """

    def __init__(
        self,
        policy: Policy,
        graph: Graph,
        rows: int,
        variables: Mapping[str, Array],
        calls: RegularCalls | None = None,
    ) -> None:
        """Start before the first step; ``variables`` holds values (rows,) that go over the policy's own, NaN for none.

        Raises ConfigError when the observation does not fit the layouts or the network.
        """
        check_policy(policy, graph)
        self._policy, self._graph, self._rows = policy, graph, rows
        self._calls = calls
        own = {variable.name: np.full((rows, 1), variable.initial) for variable in resolved_variables(policy)}
        for name, values in variables.items():
            own[name] = np.where(np.isnan(values), own[name][:, 0], values)[:, None]
        self.values = own
        self.reset()

    def reset(self) -> None:
        """Forget the hidden states; the previous actions are ``initial_action`` again."""
        self._state: Mapping[str, Array] = initial_states(self._graph, self._rows)
        self._action = np.repeat(self.values["initial_action"], self._policy.command_len, axis=1)
        self._mean = self._action
        self._since_native = 0
        self._turns: Iterator[Call] = repeat(_EVERY_STEP) if self._calls is None else self._calls.calls()

    def follow(self, commands: Array) -> None:
        """Take ``commands`` (n, command_len) for the previous actions, as where other controllers flew."""
        self._action = np.asarray(commands, np.float64)

    def step(self, sensors: Array | Float32Array, reference: Array | Float32Array) -> Array:
        """Return the commands (n, command_len) for sensors (n, words) and references (words,) or (n, words)."""
        measured = np.asarray(sensors, np.float64)
        wanted = np.broadcast_to(np.asarray(reference, np.float64), (self._rows, np.shape(reference)[-1]))
        count = self._since_native
        self._mean = self._action if count == 0 else (self._mean * count + self._action) / (count + 1)
        seen = observation(self._policy, self.values, measured, wanted, self._mean)
        done = step_rows(self._graph, seen, self._state)
        call = next(self._turns)
        if call.native:
            self._state = done.state
        self._since_native = 0 if call.native else count + 1
        wished = np.clip(done.outputs, -1.0, 1.0)
        rate = np.where(self.values["rate_limit"] < _NO_LIMIT, call.share, 1.0) * self.values["rate_limit"]
        self._action = np.clip(wished, self._action - rate, self._action + rate)
        return self._action
