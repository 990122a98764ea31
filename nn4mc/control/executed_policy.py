"""A policy called through its executor, in float64 for valid sensors and references."""

from collections.abc import Mapping

import numpy as np

from nn4mc.control.executor import Clock, Turn
from nn4mc.control.policy import Policy, PolicyReference
from nn4mc.errors import ConfigError
from nn4mc.ir import Array, Graph
from nn4mc.reference import initial_state, step


class ExecutedPolicyReference(PolicyReference):
    """What the C of a policy with an executor must agree with, call by call."""

    def __init__(self, policy: Policy, graph: Graph) -> None:
        """Start before the first call of ``graph``, the policy's network; ConfigError without an executor."""
        if policy.executor is None:
            raise ConfigError("the policy has no executor")
        super().__init__(policy, graph)

    def reset(self) -> None:
        """Forget the hidden state, the clock and the actions since the last native step."""
        super().reset()
        self.clock = Clock(self.values)
        self.turn = Turn.AFRESH
        self._since_native: list[Array] = []

    def step_at(self, time_us: int, sensors: Array, reference: Array, stamp: int | None = None) -> Array:
        """Return the command (command_len,) of a call at ``time_us``; without a ``stamp`` the reference is new."""
        self.turn = self.clock.begin(time_us, time_us if stamp is None else stamp)
        if self.turn is Turn.AFRESH:
            self._state, self._since_native = initial_state(self._graph), []
            self._observer.reset()
        self._since_native.append(self._action)
        if self.turn is Turn.INTERMEDIATE and self.values["skip_intermediate"] >= 0.5:
            return self._action
        self._action = self._limited(self._evaluate(sensors, reference))
        return self._action

    def _evaluate(self, sensors: Array, reference: Array) -> Array:
        """Return what the network says to the mean of the actions; a native step moves its state."""
        last, self._action = self._action, np.mean(self._since_native, axis=0)
        native = self.turn is not Turn.INTERMEDIATE
        done = step(self._graph, self.observe(sensors, reference, remember=native), self._state)
        self._action = last
        if native:
            self._advance(done.state)
        return np.clip(self._map.command(done.outputs), -1.0, 1.0)

    def _advance(self, state: Mapping[str, Array]) -> None:
        self._state = dict(state)
        self._since_native = []
        self.clock.advanced()

    def _limited(self, wished: Array) -> Array:
        """Hold the command to the rate, which is for a period, by this call's share of one; a rate of 2 is none."""
        rate = self.values["rate_limit"]
        if rate < 2.0 and self.values["skip_intermediate"] < 0.5:
            rate *= self.clock.share()
        return np.clip(wished, self._action - rate, self._action + rate)
