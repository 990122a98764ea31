"""What the model's own framework says: the outputs of Keras, PyTorch, ONNX Runtime or LiteRT for given inputs.

The framework loads the file in its own way, which may run code in it: only compare models you trust.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ConfigError, ToolMissingError
from nn4mc.ir import Array, Graph
from nn4mc.ops.base import size

Inputs = list[npt.NDArray[Any]]


def framework_outputs(framework: str, model: Path, graph: Graph, rows: npt.NDArray[Any]) -> Array:
    """Return the outputs (steps, out) in float64 of a framework for inputs (steps, in), each step on its own.

    Raises ToolMissingError when the framework is not installed, ConfigError for an unknown one, a network that
    carries a state from step to step, or a file that the framework does not take.
    """
    if framework not in FRAMEWORKS:
        raise ConfigError(f"--against {framework}: not known. Known: {', '.join(FRAMEWORKS)}, reference")
    if graph.states:
        raise ConfigError(f"--against {framework}: the network carries a state from step to step; use reference")
    run = FRAMEWORKS[framework](model)
    outputs = [run(_tensors(graph, row)) for row in rows]
    return np.array([np.concatenate([np.ravel(one) for one in made]) for made in outputs], np.float64)


def _tensors(graph: Graph, row: npt.NDArray[Any]) -> Inputs:
    """Cut one flat row into the graph's inputs, in their shapes."""
    tensors, at = [], 0
    for name in graph.inputs:
        shape = graph.tensors[name].shape
        tensors.append(row[at : at + size(shape)].reshape(shape))
        at += size(shape)
    return tensors


def _framework(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ToolMissingError(f"--against needs {package}: pip install {package}") from error


def _keras(model: Path) -> Callable[[Inputs], Inputs]:
    keras = _framework("keras", "tensorflow-cpu")
    loaded = keras.models.load_model(model, compile=False, safe_mode=True)

    def run(inputs: Inputs) -> Inputs:
        made = loaded([one[np.newaxis] for one in inputs] if len(inputs) > 1 else inputs[0][np.newaxis])
        return [np.asarray(one) for one in (made if isinstance(made, (list, tuple)) else [made])]

    return run


def _torch(model: Path) -> Callable[[Inputs], Inputs]:
    torch = _framework("torch", "torch")
    loaded = torch.export.load(model).module()

    def run(inputs: Inputs) -> Inputs:
        with torch.no_grad():
            made = loaded(*(torch.from_numpy(np.ascontiguousarray(one)) for one in inputs))
        return [one.numpy() for one in (made if isinstance(made, (list, tuple)) else [made])]

    return run


def _onnxruntime(model: Path) -> Callable[[Inputs], Inputs]:
    session = _framework("onnxruntime", "onnxruntime").InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda inputs: list(session.run(None, dict(zip(names, inputs, strict=True))))


def _litert(model: Path) -> Callable[[Inputs], Inputs]:
    if find_spec("ai_edge_litert") is not None:
        interpreter = import_module("ai_edge_litert.interpreter").Interpreter(model_path=str(model))
    else:
        interpreter = _framework("tensorflow", "tensorflow-cpu").lite.Interpreter(model_path=str(model))
    interpreter.allocate_tensors()

    def run(inputs: Inputs) -> Inputs:
        for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], value.reshape(detail["shape"]))
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]

    return run


FRAMEWORKS: Mapping[str, Callable[[Path], Callable[[Inputs], Inputs]]] = {
    "keras": _keras,
    "torch": _torch,
    "onnxruntime": _onnxruntime,
    "litert": _litert,
}
"""How each framework loads a file and runs one step."""
