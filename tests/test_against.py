"""`nn4mc verify --against`: the C held against the framework that made the model, through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.cli import main


def _keras(folder: Path) -> Path:
    keras = pytest.importorskip("keras")
    layers = keras.layers
    model = keras.Sequential([keras.Input((12, 3)), layers.Conv1D(5, 3, activation="relu"), layers.GRU(4)])
    model.save(folder / "arm.keras")
    return folder / "arm.keras"


def _torch(folder: Path) -> Path:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.LayerNorm(8), torch.nn.Linear(8, 2))
    torch.export.save(torch.export.export(module.eval(), (torch.zeros(1, 6),)), folder / "arm.pt2")
    return folder / "arm.pt2"


def _onnx(folder: Path) -> Path:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    weights = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["h"]), onnx.helper.make_node("Softmax", ["h"], ["y"], axis=1)],
        "arm",
        [value("x", onnx.TensorProto.FLOAT, [1, 4])],
        [value("y", onnx.TensorProto.FLOAT, [1, 3])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), folder / "arm.onnx")
    return folder / "arm.onnx"


def _tflite(folder: Path) -> Path:
    keras, tensorflow = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(7, activation="tanh"), keras.layers.Dense(2)])
    content = tensorflow.lite.TFLiteConverter.from_keras_model(model).convert()
    (folder / "arm.tflite").write_bytes(content)
    return folder / "arm.tflite"


@pytest.mark.parametrize(
    ("framework", "make"), [("keras", _keras), ("torch", _torch), ("onnxruntime", _onnx), ("litert", _tflite)]
)
def test_the_c_agrees_with_the_framework(framework: str, make: Callable[[Path], Path], tmp_path: Path):
    words = ["verify", str(make(tmp_path)), "--against", framework, "--steps", "20", "--json"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["against"] == framework
    assert found["passed"] is True
    assert found["diverges_at"] is None
    assert found["layers"][-1]["max_error"] < 1e-5


def test_another_model_does_not_agree(tmp_path: Path):
    """The comparison is with the file's own framework, not with ourselves."""
    from nn4mc.api import compile_model
    from nn4mc.verify import verify

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    network, other = compile_model(_torch(tmp_path / "a")), _torch(tmp_path / "b")
    found = verify(network, steps=5, against=("torch", other))
    assert not found.passed
    assert found.diverges_at is not None
    assert found.diverges_at.name == "outputs"


def test_a_network_with_a_state_has_no_framework_to_be_compared_with():
    done = CliRunner().invoke(main, ["verify", "raptor", "--against", "keras"])
    assert done.exit_code == 2
    assert "carries a state" in done.output
