"""Small ONNX models for the tests, and ONNX' own reference evaluator as the answer they are held against."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from nn4mc.importers.onnx import load
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.ir import Graph
from nn4mc.passes import lower
from nn4mc.reference import run

FLOAT = TensorProto.FLOAT
NEWEST = onnx.defs.onnx_opset_version()
Values = npt.NDArray[Any]
ASKED: list[Graph] = []
"""Lowered graphs of all models whose error was asked for; conftest.py runs them in the emulated core."""


def floats(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return seeded numbers around 0."""
    return np.random.default_rng(seed).normal(0.0, 0.5, shape).astype(np.float32)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str | None]],
    outputs: Sequence[str],
    stored: Mapping[str, Values] | None = None,
    opset: int = 18,
) -> onnx.ModelProto:
    """Return a model; outputs are float32 of unstated shape."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(name, FLOAT, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(values, name) for name, values in (stored or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def read(made: onnx.ModelProto | bytes, folder: Path, options: ImportOptions = DEFAULT_OPTIONS) -> Graph:
    """Write a model to a file and read it back as a graph."""
    path = folder / "model.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    return load(path, "model", options)


def error_of(made: onnx.ModelProto, folder: Path, seed: int = 7) -> float:
    """Return the largest difference, relative to the outputs' range, between nn4mc's float64 and ONNX' reference."""
    graph = lower(read(made, folder))
    ASKED.append(graph)
    feeds = {one.name: floats(*graph.tensors[one.name].shape, seed=seed + i) for i, one in enumerate(made.graph.input)}
    expected = np.concatenate([np.ravel(one) for one in ReferenceEvaluator(made).run(None, feeds)])
    (found,) = run(graph, np.concatenate([one.ravel() for one in feeds.values()])[np.newaxis])
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(1e-3, np.abs(expected).max()))
