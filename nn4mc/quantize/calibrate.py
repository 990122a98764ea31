"""Calibration: the values that every tensor takes when the float64 reference runs over given inputs.

Sequences start from the initial state each, so that recurrent states are seen along real trajectories.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.ir import Array, Float32Array, Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.activation import ACTIVATION, IDENTITY, fused_activation
from nn4mc.reference import initial_state, step

_SAMPLES = 4096
"""Values kept of each tensor, spread over the whole run."""


@dataclass(frozen=True)
class Seen:
    """What a tensor was seen to hold: its range, and some of its values."""

    low: float
    high: float
    samples: Array

    @property
    def largest(self) -> float:
        """The largest magnitude."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Calibration:
    """By the name of each tensor of a graph; ``before`` by node: its product before a fused activation."""

    tensors: Mapping[str, Seen]
    before: Mapping[str, Seen]
    steps: int


class _Watch:
    """A tensor while it is being watched."""

    def __init__(self, every: int) -> None:
        self.low, self.high, self.every = np.inf, -np.inf, every
        self.values: list[Array] = []

    def see(self, values: Array, at: int) -> None:
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        if at % self.every == 0:
            self.values.append(values.ravel())

    def seen(self) -> Seen:
        together = np.concatenate(self.values)
        return Seen(self.low, self.high, together[:: max(1, together.size // _SAMPLES)].copy())


def calibrate(graph: Graph, sequences: Sequence[Float32Array]) -> Calibration:
    """Run a lowered graph over sequences (steps, in) and return what its tensors held.

    Raises ModelError when there is nothing to run, a width does not fit, an input is not finite, or the model answers
    NaN or Inf.
    """
    total = sum(len(rows) for rows in sequences)
    if not total:
        raise ModelError("calibration needs at least one input")
    every = max(1, total // 256)
    tensors: dict[str, _Watch] = {}
    before: dict[str, _Watch] = {}
    activated = [node for node in graph.nodes if fused_activation(node) != IDENTITY]
    at = 0
    for rows in sequences:
        state: Mapping[str, Array] = initial_state(graph)
        for row in rows:
            with np.errstate(all="ignore"):
                done = step(graph, row, state)
            _expect_finite(graph, done.tensors, at)
            for name, values in done.tensors.items():
                if graph.tensors[name].data is None:
                    tensors.setdefault(name, _Watch(every)).see(values, at)
            for node in activated:
                before.setdefault(node.name, _Watch(every)).see(_before_activation(node, done.tensors), at)
            state, at = done.state, at + 1
    return Calibration(
        {name: watch.seen() for name, watch in tensors.items()},
        {name: watch.seen() for name, watch in before.items()},
        total,
    )


def _before_activation(node: Node, tensors: Mapping[str, Array]) -> Array:
    plain = replace(node, attributes={**node.attributes, ACTIVATION: IDENTITY})
    return operator(node.op).reference(plain, [tensors[name] for name in node.inputs])[0]


def _expect_finite(graph: Graph, tensors: Mapping[str, Array], at: int) -> None:
    for node in graph.nodes:
        for name in node.outputs:
            if not np.isfinite(tensors[name]).all():
                raise ModelError(
                    f"calibration input {at}: layer '{node.name}' ({node.op}) answers NaN or Inf; leave that input out"
                )
