"""Writes a trained model as ONNX: standard operators, weights in the user's units, one row in, one row out.

Differences are taken before anything is scaled: in float32 the step of an output is exact, a scaled sum of two is not.
"""

import hashlib
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from nn4mc.errors import ToolMissingError
from nn4mc.ir import Array
from nn4mc.train.models import Feedforward, Layer, Model, Recurrent
from nn4mc.train.window import Layout

OPSET = 17
_IR_VERSION = 8
_GRU = (1, 0, 2)
"""ONNX orders gates z, r, h; torch r, z, n."""
_LSTM = (0, 3, 1, 2)
"""ONNX orders gates i, o, f, c; torch i, f, g, o."""


@dataclass
class _Writer:
    """Nodes and constants, in the order they were added."""

    onnx: Any
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def dense(self, layer: Layer, x: str, name: str) -> str:
        weights = self.constant(f"{name}_weights", layer.weights)
        bias = self.constant(f"{name}_bias", layer.bias)
        made = self.add("Gemm", [x, weights, bias], name)
        return (
            self.add(layer.activation.capitalize(), [made], f"{name}_{layer.activation}") if layer.activation else made
        )

    def cut(self, x: str, start: int, end: int, name: str) -> str:
        bounds = [
            self.constant(f"{name}_{what}", [value], np.int64)
            for what, value in (("from", start), ("to", end), ("axis", 1))
        ]
        return self.add("Slice", [x, *bounds], name)


def onnx_bytes(model: Model, name: str) -> bytes:
    """Return the ONNX file of a model, input "window" (1, width), output "prediction" (1, p).

    The same model gives the same bytes. Raises ToolMissingError without the package onnx.
    """
    writer = _Writer(_onnx())
    assert isinstance(model, (Feedforward, Recurrent))
    last = _write_feedforward(writer, model) if isinstance(model, Feedforward) else _write_recurrent(writer, model)
    return _file(writer, last, model.layout, name)


def sha256(data: bytes) -> str:
    """Return the hash by which a model card names a file."""
    return hashlib.sha256(data).hexdigest()


def _onnx() -> Any:
    try:
        onnx = import_module("onnx")
        import_module("onnx.numpy_helper")
        import_module("onnx.helper")
    except ModuleNotFoundError as error:
        raise ToolMissingError("training writes ONNX: pip install 'nn4mc[train]'") from error
    return onnx


def _write_feedforward(writer: _Writer, model: Feedforward) -> str:
    straight = writer.dense(model.linear, "window", "linear")
    if not model.layers:
        return straight
    if model.reads_commands:
        values = writer.cut("window", 0, model.layout.commands, "commands")
    else:
        values = _write_differences(writer, model.layout, model.levels)
    for number, layer in enumerate(model.layers):
        values = writer.dense(layer, values, f"dense_{number}")
    return writer.add("Add", [straight, values], "sum")


def _write_differences(writer: _Writer, layout: Layout, levels: bool) -> str:
    """Write the features of :func:`nn4mc.train.window.differences`."""
    outputs, sensors = layout.commands, layout.width - layout.q
    parts = [
        *_steps(writer, 0, layout.commands, layout.m, "command"),
        *_steps(writer, outputs, sensors, layout.p, "output"),
        writer.cut("window", 0, layout.m, "newest_command"),
        *([writer.cut("window", outputs, outputs + layout.p, "newest_output")] if levels else []),
        *([writer.cut("window", sensors, layout.width, "sensors")] if layout.q else []),
    ]
    return parts[0] if len(parts) == 1 else writer.add("Concat", parts, "features", axis=1)


def _steps(writer: _Writer, start: int, end: int, block: int, name: str) -> list[str]:
    if end - start <= block:
        return []
    newer = writer.cut("window", start, end - block, f"newer_{name}s")
    older = writer.cut("window", start + block, end, f"older_{name}s")
    return [writer.add("Sub", [newer, older], f"{name}_steps")]


def _write_recurrent(writer: _Writer, model: Recurrent) -> str:
    straight = writer.dense(model.linear, "window", "linear")
    features = _write_differences(writer, model.layout, model.levels)
    time = writer.constant("time_axis", [0], np.int64)
    sequence = writer.add("Unsqueeze", [features, time], "sequence")
    order = _LSTM if model.cell == "lstm" else _GRU
    weights = writer.constant("cell_weights", _ordered(model.input_weights, order)[None])
    recurrent = writer.constant("cell_recurrent", _ordered(model.recurrent_weights, order)[None])
    bias = np.concatenate([_ordered(model.input_bias, order), _ordered(model.recurrent_bias, order)])
    cell = [sequence, weights, recurrent, writer.constant("cell_bias", bias[None])]
    more = {"linear_before_reset": 1} if model.cell == "gru" else {}
    hidden = writer.add(model.cell.upper(), cell, "hidden", hidden_size=model.hidden, **more)
    shape = writer.constant("one_row", [1, model.hidden], np.int64)
    out = writer.dense(model.head, writer.add("Reshape", [hidden, shape], "hidden_row"), "head")
    return writer.add("Add", [straight, out], "sum")


def _ordered(values: Array, order: tuple[int, ...]) -> Array:
    gates = np.split(values, len(order))
    return np.concatenate([gates[i] for i in order])


def _file(writer: _Writer, last: str, layout: Layout, name: str) -> bytes:
    helper, kind = writer.onnx.helper, writer.onnx.TensorProto.FLOAT
    writer.nodes[-1].output[0] = "prediction"
    assert writer.nodes[-1].name == last
    graph = helper.make_graph(
        writer.nodes,
        name,
        [helper.make_tensor_value_info("window", kind, [1, layout.width])],
        [helper.make_tensor_value_info("prediction", kind, [1, layout.p])],
        writer.constants,
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="nn4mc"
    )
    writer.onnx.checker.check_model(made)
    data: bytes = made.SerializeToString(deterministic=True)
    return data
