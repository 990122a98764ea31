"""Fits dense, GRU and LSTM networks with torch on their own open-loop predictions, on one thread and reproducibly."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from nn4mc.ir import Array
from nn4mc.train.kinds import DENSE
from nn4mc.train.linear_fit import Shape, fit_hammerstein
from nn4mc.train.models import Feedforward, Layer, Model, Recurrent
from nn4mc.train.network_data import Scales, Sequences, measure, sequences, standing_still
from nn4mc.train.resample import Run
from nn4mc.train.score import seen_enough
from nn4mc.train.spec import NetworkSpec
from nn4mc.train.window import Layout, differences

CHECKPOINTS = 12
"""Models kept of one fit, from the base alone to the last epoch; validation chooses among them."""
_BASE_RIDGE = 1e-3
_LARGEST_GRADIENT = 1.0

Judge = Callable[[Model], Sequence[float]]
"""Scores of a model on the runs that watch, one a run; smaller is better."""


@dataclass(frozen=True)
class Task:
    """What is fitted: kind, sizes, settings, steps of the open-loop loss, and the seed of weights and batches."""

    kind: str
    layout: Layout
    network: NetworkSpec
    horizon: int
    seed: int

    @property
    def warm_up(self) -> int:
        """Measured samples before the first prediction: none for a network without a state."""
        return 0 if self.kind == DENSE else self.network.warm_up


def checkpoints(network: NetworkSpec) -> tuple[int, ...]:
    """Return the epochs after which a model is kept.

    >>> checkpoints(NetworkSpec(epochs=24))[:4]
    (0, 2, 4, 6)
    """
    every = max(1, -(-network.epochs // CHECKPOINTS))
    return (0, *range(every, network.epochs + 1, every))


def patience(network: NetworkSpec) -> int:
    """Return the checkpoints without progress after which a run has seen enough.

    >>> patience(NetworkSpec(epochs=24, patience=6))
    3
    """
    return -(-network.patience // checkpoints(network)[1])


def fit_network(task: Task, runs: Sequence[Run], judge: Judge, at_least: int) -> list[Model | None]:
    """Return the model of every checkpoint; None after the last one at which a watching run still got better.

    Checkpoint ``at_least`` and those before it are made in any case; where nothing watches, no more than these.
    """
    with _reproducible(task.seed):
        steps = task.warm_up + task.horizon
        cut = sequences(runs, task.layout, steps, task.network.stride)
        base = _base(task, runs)
        scales = measure(runs, task.layout, task.network.levels, base, cut, task.warm_up)
        net = _Net(task, scales, base)
        return _fit(task, net, cut, scales, judge, at_least)


def _base(task: Task, runs: Sequence[Run]) -> Layer:
    if not task.network.residual:
        return standing_still(task.layout).linear
    (model,) = fit_hammerstein(runs, task.layout, Shape(0, False), (_BASE_RIDGE,))
    return model.linear


def _fit(task: Task, net: "_Net", cut: Sequences, scales: Scales, judge: Judge, at_least: int) -> list[Model | None]:
    tensors = [torch.from_numpy(one) for one in (cut.commands, cut.outputs, cut.sensors)]
    width = torch.from_numpy(scales.motion)
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=task.network.learning_rate, weight_decay=task.network.weight_decay
    )
    epochs, made = checkpoints(task.network), list[Model | None]()
    curves = list[Sequence[float]]()
    for index, epoch in enumerate(epochs):
        for _ in range(epoch - epochs[index - 1] if index else 0):
            _one_epoch(net, tensors, width, optimiser, task.network.batch)
        made.append(net.model())
        curves.append(judge(net.model()))
        watching = [seen_enough(curve, patience(task.network)) for curve in zip(*curves, strict=True)]
        if index >= at_least and (all(watching) if watching else index == at_least):
            break
    return [*made, *[None] * (len(epochs) - len(made))]


def _one_epoch(
    net: "_Net", tensors: Sequence[Tensor], width: Tensor, optimiser: torch.optim.Optimizer, batch: int
) -> None:
    for rows in torch.split(torch.randperm(len(tensors[0])), batch):
        commands, outputs, sensors = (one[rows] for one in tensors)
        optimiser.zero_grad()
        errors = (net(commands, outputs, sensors) - outputs[:, net.settled :]) / width
        loss = torch.mean(errors * errors)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
        optimiser.step()


class _Net(nn.Module):
    """Base + network on scaled difference features; ``forward`` predicts in open loop after the warm-up."""

    def __init__(self, task: Task, scales: Scales, base: Layer) -> None:
        super().__init__()
        self.task, self.base, self.scales = task, base, scales
        self.settled = task.layout.dd + task.warm_up
        self.features = torch.from_numpy(np.array(differences(task.layout, task.network.levels)))
        self.inverse = torch.from_numpy(
            np.divide(1.0, scales.width, out=np.zeros_like(scales.width), where=scales.width > 0)
        )
        self.middle, self.gain = torch.from_numpy(scales.middle), torch.from_numpy(scales.residual)
        self.weights, self.bias = torch.from_numpy(base.weights), torch.from_numpy(base.bias)
        wide, hidden = len(scales.middle), task.network.hidden
        self.cell: nn.GRUCell | nn.LSTMCell | None = None
        if task.kind != DENSE:
            self.cell = (nn.GRUCell if task.kind == "gru" else nn.LSTMCell)(wide, hidden[0])
        inner = (wide, *hidden) if self.cell is None else (hidden[0],)
        sizes = (*inner, task.layout.p)
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        nn.init.zeros_(self.dense[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.dense[-1].bias)  # type: ignore[arg-type]
        # The base is fitted on single steps; this lets it move where the open-loop error wants it.
        self.straight = nn.Linear(len(scales.middle), task.layout.p, bias=False)
        nn.init.zeros_(self.straight.weight)
        self.act = torch.tanh if task.network.activation == "tanh" else torch.relu
        self.double()

    def forward(self, commands: Tensor, outputs: Tensor, sensors: Tensor) -> Tensor:
        """Return the predictions (B, horizon, p)."""
        layout, warm_up = self.task.layout, self.task.warm_up
        blocks = [outputs[:, layout.dd - 1 - i] for i in range(layout.dd)]
        state: tuple[Tensor, ...] = ()
        made = []
        for t in range(warm_up + self.task.horizon):
            given = [commands[:, layout.nd - 1 + t - i] for i in range(layout.nd)]
            x = torch.cat([*given, *blocks, sensors[:, min(t, warm_up)]], dim=1)
            y, state = self._step(x, state)
            made.append(y)
            blocks = [outputs[:, layout.dd + t] if t < warm_up else y, *blocks[:-1]]
        return torch.stack(made[warm_up:], dim=1)

    def _step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        values = (x @ self.features - self.middle) * self.inverse
        straight = x @ self.weights + self.bias + self.straight(values) * self.gain
        if isinstance(self.cell, nn.LSTMCell):
            state = self.cell(values, state or None)
            values = state[0]
        elif self.cell is not None:
            state = (self.cell(values, *state),)
            values = state[0]
        for layer in self.dense[:-1]:
            values = self.act(layer(values))
        return straight + self.dense[-1](values) * self.gain, state

    def model(self) -> Model:
        """Return the network as it is now, with all scaling inside its weights."""
        task = self.task
        dense = [cast(nn.Linear, one) for one in self.dense]
        layers = [_Raw(_numbers(one.weight), _numbers(one.bias)) for one in dense]
        head = Layer(layers[-1].weights.T * self.scales.residual, layers[-1].bias * self.scales.residual)
        linear = self._linear()
        if self.cell is not None:
            cell = self.cell
            inside = _unscaled(
                _Raw(_numbers(cell.weight_ih), _numbers(cell.bias_ih)), self.inverse.numpy(), self.scales
            )
            rest = _numbers(cell.weight_hh), inside.bias, _numbers(cell.bias_hh)
            return Recurrent(task.layout, linear, task.kind, inside.weights, *rest, head, task.network.levels)
        first = _unscaled(layers[0], self.inverse.numpy(), self.scales)
        hidden = [Layer(one.weights.T, one.bias, task.network.activation) for one in (first, *layers[1:-1])]
        return Feedforward(task.layout, linear, (*hidden, head), levels=task.network.levels)

    def _linear(self) -> Layer:
        """Return base and straight part as one matrix over the window."""
        gains = (_numbers(self.straight.weight) * self.inverse.numpy()).T * self.scales.residual
        weights = self.base.weights + self.features.numpy() @ gains
        return Layer(weights, self.base.bias - self.scales.middle @ gains)


@dataclass(frozen=True)
class _Raw:
    """Weights (out, in) and bias as torch has them."""

    weights: Array
    bias: Array


def _unscaled(layer: _Raw, inverse: Array, scales: Scales) -> _Raw:
    weights = layer.weights * inverse
    return _Raw(weights, layer.bias - weights @ scales.middle)


def _numbers(values: Tensor) -> Array:
    copied: Array = values.detach().numpy().copy()
    return copied


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """One thread, deterministic algorithms and a seed, and the caller's settings afterwards."""
    threads, strict, random = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_rng_state(),
    )
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)
        torch.set_rng_state(random)
