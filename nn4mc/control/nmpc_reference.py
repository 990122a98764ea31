"""The predictive controller in float64, with its estimator and its bridging: what the C must agree with, step by step.

The bias is what the model is wrong by over one step, filtered: bias += gain (y - prediction). It is added to every
predicted step, so that in a steady state the prediction agrees with what is measured, and the offset vanishes.

A measurement that is missing (NaN, Inf, implausible or stuck) is bridged by the prediction of the step before for
``bridge_steps``; after that the command is held and then ramped to the safe one. When measurements come back the
delayed outputs are filled with the first, and a recurrent state starts anew.
"""

from dataclasses import replace

import numpy as np

from nn4mc.control.horizon import Prediction, Situation, predict
from nn4mc.control.nmpc import NEWTON, NOWHERE, Nmpc, check_nmpc, resolved_variables, traced, variable_name, words_of
from nn4mc.control.objective import Barrier, Objective, cost, derivatives
from nn4mc.control.solve import Limits, Local, Settings, Solution, inside, solve
from nn4mc.ir import Array, Graph

OK, ERROR_OUTPUT, ERROR_SENSORS, ERROR_REFERENCE = 0, -2, -3, -4
TOLERANCE = 1e-6
"""Of the largest range of a command: a smaller step is none."""


class NmpcReference:
    """One controller; ``status`` and ``solution`` are of the last step."""

    def __init__(self, nmpc: Nmpc, graph: Graph | None = None) -> None:
        """Start before the first step, on ``graph`` or the model's own."""
        check_nmpc(nmpc)
        self._nmpc = nmpc
        self._model = traced(nmpc, graph or nmpc.model.graph)
        self._words = {
            key: (layout, words_of(layout, getattr(nmpc, key)))
            for key, layout in (
                ("measured", nmpc.sensors),
                ("seen", nmpc.sensors),
                ("wanted", nmpc.reference),
                ("wanted_rate", nmpc.reference),
            )
        }
        self.values = {variable.name: variable.initial for variable in resolved_variables(nmpc)}
        self.reset()

    def reset(self) -> None:
        """Forget what was measured and decided; the command is the trim."""
        self.command = np.array(self._nmpc.trim, np.float64)
        self.bias = np.zeros(self._model.p)
        self.status = OK
        self.solution: Solution | None = None
        self._bad_steps = 0
        self._missing = 0
        self._fresh = True
        self._repeats = np.zeros(self._model.p)
        self._words_before: Array | None = None
        self._plan = np.tile(self.command, (self._nmpc.moves, 1))
        self._expected = np.zeros(self._model.p)
        self._now = Situation(
            np.tile(self.command, (self._model.nd, 1)),
            np.zeros((self._model.dd, self._model.p)),
            np.zeros(self._model.q),
            dict(self._model.tape.initial),
            self.bias,
        )

    def step(self, sensors: Array, reference: Array) -> Array:
        """Return the command (m,) of one step."""
        self.status = self._measure(sensors)
        refused = self.status != OK and (self._fresh or self._missing > self.values["bridge_steps"])
        if refused:
            self._fresh = True
        elif not np.isfinite(reference).all():
            self.status, refused = ERROR_REFERENCE, True
        limits = self._limits()
        done = None if refused else self._solve(reference, limits)
        if done is None:
            self._refuse(limits)
        else:
            self._bad_steps = 0
            self.command, self._plan = done.moves[0], done.moves
        self._advance()
        return self.command

    def _measure(self, sensors: Array) -> int:
        """Take a step's sensors into the situation; OK or ERROR_SENSORS."""
        measured, seen = sensors[self._words["measured"][1]], sensors[self._words["seen"][1]]
        low, high = np.array(self._nmpc.plausible).T
        good = bool(
            np.isfinite(seen).all() and ((measured >= low) & (measured <= high)).all() and not self._is_stuck(measured)
        )
        self._missing = 0 if good else self._missing + 1
        if not good:
            if not self._fresh:
                self._take(self._expected, self._now.sensors)
            return ERROR_SENSORS
        if self._fresh:
            self._start(measured, seen)
        else:
            self.bias = self.bias + self.values["bias_gain"] * (measured - self._expected)
            self._take(measured, seen)
        return OK

    def _is_stuck(self, measured: Array) -> bool:
        same = self._words_before is not None and measured == self._words_before
        self._repeats = np.where(same, self._repeats + 1, 0)
        self._words_before = measured
        return bool(self.values["stuck_steps"] >= 1 and (self._repeats >= self.values["stuck_steps"]).any())

    def _start(self, measured: Array, seen: Array) -> None:
        self._fresh = False
        self._now = Situation(
            np.tile(self.command, (self._model.nd, 1)),
            np.tile(measured, (self._model.dd, 1)),
            seen,
            dict(self._model.tape.initial),
            self.bias,
        )

    def _take(self, measured: Array, seen: Array) -> None:
        outputs = np.concatenate([measured[None], self._now.outputs[:-1]])
        self._now = replace(self._now, outputs=outputs, sensors=seen, bias=self.bias)

    def _limits(self) -> Limits:
        low, high = (
            np.array([self.values[variable_name(end, one)] for one in self._nmpc.model.inputs])
            for end in ("low", "high")
        )
        return Limits(
            low, np.maximum(low, high), self.values["rate_limit"], self.command, self._nmpc.barrier is not None
        )

    def _objective(self, reference: Array) -> Objective:
        nmpc = self._nmpc
        ahead = np.arange(1, nmpc.horizon + 1)[:, None] * nmpc.model.sample_time_s
        wanted = np.tile(reference[self._words["wanted"][1]], (nmpc.horizon, 1))
        if nmpc.wanted_rate:
            words = np.array(self._words["wanted_rate"][1])
            wanted = wanted + ahead * np.where(words == NOWHERE, 0.0, reference[words])
        q = np.array([self.values[variable_name("q", one)] for one in nmpc.model.outputs])
        weights = np.array([self.values[variable_name("l", one)] for one in nmpc.model.inputs])
        box = nmpc.barrier
        barrier = (
            None
            if box is None
            else Barrier(np.full(len(box.r), self.values["sharpness"]), np.array(box.r), np.array(box.b))
        )
        return Objective(wanted, q, weights, nmpc.first_step, self.command, barrier)

    def _solve(self, reference: Array, limits: Limits) -> Solution | None:
        objective, horizon = self._objective(reference), self._nmpc.horizon

        def value(moves: Array) -> float:
            return cost(objective, moves, self._predict(moves, horizon).outputs)

        def local(moves: Array, exact: bool) -> Local:
            made = self._predict(moves, horizon, exact)
            return Local(cost(objective, moves, made.outputs), *derivatives(objective, moves, made))

        reach = max(high - low for low, high in zip(self._nmpc.minimum, self._nmpc.maximum, strict=True))
        self.solution = solve(
            value,
            local,
            limits,
            np.concatenate([self._plan[1:], self._plan[-1:]]),
            Settings(
                int(self.values["iterations"]),
                int(self.values["retries"]),
                self._nmpc.method == NEWTON,
                self.values["damping"],
                TOLERANCE * reach,
            ),
        )
        if not np.isfinite(self.solution.cost):
            self.status, self._fresh = ERROR_OUTPUT, True
            return None
        return self.solution

    def _predict(self, moves: Array, horizon: int, second: bool = False) -> Prediction:
        return predict(self._model, self._now, moves, horizon, second)

    def _refuse(self, limits: Limits) -> None:
        self._bad_steps += 1
        if self._bad_steps > self.values["hold_steps"]:
            change = np.clip(
                np.array(self._nmpc.safe) - self.command, -self.values["safe_rate"], self.values["safe_rate"]
            )
            self.command = self.command + change
        self._plan = inside(replace(limits, last=self.command), np.tile(self.command, (self._nmpc.moves, 1)))

    def _advance(self) -> None:
        """Predict the next step with the command that is now in force, and move the history on."""
        made = self._predict(self.command[None], 1)
        self._expected = made.outputs[0]
        commands = np.concatenate([self.command[None], self._now.commands[:-1]])
        self._now = replace(self._now, commands=commands, states=made.states)
