"""TensorFlow Lite files written operator by operator, for builtins that today's converter no longer makes."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

Values = np.ndarray


class Writer:
    """A model of one subgraph under construction."""

    def __init__(self) -> None:
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, name: str, shape: Sequence[int], data: Values | None = None, variable: bool = False) -> int:
        """Add a float32 tensor, a constant if it has data, and return its index."""
        one = schema.TensorT()
        one.name, one.shape, one.type, one.isVariable = name.encode(), list(shape), schema.TensorType.FLOAT32, variable
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, "<f4").tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            one.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(one)
        return len(self.graph.tensors) - 1

    def operator(self, code: int, inputs: Sequence[int], outputs: Sequence[int], kind: int, options: Any) -> None:
        """Add an operator with its options."""
        known = schema.OperatorCodeT()
        known.builtinCode = known.deprecatedBuiltinCode = code
        self.model.operatorCodes.append(known)
        one = schema.OperatorT()
        one.opcodeIndex, one.inputs, one.outputs = len(self.model.operatorCodes) - 1, list(inputs), list(outputs)
        one.builtinOptionsType, one.builtinOptions = kind, options
        self.graph.operators.append(one)

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """Return the flatbuffer."""
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)
        builder = flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _drawn(seed: int, *shape: int) -> Values:
    return np.random.default_rng(seed).normal(0.0, 0.6, shape).astype(np.float32)


def rnn(steps: int, features: int, hidden: int, time_major: bool = False) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_RNN with relu."""
    writer = Writer()
    leading = (steps, 1) if time_major else (1, steps)
    x = writer.tensor("x", (*leading, features))
    parameters = [
        writer.tensor(name, shape, _drawn(seed, *shape))
        for seed, (name, shape) in enumerate((("W", (hidden, features)), ("U", (hidden, hidden)), ("b", (hidden,))))
    ]
    state = writer.tensor("h", (1, hidden), variable=True)
    y = writer.tensor("y", (*leading, hidden))
    options = schema.SequenceRNNOptionsT()
    options.timeMajor, options.fusedActivationFunction = time_major, schema.ActivationFunctionType.RELU
    code, kind = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_RNN, schema.BuiltinOptions.SequenceRNNOptions
    writer.operator(code, [x, *parameters, state], [y], kind, options)
    return writer.finish([x], [y])


def lstm(steps: int, features: int, hidden: int, time_major: bool = False, peephole: bool = False) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM with tanh; its inputs are gate by gate in the order i, f, cell, o."""
    writer = Writer()
    leading = (steps, 1) if time_major else (1, steps)
    x = writer.tensor("x", (*leading, features))
    gates = "ifco"
    weights, recurrent, bias = (
        [writer.tensor(f"{name}_{gate}", shape, _drawn(10 * seed + i, *shape)) for i, gate in enumerate(gates)]
        for seed, (name, shape) in enumerate((("W", (hidden, features)), ("U", (hidden, hidden)), ("b", (hidden,))))
    )
    peepholes = [writer.tensor(f"p_{g}", (hidden,), _drawn(40, hidden)) if peephole else -1 for g in "ifo"]
    states = [writer.tensor(name, (1, hidden), variable=True) for name in ("h", "c")]
    y = writer.tensor("y", (*leading, hidden))
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.timeMajor, options.fusedActivationFunction = time_major, schema.ActivationFunctionType.TANH
    code = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
    kind = schema.BuiltinOptions.UnidirectionalSequenceLSTMOptions
    inputs = [x, *weights, *recurrent, *peepholes, *bias, -1, -1, *states, -1, -1, -1, -1]
    writer.operator(code, inputs, [y], kind, options)
    return writer.finish([x], [y])
