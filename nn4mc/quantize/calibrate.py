"""Calibration: the values that every tensor takes when the float64 reference runs over given inputs.

Sequences start from the initial state each, so that recurrent states are seen along real trajectories.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.ir import FLOAT32, Array, Float32Array, Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.activation import ACTIVATION, IDENTITY, fused_activation
from nn4mc.ops.base import size
from nn4mc.reference import initial_state, step

_SAMPLES = 4096
"""Values that a choice between a few ranges looks at."""
_STEPS, _VALUES = 1024, 1 << 20
"""Steps and values of a tensor that are kept, at most."""


@dataclass(frozen=True)
class Seen:
    """What a tensor was seen to hold: its range, and its values (steps, elements) at some of the steps."""

    low: float
    high: float
    vectors: Array

    @property
    def largest(self) -> float:
        """The largest magnitude."""
        return max(abs(self.low), abs(self.high))

    @property
    def samples(self) -> Array:
        """Some of its values, spread over the whole run."""
        return self.vectors.ravel()[:: max(1, self.vectors.size // _SAMPLES)]


@dataclass(frozen=True)
class Calibration:
    """By the name of each tensor of a graph; ``before`` by node: its product before a fused activation."""

    tensors: Mapping[str, Seen]
    before: Mapping[str, Seen]
    steps: int


class _Watch:
    """A tensor while it is being watched."""

    def __init__(self, total: int, count: int) -> None:
        self.low, self.high = np.inf, -np.inf
        self.every = max(1, -(-total // _STEPS), -(-total * count // _VALUES))
        self.values: list[Array] = []

    def see(self, values: Array, at: int) -> None:
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        if at % self.every == 0:
            self.values.append(values.ravel())

    def seen(self) -> Seen:
        return Seen(self.low, self.high, np.array(self.values))


@dataclass(frozen=True)
class Recording:
    """Inputs (steps, in) from the initial state on; ``where`` is the file they came from, for messages."""

    where: str
    rows: Float32Array


def calibrate(graph: Graph, recordings: Sequence[Recording]) -> Calibration:
    """Run a lowered graph over recordings and return what its tensors held.

    Raises ModelError when there is nothing to run, a width does not fit, an input is not finite, or the model answers
    NaN or Inf.
    """
    total = sum(len(one.rows) for one in recordings)
    if not total:
        raise ModelError("calibration needs at least one input")
    for one in recordings:
        check_recording(graph, one)
    tensors: dict[str, _Watch] = {}
    before: dict[str, _Watch] = {}
    activated = [node for node in graph.nodes if fused_activation(node) != IDENTITY]
    at = 0
    for recording in recordings:
        state: Mapping[str, Array] = initial_state(graph)
        for index, row in enumerate(recording.rows):
            with np.errstate(all="ignore"):
                done = step(graph, row, state)
            _expect_finite(graph, done.tensors, f"{recording.where}, input {index}")
            for name, values in done.tensors.items():
                if graph.tensors[name].data is None:
                    tensors.setdefault(name, _Watch(total, values.size)).see(values, at)
            for node in activated:
                values = _before_activation(node, done.tensors)
                before.setdefault(node.name, _Watch(total, values.size)).see(values, at)
            state, at = done.state, at + 1
    return Calibration(
        {name: watch.seen() for name, watch in tensors.items()},
        {name: watch.seen() for name, watch in before.items()},
        total,
    )


def check_recording(graph: Graph, one: Recording) -> None:
    """Raise ModelError unless a recording is finite and as wide as the graph's inputs, which must be float32."""
    width = sum(size(graph.tensors[name].shape) for name in graph.inputs)
    types = {graph.tensors[name].dtype for name in graph.inputs}
    if types != {FLOAT32}:
        raise ModelError(f"model '{graph.name}' takes {', '.join(types)}: it is quantised already")
    if one.rows.ndim != 2 or one.rows.shape[1] != width:
        raise ModelError(f"{one.where}: {one.rows.shape[-1]} values a step, and '{graph.name}' takes {width}")
    finite = np.isfinite(one.rows).all(axis=1)
    if not finite.all():
        raise ModelError(f"{one.where}: step {int(finite.argmin())} holds NaN or Inf; remove such steps")


def _before_activation(node: Node, tensors: Mapping[str, Array]) -> Array:
    plain = replace(node, attributes={**node.attributes, ACTIVATION: IDENTITY})
    return operator(node.op).reference(plain, [tensors[name] for name in node.inputs])[0]


def _expect_finite(graph: Graph, tensors: Mapping[str, Array], where: str) -> None:
    for node in graph.nodes:
        for name in node.outputs:
            if not np.isfinite(tensors[name]).all():
                raise ModelError(
                    f"{where}: layer '{node.name}' ({node.op}) answers NaN or Inf; calibrate without that input"
                )
