"""Float32 recurrent builtins: UNIDIRECTIONAL_SEQUENCE_RNN and _LSTM, over a window or one step at a time.

The file's state tensors start at zero. The interpreter keeps them from call to call until they are reset; here a
window starts at zero each time, and with ``stateful`` a model of one time step carries them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, activation, refuse
from nn4mc.ir import Float32Array, Shape

_ACTIVATIONS = {"NONE": "identity", "RELU": "relu", "TANH": "tanh"}
_LSTM_PARTS = {
    "peephole weights": (9, 10, 11),
    "a projection": (16, 17),
    "layer normalisation": (20, 21, 22, 23),
}
"""Inputs of an LSTM that have no C kernel."""
_IFGO = (0, 1, 2, 3)
"""Gate order i, f, g (TensorFlow Lite calls it cell), o: the file's and the graph's."""


def _window(reading: Reading, one: TfliteOperator) -> tuple[str, Shape]:
    """Return the input as (time, 1, in), and the shape of the output but for its last axis."""
    x = reading.real_name(one, 0)
    shape = reading.builder.shape(x)
    if len(shape) != 3:
        raise ModelError(f"{one.options.where}: input of shape {shape}, expected three axes")
    time_major = bool(one.option("time_major", "?"))
    time, batch = shape[:2] if time_major else shape[1::-1]
    if batch != 1:
        refuse(f"a batch of {batch} has no C kernel; convert with a batch of 1")
    if reading.stateful and time != 1:
        refuse(f"a window of {time} steps is fixed in the file; for --stateful convert a model of one time step")
    return reading.reshape(x, (time, 1, shape[2])), shape[:2]


def _recurrent_activation(one: TfliteOperator) -> str:
    code = activation(one)
    if code not in _ACTIVATIONS:
        refuse(f"fused activation {code} has no C kernel. Supported: {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[code]


def _build(reading: Reading, one: TfliteOperator, op: str, parameters: Sequence[Float32Array], states: int) -> str:
    """Add the node behind its constants and initial states, and return its output in the file's shape."""
    x, leading = _window(reading, one)
    weights, recurrent, bias = parameters
    hidden = recurrent.shape[-1] if recurrent.ndim == 2 else 0
    suffixes = ("h", "c")[:states]
    zeros = np.zeros((1, hidden), np.float32)
    if reading.stateful:
        before = [reading.builder.state(reading.label(f"{suffix}_state"), zeros) for suffix in suffixes]
    else:
        before = [reading.store(f"{suffix}_0", zeros) for suffix in suffixes]
    constants = [
        reading.store(suffix, values)
        for suffix, values in (("weights", weights), ("recurrent", recurrent), ("bias", bias))
    ]
    made = reading.node(op, [x, *before, *constants], {"activation": _recurrent_activation(one)})
    if reading.stateful:
        for state, after in zip(before, reading.builder.outputs()[1:], strict=True):
            reading.builder.carry(state, after)
    return reading.reshape(made, (*leading, hidden))


def _rnn(reading: Reading, one: TfliteOperator) -> str:
    parameters = [reading.real_constant(one, i, what) for i, what in ((1, "weights"), (2, "recurrent"), (3, "bias"))]
    return _build(reading, one, "rnn", parameters, 1)


def _lstm(reading: Reading, one: TfliteOperator) -> str:
    for what, positions in _LSTM_PARTS.items():
        if any(reading.given(one, position) for position in positions):
            refuse(f"{what} has no C kernel")
    if not all(reading.given(one, position) for position in (1, 5, 12)):
        refuse("a coupled input and forget gate has no C kernel")
    if one.option("cell_clip", "f") or one.option("diagonal_recurrent_tensors", "?"):
        refuse("cell clipping and diagonal recurrent weights have no C kernel")
    parameters = [
        _stacked([reading.real_constant(one, first + gate, what) for gate in _IFGO], one)
        for first, what in ((1, "weights"), (5, "recurrent"), (12, "bias"))
    ]
    return _build(reading, one, "lstm", parameters, 2)


def _stacked(gates: list[Float32Array], one: TfliteOperator) -> Float32Array:
    if len({gate.shape for gate in gates}) != 1:
        raise ModelError(f"{one.options.where}: gates of shapes {[gate.shape for gate in gates]}")
    return np.concatenate(gates)


READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = {
    "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
