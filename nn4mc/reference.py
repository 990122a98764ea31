"""Runs a graph in float64: the independent answer that generated C is held against."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.ops import operator
from nn4mc.ops.base import size


@dataclass(frozen=True)
class Step:
    """What one step made: the flat outputs, every tensor by name, and the state for the next step."""

    outputs: Array
    tensors: Mapping[str, Array]
    state: Mapping[str, Array]


def initial_state(graph: Graph) -> dict[str, Array]:
    """Return the state before the first step, by the name of its tensor."""
    return {state.before: state.initial.astype(np.float64) for state in graph.states}


def step(graph: Graph, inputs: Array | Float32Array, state: Mapping[str, Array]) -> Step:
    """Run one step on the flat input vector (sum of the inputs' sizes), in float64."""
    values = {name: tensor.data.astype(np.float64) for name, tensor in graph.tensors.items() if tensor.data is not None}
    values.update(state)
    flat = np.asarray(inputs, dtype=np.float64)
    offset = 0
    for name in graph.inputs:
        shape = graph.tensors[name].shape
        values[name] = flat[offset : offset + size(shape)].reshape(shape)
        offset += size(shape)
    for node in graph.nodes:
        made = operator(node.op).reference(node, [values[name] for name in node.inputs])
        values.update(zip(node.outputs, made, strict=True))
    outputs = np.concatenate([values[name].ravel() for name in graph.outputs])
    return Step(outputs, values, {one.before: values[one.after] for one in graph.states})


def run(graph: Graph, inputs: Array | Float32Array) -> Array:
    """Run a sequence (steps, in) from the initial state; returns the outputs (steps, out) in float64."""
    state: Mapping[str, Array] = initial_state(graph)
    rows = []
    for row in inputs:
        done = step(graph, row, state)
        rows.append(done.outputs)
        state = done.state
    return np.array(rows)
