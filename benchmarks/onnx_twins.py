"""The reference networks as ONNX models, with the same weights: what other tools' compilers read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nn4mc.ir import Float32Array, Graph, Node, Shape

_OPSET = 17


class _Twin:
    """An ONNX model as it grows along a graph of ours; names of tensors stay."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def values(self, name: str) -> Float32Array:
        data = self.graph.tensors[name].data
        assert data is not None
        return data

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, op: str, inputs: list[str], outputs: list[str], **attributes: object) -> None:
        self.nodes.append(helper.make_node(op, inputs, outputs, **attributes))

    def reshape(self, node: Node, shape: Shape) -> None:
        target = self.constant(f"{node.name}_shape", np.array(shape, np.int64))
        self.add("Reshape", [node.inputs[0], target], [node.outputs[0]])


def _dense(twin: _Twin, node: Node) -> None:
    x = node.inputs[0]
    row = f"{node.name}_row"
    shape = twin.constant(f"{node.name}_as_row", np.array([1, -1], np.int64))
    twin.add("Reshape", [x, shape], [row])
    weights = [twin.constant(name, twin.values(name)) for name in node.inputs[1:]]
    twin.add("Gemm", [row, *weights], [node.outputs[0]], transB=1)


def _activation(op: str) -> object:
    return lambda twin, node: twin.add(op, [node.inputs[0]], [node.outputs[0]])


def _gru(twin: _Twin, node: Node) -> None:
    """Ours is r, z, n with the biases of r and z summed; ONNX wants z, r, n and both biases whole."""
    x, h, *names = node.inputs
    weights, recurrent, bias = (twin.values(name) for name in names)
    n = recurrent.shape[1]
    order = np.concatenate([np.arange(n, 2 * n), np.arange(n), np.arange(2 * n, 3 * n)])
    hidden_bias = np.concatenate([np.zeros(2 * n, np.float32), bias[3 * n :]])
    both = np.concatenate([bias[: 3 * n][order], hidden_bias])
    arrays = [weights[order][None], recurrent[order][None], both[None]]
    inputs = [twin.constant(f"{node.name}_{i}", one) for i, one in enumerate(arrays)]
    row = twin.constant(f"{node.name}_h_shape", np.array([1, 1, n], np.int64))
    twin.add("Reshape", [h, row], [f"{node.name}_h"])
    last = f"{node.name}_last"
    twin.add("GRU", [x, *inputs, "", f"{node.name}_h"], ["", last], hidden_size=n, linear_before_reset=1)
    flat = twin.constant(f"{node.name}_out_shape", np.array([1, n], np.int64))
    twin.add("Reshape", [last, flat], [node.outputs[1]])


def _lstm(twin: _Twin, node: Node) -> None:
    """Ours is i, f, g, o; ONNX wants i, o, f, g. The states before the first step are zero in both."""
    x, _, _, *names = node.inputs
    weights, recurrent, bias = (twin.values(name) for name in names)
    i, f, g, o = np.split(np.arange(len(bias)), 4)
    order = np.concatenate([i, o, f, g])
    both = np.concatenate([bias[order], np.zeros_like(bias)])
    arrays = [weights[order][None], recurrent[order][None], both[None]]
    inputs = [twin.constant(f"{node.name}_{k}", one) for k, one in enumerate(arrays)]
    n = recurrent.shape[1]
    twin.add("LSTM", [x, *inputs], ["", f"{node.name}_last"], hidden_size=n)
    flat = twin.constant(f"{node.name}_out_shape", np.array([1, n], np.int64))
    twin.add("Reshape", [f"{node.name}_last", flat], [node.outputs[1]])


def _conv(twin: _Twin, node: Node) -> None:
    """Channels last to channels first and back."""
    x, weights, bias = node.inputs
    twin.add("Transpose", [x], [f"{node.name}_x"], perm=[0, 3, 1, 2])
    inputs = [
        twin.constant(weights, twin.values(weights).transpose(0, 3, 1, 2)),
        twin.constant(bias, twin.values(bias)),
    ]
    twin.add("Conv", [f"{node.name}_x", *inputs], [f"{node.name}_y"])
    twin.add("Transpose", [f"{node.name}_y"], [node.outputs[0]], perm=[0, 2, 3, 1])


_READERS: Mapping[str, object] = {
    "dense": _dense,
    "tanh": _activation("Tanh"),
    "relu": _activation("Relu"),
    "gru": _gru,
    "lstm": _lstm,
    "conv": _conv,
    "reshape": lambda twin, node: twin.reshape(node, node.attributes["shape"]),
}


def write_onnx(graph: Graph, path: Path) -> tuple[Shape, ...]:
    """Write a reference network as ONNX; returns the shapes of its inputs: x, then the states that it carries."""
    twin = _Twin(graph)
    for node in graph.nodes:
        _READERS[node.op](twin, node)  # type: ignore[operator]
    inputs = [*graph.inputs, *(state.before for state in graph.states)]
    outputs = [*graph.outputs, *(state.after for state in graph.states)]
    shapes = tuple(graph.tensors[name].shape for name in inputs)
    model = helper.make_model(
        helper.make_graph(
            twin.nodes,
            graph.name,
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in zip(inputs, shapes, strict=True)
            ],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            twin.initializers,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
    )
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return shapes
