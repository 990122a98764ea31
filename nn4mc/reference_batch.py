"""Runs a graph in float64 for many independent inputs at once: each row gets what nn4mc.reference gives it alone.

A value has a first axis of n rows; constants have none. Dense, GRU of batch 1, both also in integers, pointwise
operators and reshape compute all rows together, every other operator row by row: slower, and right for any graph. No
row's result depends, in any bit, on which other rows there are: products are taken row by row, since a blocked one adds
in an order of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array, Float32Array, Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.activation import ACTIVATION, activation_of
from nn4mc.ops.base import size, wholes
from nn4mc.ops.gru import RESET_AFTER
from nn4mc.ops.recurrent import GATE_ACTIVATION, gate_activation, run_window


@dataclass(frozen=True)
class Value:
    """An array; ``rows`` tells whether its first axis is that of the rows, or it is a constant."""

    data: Array
    rows: bool


@dataclass(frozen=True)
class BatchStep:
    """What one step made: outputs (n, out), and the states (n, ...) for the next step by name."""

    outputs: Array
    state: Mapping[str, Array]


Rule = Callable[[Node, Sequence[Value]], tuple[Array, ...] | None]
"""Computes all rows of a node at once; None where the node is not of the kind the rule knows."""


def initial_states(graph: Graph, rows: int) -> dict[str, Array]:
    """Return the states (rows, ...) before the first step, by the name of their tensor."""
    return {state.before: np.repeat(state.initial.astype(np.float64)[None], rows, axis=0) for state in graph.states}


def step_rows(graph: Graph, inputs: Array | Float32Array, state: Mapping[str, Array]) -> BatchStep:
    """Run one step on every row of ``inputs`` (n, in), each with its own state."""
    values = {
        name: Value(tensor.data.astype(np.float64), False)
        for name, tensor in graph.tensors.items()
        if tensor.data is not None
    }
    values.update({name: Value(data, True) for name, data in state.items()})
    flat = np.asarray(inputs, dtype=np.float64)
    offset = 0
    for name in graph.inputs:
        shape = graph.tensors[name].shape
        values[name] = Value(flat[:, offset : offset + size(shape)].reshape(len(flat), *shape), True)
        offset += size(shape)
    for node in graph.nodes:
        made = _compute(node, [values[name] for name in node.inputs], len(flat))
        values.update(zip(node.outputs, made, strict=True))
    outputs = np.concatenate([_flat(values[name], len(flat)) for name in graph.outputs], axis=1)
    return BatchStep(outputs, {one.before: _rows_of(values[one.after], len(flat)) for one in graph.states})


def _compute(node: Node, inputs: Sequence[Value], rows: int) -> list[Value]:
    if not any(value.rows for value in inputs):
        made = operator(node.op).reference(node, [value.data for value in inputs])
        return [Value(one, False) for one in made]
    together = _rule(node)(node, inputs)
    return [Value(one, True) for one in together or _row_by_row(node, inputs, rows)]


def _rule(node: Node) -> Rule:
    if node.op in _RULES:
        return _RULES[node.op]
    return _pointwise if operator(node.op).pointwise else _unknown


def _unknown(_node: Node, _inputs: Sequence[Value]) -> None:
    return None


def _row_by_row(node: Node, inputs: Sequence[Value], rows: int) -> tuple[Array, ...]:
    compute = operator(node.op).reference
    each = [compute(node, [value.data[row] if value.rows else value.data for value in inputs]) for row in range(rows)]
    return tuple(np.array(one) for one in zip(*each, strict=True))


def _dense(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...] | None:
    x, weights, bias = inputs
    if weights.rows or bias.rows:
        return None
    return (activation_of(node)(_product(x.data, weights.data) + bias.data),)


def _integer_dense(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...] | None:
    """Sums of integers are exact in any order, so that all rows go through one product."""
    if not inputs[0].rows or any(value.rows for value in inputs[1:]):
        return None
    return operator(node.op).reference(node, [value.data for value in inputs])


def _reshape(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...]:
    data = inputs[0].data
    return (data.reshape(len(data), *wholes(node, "shape")),)


def _pointwise(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...]:
    """Give every value as many axes behind that of the rows, so that they broadcast as they do alone."""
    rank = max(value.data.ndim - value.rows for value in inputs)
    return operator(node.op).reference(node, [_widened(value, rank) for value in inputs])


def _widened(value: Value, rank: int) -> Array:
    if not value.rows:
        return value.data
    rows, *shape = value.data.shape
    return value.data.reshape(rows, *[1] * (rank - len(shape)), *shape)


def _gru(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...] | None:
    """As nn4mc.ops.gru, with the rows in front of the batch of 1."""
    x, before, weights, recurrent, bias = inputs
    if not (x.rows and before.rows) or weights.rows or recurrent.rows or bias.rows or x.data.shape[2] != 1:
        return None
    tau, sigma = (gate_activation(node, attribute).function for attribute in (ACTIVATION, GATE_ACTIVATION))
    hidden = recurrent.data.shape[1]
    u_rz, u_n = np.split(recurrent.data, [2 * hidden])
    bias_input, c_n = np.split(bias.data, [3 * hidden])

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        (h,) = states
        of_r, of_z, of_n = np.split(_product(now, weights.data) + bias_input, 3, axis=-1)
        hidden_r, hidden_z = np.split(_product(h, u_rz), 2, axis=-1)
        r, z = sigma(of_r + hidden_r), sigma(of_z + hidden_z)
        hidden_n = r * (_product(h, u_n) + c_n) if node.attributes[RESET_AFTER] else _product(r * h, u_n) + c_n
        return ((1.0 - z) * tau(of_n + hidden_n) + z * h,)

    y, last = run_window(node, np.moveaxis(x.data, 1, 0), (before.data,), step)
    return np.moveaxis(y, 0, 1), last


def _integer_window(node: Node, inputs: Sequence[Value]) -> tuple[Array, ...] | None:
    """Take the rows for the batch: sums of integers are exact in any order, and all else goes element by element."""
    states, data = _STATES[node.op], [value.data for value in inputs]
    if not all(value.rows for value in inputs[: 1 + states]) or any(value.rows for value in inputs[1 + states :]):
        return None
    if inputs[0].data.shape[2] != 1:
        return None
    data[0] = np.moveaxis(inputs[0].data[:, :, 0], 0, 1)
    data[1 : 1 + states] = [value.data[:, 0] for value in inputs[1 : 1 + states]]
    y, *last = operator(node.op).reference(node, data)
    return np.moveaxis(y, 1, 0)[:, :, None], *(one[:, None] for one in last)


def _product(x: Array, weights: Array) -> Array:
    """Return x (..., in) times the transposed weights (out, in), one row at a time."""
    made: Array = np.ascontiguousarray(x)[..., None, :] @ weights.T
    return made[..., 0, :]


def _rows_of(value: Value, rows: int) -> Array:
    return value.data if value.rows else np.repeat(value.data[None], rows, axis=0)


def _flat(value: Value, rows: int) -> Array:
    return _rows_of(value, rows).reshape(rows, -1)


_STATES = {"q_gru": 1, "q_rnn": 1, "q_lstm": 2}
_RULES: Mapping[str, Rule] = {
    "dense": _dense,
    "gru": _gru,
    "reshape": _reshape,
    "q_dense": _integer_dense,
    "q_dense_float": _integer_dense,
    **dict.fromkeys(_STATES, _integer_window),
}
