"""ATen recurrent layers and cells: each layer and direction is one node over the window.

With ``options.stateful`` a window is one step long, and a state that the module starts anew in each call (zeros, or
any other constant) is carried from step to step instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Constant, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import Made, Network, Reader
from nn4mc.ir import Attribute
from nn4mc.ops.gru import merge_biases


@dataclass(frozen=True)
class _Kind:
    """An operator, its number of gates and of states, and what its nodes carry."""

    op: str
    gates: int
    states: int
    attributes: tuple[tuple[str, Attribute], ...] = ()


_GRU = _Kind("gru", 3, 1, (("reset_after", True),))
_LSTM = _Kind("lstm", 4, 2)
_TANH = _Kind("rnn", 1, 1, (("activation", "tanh"),))
_RELU = _Kind("rnn", 1, 1, (("activation", "relu"),))


def _constants(call: Call, name: str) -> list[Constant]:
    values = call.tensors(name)
    constants = [one for one in values if not isinstance(one, Variable)]
    if len(constants) != len(values):
        raise Refused("weights depend on the input, they must be parameters")
    return constants


def _bias(call: Call, kind: _Kind, hidden: int, biases: Sequence[Constant]) -> Constant:
    """Return the operator's bias of torch's two; zeros when there are none."""
    if not biases:
        return np.zeros((4 if kind.op == "gru" else kind.gates) * hidden, np.float32)
    if len(biases) != 2 or any(one.shape != (kind.gates * hidden,) for one in biases):
        raise ModelError(f"{call.where}: biases do not fit a hidden size of {hidden}")
    of_input, of_hidden = (one.astype(np.float32) for one in biases)
    if kind.op == "gru":
        return merge_biases(of_input, of_hidden)
    return of_input.astype(np.float64) + of_hidden.astype(np.float64)


@dataclass(frozen=True)
class _Direction:
    """One layer in one direction: W, U and the biases, if it has them."""

    kind: _Kind
    weights: Sequence[Constant]
    reverse: bool = False


def _run(net: Network, call: Call, layer: _Direction, x: Value, states: Sequence[Value]) -> tuple[Value, ...]:
    """Return y (time, batch, hidden) and the last states (batch, hidden)."""
    kind, weights, recurrent = layer.kind, layer.weights[0], layer.weights[1]
    if weights.ndim != 2 or recurrent.ndim != 2:
        raise ModelError(f"{call.where}: weights must be matrices")
    given = [_state(net, one) for one in states]
    bias = _bias(call, kind, recurrent.shape[1], layer.weights[2:])
    constants = [
        net.constant(value, role) for value, role in ((weights, "weights"), (recurrent, "recurrent"), (bias, "bias"))
    ]
    attributes = {**dict(kind.attributes), **({"reverse": True} if layer.reverse else {})}
    made = net.ops(kind.op, [x, *given, *constants], attributes)
    for before, after in zip(given, made[1:], strict=True):
        net.carry(before, after)
    return made


def _state(net: Network, initial: Value) -> Value:
    stateful = net.options.stateful and not isinstance(initial, Variable)
    return net.state(np.asarray(initial, np.float32)) if stateful else initial


def _check_step(net: Network, call: Call, x: Value, initial: Sequence[Value], reverse: bool) -> None:
    """Refuse what cannot be cut into steps: --stateful is about one step at a time."""
    if len(shape_of(x)) != 3:
        raise ModelError(f"{call.where}: input of shape {shape_of(x)}, expected (time, batch, in)")
    if not isinstance(x, Variable):
        raise Refused("its input does not depend on the model's input")
    if not net.options.stateful:
        return
    if any(net.is_carried(one) for one in initial):
        raise Refused("runs several times in one call; with --stateful export a module that makes one step")
    if all(isinstance(one, Variable) for one in initial):
        return
    if shape_of(x)[0] != 1:
        raise Refused(
            f"a window of {shape_of(x)[0]} steps; with --stateful export the module with an example of one step"
        )
    if reverse:
        raise Refused("runs backwards in time, which --stateful cannot: it needs the whole window")


def _layers(net: Network, call: Call, kind: _Kind, initial: Sequence[Value]) -> tuple[Value, ...]:
    """Return y and the last states of layers on top of one another, in one or both directions."""
    if call.flag("train", False) and call.number("dropout", 0.0) > 0.0:
        raise Refused("is in training mode; call module.eval() before the export")
    weights, depth = _constants(call, "params"), call.integer("num_layers")
    directions, each = 1 + call.flag("bidirectional", False), 4 if call.flag("has_biases", True) else 2
    if depth < 1 or len(weights) != depth * directions * each:
        raise Refused(f"{len(weights)} weights for {depth} layers: projections (proj_size) have no C kernel")
    x = call.tensor("input")
    batch_first = call.flag("batch_first", False)
    y = net.transpose(x, (1, 0, 2)) if batch_first and len(shape_of(x)) == 3 else x
    _check_step(net, call, y, initial, directions == 2)
    _check_states(call, initial, depth * directions, shape_of(y)[1], weights[1])
    last: list[list[Value]] = [[] for _ in initial]
    for layer in range(depth):
        outputs = []
        for direction in range(directions):
            index = layer * directions + direction
            states = [_row(net, one, index) for one in initial]
            own = _Direction(kind, weights[index * each : (index + 1) * each], direction == 1)
            made = _run(net, call, own, y, states)
            outputs.append(made[0])
            for one, rows in zip(made[1:], last, strict=True):
                rows.append(net.reshape(one, (1, *shape_of(one))))
        y = net.concat(outputs, 2)
    return net.transpose(y, (1, 0, 2)) if batch_first else y, *(net.concat(rows, 0) for rows in last)


def _check_states(call: Call, initial: Sequence[Value], rows: int, batch: int, recurrent: Constant) -> None:
    wanted = (rows, batch, recurrent.shape[-1])
    for one in initial:
        if shape_of(one) != wanted:
            raise ModelError(f"{call.where}: initial state of shape {shape_of(one)}, expected {wanted}")


def _row(net: Network, states: Value, index: int) -> Value:
    return net.reshape(net.cut(states, 0, index, 1), shape_of(states)[1:])


def _window(kind: _Kind) -> Reader:
    def read(net: Network, call: Call) -> Made:
        initial = call.tensors("hx") if kind.states == 2 else [call.tensor("hx")]
        if len(initial) != kind.states:
            raise call.fault("hx", f"{kind.states} tensors")
        return _layers(net, call, kind, initial)

    return read


def _cell(kind: _Kind) -> Reader:
    """A cell is a window of one step; its input (batch, in) has no axis for time."""

    def read(net: Network, call: Call) -> Made:
        x = call.tensor("input")
        initial = call.tensors("hx") if kind.states == 2 else [call.tensor("hx")]
        if len(initial) != kind.states or len(shape_of(x)) != 2:
            raise call.fault("hx", f"{kind.states} states for an input (batch, in)")
        weights = [call.constant(name) for name in ("w_ih", "w_hh")]
        biases = [call.variable_or_constant(name) for name in ("b_ih", "b_hh")]
        window = net.reshape(x, (1, *shape_of(x)))
        _check_step(net, call, window, initial, reverse=False)
        weights += [one for one in biases if one is not None]
        made = _run(net, call, _Direction(kind, weights), window, initial)
        return made[1] if kind.states == 1 else made[1:]

    return read


READERS: dict[str, Reader] = {
    "gru.input": _window(_GRU),
    "gru_cell": _cell(_GRU),
    "lstm.input": _window(_LSTM),
    "lstm_cell": _cell(_LSTM),
    "rnn_relu.input": _window(_RELU),
    "rnn_relu_cell": _cell(_RELU),
    "rnn_tanh.input": _window(_TANH),
    "rnn_tanh_cell": _cell(_TANH),
}
