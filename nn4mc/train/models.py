"""Trained models as data, in the user's units, and how they run in float64."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.window import Layout, differences, newest_output

State = tuple[Array, ...]
"""What a recurrent model carries, each (n, hidden); empty for a feed-forward one."""


class Model(Protocol):
    """A forward model: y(k) from a window, and a state from step to step."""

    @property
    def layout(self) -> Layout:
        """Sizes of the window it sees."""

    @property
    def parameters(self) -> int:
        """Numbers that were fitted or fixed, as they stand in the compiled network."""

    def initial(self, rows: int) -> State:
        """Return the state before the first step, for ``rows`` predictions side by side."""

    def step(self, x: Array, state: State) -> tuple[Array, State]:
        """Return y (n, p) for windows (n, width), and the state after."""

    def states(self, x: Array) -> State:
        """Return the state before each of a sequence of windows (n, width), from the first step on."""


@dataclass(frozen=True)
class Layer:
    """A dense layer: ``weights`` (in, out), ``bias`` (out,), then "tanh", "relu" or nothing."""

    weights: Array
    bias: Array
    activation: str = ""

    def __call__(self, x: Array) -> Array:
        """Return (n, out)."""
        made: Array = x @ self.weights + self.bias
        if self.activation == "tanh":
            made = np.tanh(made)
        elif self.activation == "relu":
            made = np.maximum(made, 0.0)
        return made


@dataclass(frozen=True)
class Feedforward:
    """A linear model, plus dense ``layers`` (or none) that read the command blocks or the difference features."""

    layout: Layout
    linear: Layer
    layers: tuple[Layer, ...] = ()
    reads_commands: bool = False
    levels: bool = False

    @property
    def parameters(self) -> int:
        """Numbers in all matrices and biases."""
        return sum(one.weights.size + one.bias.size for one in (self.linear, *self.layers))

    def initial(self, rows: int) -> State:
        """Return the empty state."""
        return ()

    def step(self, x: Array, state: State) -> tuple[Array, State]:
        """Return y (n, p), and the empty state."""
        made = self.linear(x)
        if self.layers:
            values = x[:, : self.layout.commands] if self.reads_commands else x @ differences(self.layout, self.levels)
            for layer in self.layers:
                values = layer(values)
            made = made + values
        return made, state

    def states(self, x: Array) -> State:
        """Return the empty state."""
        return ()


@dataclass(frozen=True)
class Recurrent:
    """A linear model, plus a GRU or LSTM that reads the difference features and a linear ``head``.

    Weights are torch's: (gates * hidden, in); gates r, z, n for a GRU (reset after the product), i, f, g, o for an
    LSTM.
    """

    layout: Layout
    linear: Layer
    cell: str
    input_weights: Array
    recurrent_weights: Array
    input_bias: Array
    recurrent_bias: Array
    head: Layer
    levels: bool = False

    @property
    def hidden(self) -> int:
        """Units."""
        return int(self.recurrent_weights.shape[1])

    @property
    def parameters(self) -> int:
        """Numbers in all matrices and biases."""
        gates = (self.input_weights, self.recurrent_weights, self.input_bias, self.recurrent_bias)
        both = (self.linear, self.head)
        return sum(one.size for one in gates) + sum(one.weights.size + one.bias.size for one in both)

    def initial(self, rows: int) -> State:
        """Return zeros: h, and c for an LSTM."""
        return tuple(np.zeros((rows, self.hidden)) for _ in range(2 if self.cell == "lstm" else 1))

    def step(self, x: Array, state: State) -> tuple[Array, State]:
        """Return y (n, p), and the state after."""
        after = self._after(self._gates(x), state)
        return self.linear(x) + self.head(after[0]), after

    def states(self, x: Array) -> State:
        """Return the state before each of a sequence of windows: (n, hidden) each."""
        state, history = self.initial(1), []
        for row in self._gates(x):
            history.append(state)
            state = self._after(row[None], state)
        return tuple(np.concatenate([one[part] for one in history]) for part in range(len(state)))

    def _gates(self, x: Array) -> Array:
        made: Array = x @ differences(self.layout, self.levels) @ self.input_weights.T + self.input_bias
        return made

    def _after(self, a: Array, state: State) -> State:
        b = state[0] @ self.recurrent_weights.T + self.recurrent_bias
        return _lstm(a + b, state[1]) if self.cell == "lstm" else _gru(a, b, state[0])


def _gru(a: Array, b: Array, h: Array) -> State:
    ar, az, an = np.split(a, 3, axis=1)
    br, bz, bn = np.split(b, 3, axis=1)
    z = _sigmoid(az + bz)
    return ((1.0 - z) * np.tanh(an + _sigmoid(ar + br) * bn) + z * h,)


def _lstm(gates: Array, c: Array) -> State:
    i, f, g, o = np.split(gates, 4, axis=1)
    after = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(after), after


def _sigmoid(x: Array) -> Array:
    made: Array = 0.5 + 0.5 * np.tanh(0.5 * x)
    return made


def persistence(layout: Layout) -> Feedforward:
    """Return the model that says nothing will move: y(k) = y(k-1)."""
    return Feedforward(layout, Layer(newest_output(layout), np.zeros(layout.p)))
