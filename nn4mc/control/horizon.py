"""Predictions over a horizon and their exact derivatives by the moves, in float64.

    y(n+k) = f(u(n+k), u(n+k-1), .. [nd]; y(n+k-1), .. [dd]; sensors(n); state) + bias        k = 1 .. N2

u(n+k) is move min(k, Nu), y(n+k-j) a prediction once k > j, and the state is carried from step to step. The derivatives
run forward along all Nu m moves at once, through delayed commands, fed-back outputs and the state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nn4mc.control.jets import Jet, constant_jet, run_tape
from nn4mc.control.tape import Tape
from nn4mc.ir import Array

COMMAND, OUTPUT, SENSOR = "command", "output", "sensor"


@dataclass(frozen=True)
class Model:
    """A forward model as a tape whose inputs are COMMAND, OUTPUT and SENSOR: m commands, p outputs, q sensors."""

    tape: Tape
    nd: int
    dd: int
    m: int
    p: int
    q: int


@dataclass(frozen=True)
class Situation:
    """What is known at step n, newest first.

    ``commands`` (nd, m) u(n), ..; ``outputs`` (dd, p) y(n), ..; ``sensors`` (q,); ``states`` of the tape by atom;
    ``bias`` (p,).
    """

    commands: Array
    outputs: Array
    sensors: Array
    states: Mapping[str, Array]
    bias: Array


@dataclass(frozen=True)
class Prediction:
    """y (N2, p), dy/dU (N2, Nu m, p), d2y/dU2 (N2, Nu m, Nu m, p) or None, and the states after the first step."""

    outputs: Array
    first: Array
    second: Array | None
    states: Mapping[str, Array]


def predict(model: Model, now: Situation, moves: Array, horizon: int, second: bool = False) -> Prediction:
    """Return the prediction for moves (Nu, m), which are held after the last."""
    size = moves.size
    u = [_move_jet(moves, j, second) for j in range(len(moves))]
    past_u = [constant_jet(value, size, second) for value in now.commands]
    y = [constant_jet(value, size, second) for value in now.outputs]
    states = {name: constant_jet(value, size, second) for name, value in now.states.items()}
    sensors = constant_jet(now.sensors, size, second)
    after_first: Mapping[str, Array] = now.states
    for k in range(1, horizon + 1):
        window_u = [u[min(k - i, len(u)) - 1] if i < k else past_u[i - k] for i in range(model.nd)]
        given = {COMMAND: _joined(window_u), OUTPUT: _joined(y[: model.dd]), **states}
        if model.q:
            given[SENSOR] = sensors
        done = run_tape(model.tape, given)
        states = {name: done[after] for name, after in model.tape.states.items()}
        if k == 1:
            after_first = {name: jet.value for name, jet in states.items()}
        made = done[model.tape.output]
        y.insert(0, replace(made, value=made.value + now.bias))
    newest = y[:horizon][::-1]
    return Prediction(
        np.array([one.value for one in newest]),
        np.array([one.first for one in newest]),
        np.array([one.second for one in newest]) if second else None,
        after_first,
    )


def _move_jet(moves: Array, j: int, second: bool) -> Jet:
    m = moves.shape[1]
    jet = constant_jet(moves[j], moves.size, second)
    jet.first[j * m : (j + 1) * m] = np.eye(m)
    return jet


def _joined(jets: list[Jet]) -> Jet:
    second = (
        None if jets[0].second is None else np.concatenate([jet.second for jet in jets if jet.second is not None], -1)
    )
    return Jet(np.concatenate([jet.value for jet in jets]), np.concatenate([jet.first for jet in jets], -1), second)
