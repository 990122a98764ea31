"""The ONNX project's own node tests, as what this project can be asked: float32 in, float32 out, the rest baked in.

A test gives every operand as a run-time input. Those that a network stores (weights, by the table below) and those that
are not float32 (shapes, axes, indices) become initialisers holding the test's own values; the others stay inputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.backend.test.case.node import collect_testcases

WEIGHTS: Mapping[str, Sequence[int]] = {
    "BatchNormalization": (1, 2, 3, 4),
    "CausalConvWithState": (1, 2),
    "Conv": (1, 2),
    "Dropout": (1, 2),
    "GRU": (1, 2, 3),
    "Gemm": (1, 2),
    "GroupNormalization": (1, 2),
    "LSTM": (1, 2, 3, 7),
    "LayerNormalization": (1, 2),
    "PRelu": (1,),
    "Pad": (2,),
    "Pow": (1,),
    "RNN": (1, 2, 3),
}
"""The inputs of an operator that a trained network stores."""


@dataclass(frozen=True)
class Trial:
    """One call: the live inputs one behind the other, and the outputs expected."""

    inputs: npt.NDArray[np.float32]
    outputs: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """One node test as a model whose inputs and outputs are float32, with its own tolerances."""

    name: str
    model: onnx.ModelProto
    trials: Sequence[Trial]
    rtol: float
    atol: float


@dataclass(frozen=True)
class OutOfScope:
    """One node test that cannot be asked, and why."""

    name: str
    reason: str


def collect() -> list[Case | OutOfScope]:
    """Return every node test of the installed onnx."""
    with np.errstate(all="ignore"):
        found = collect_testcases(None) if signature(collect_testcases).parameters else collect_testcases()
    return [_prepared(one) for one in found]


def _prepared(test: Any) -> Case | OutOfScope:
    graph = test.model.graph
    kinds = {one.type.WhichOneof("value") for one in (*graph.input, *graph.output)}
    if kinds - {"tensor_type"}:
        return OutOfScope(test.name, "inputs or outputs are sequences, maps or optionals")
    if any(one.type.tensor_type.elem_type != onnx.TensorProto.FLOAT for one in graph.output):
        return OutOfScope(test.name, "an output is not float32")
    stored = _stored(graph)
    live = [i for i, one in enumerate(graph.input) if one.name not in stored]
    if not live:
        return OutOfScope(test.name, "no input is float32, so that nothing is left to compute")
    trials = [_trial(inputs, outputs, live) for inputs, outputs in test.data_sets]
    if not all(np.isfinite(one.inputs).all() and np.isfinite(one.outputs).all() for one in trials):
        return OutOfScope(test.name, "inputs or outputs hold NaN or Inf, which generated code answers with an error")
    return Case(test.name, _baked(test.model, test.data_sets[0][0], stored), trials, test.rtol, test.atol)


def _stored(graph: onnx.GraphProto) -> set[str]:
    """Return the names of the inputs that become initialisers."""
    weights = {node.input[i] for node in graph.node for i in WEIGHTS.get(node.op_type, ()) if i < len(node.input)}
    others = {one.name for one in graph.input if one.type.tensor_type.elem_type != onnx.TensorProto.FLOAT}
    return weights | others


def _trial(inputs: Sequence[Any], outputs: Sequence[Any], live: Sequence[int]) -> Trial:
    return Trial(_flat([inputs[i] for i in live]), _flat(outputs))


def _flat(arrays: Sequence[Any]) -> npt.NDArray[np.float32]:
    return np.concatenate([_array(one).astype(np.float32).ravel() for one in arrays])


def _array(value: Any) -> npt.NDArray[Any]:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def _named(value: Any, name: str) -> onnx.TensorProto:
    tensor = onnx.TensorProto()
    tensor.CopyFrom(value if isinstance(value, onnx.TensorProto) else onnx.numpy_helper.from_array(_array(value)))
    tensor.name = name
    return tensor


def _baked(model: onnx.ModelProto, inputs: Sequence[Any], stored: set[str]) -> onnx.ModelProto:
    baked = onnx.ModelProto()
    baked.CopyFrom(model)
    del baked.graph.input[:]
    for declared, value in zip(model.graph.input, inputs, strict=True):
        if declared.name in stored:
            baked.graph.initializer.append(_named(value, declared.name))
        else:
            baked.graph.input.append(declared)
    return baked
