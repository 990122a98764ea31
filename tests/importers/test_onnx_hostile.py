"""Damaged and hostile ONNX files: every outcome is an error that names the file, and no other file is opened."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.helper import make_node as node
from onnx.helper import make_opsetid, make_tensor_value_info

from nn4mc.errors import ModelError, Nn4mcError, UnsupportedError
from tests.importers.onnx_models import NEWEST, floats, model, read


def _mlp() -> onnx.ModelProto:
    nodes = [node("Gemm", ["x", "w", "b"], ["a"], name="first"), node("Tanh", ["a"], ["y"], name="second")]
    return model(nodes, {"x": (1, 4)}, ["y"], {"w": floats(4, 5), "b": floats(5)})


def _external(made: onnx.ModelProto) -> None:
    weights = made.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")


def _external_attribute(made: onnx.ModelProto) -> None:
    constant = node("Constant", [], ["w2"], value=onnx.numpy_helper.from_array(floats(5)))
    _external_tensor(constant.attribute[0].t)
    made.graph.node.insert(0, constant)
    made.graph.node[1].input[2] = "w2"


def _external_tensor(tensor: onnx.TensorProto) -> None:
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _cycle(made: onnx.ModelProto) -> None:
    made.graph.node[0].input[0] = "y"


def _undefined(made: onnx.ModelProto) -> None:
    made.graph.node[1].input[0] = "nowhere"


def _made_twice(made: onnx.ModelProto) -> None:
    made.graph.node[1].output[0] = "a"
    made.graph.output[0].name = "a"


def _no_such_output(made: onnx.ModelProto) -> None:
    made.graph.output[0].name = "nowhere"


def _does_not_fit(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(floats(3, 5), "w"))


def _too_short(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].raw_data = b"1234"


def _huge(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].dims[:] = [2**40, 2**20]


def _negative(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].dims[0] = -4


def _huge_input(made: onnx.ModelProto) -> None:
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2**62


def _not_a_number(made: onnx.ModelProto) -> None:
    made.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(np.full(5, np.nan, np.float32), "b"))


def _missing_input(made: onnx.ModelProto) -> None:
    del made.graph.node[0].input[1:]


def _wrong_attribute(made: onnx.ModelProto) -> None:
    made.graph.node[0].attribute.append(onnx.helper.make_attribute("alpha", "a lot"))


def _unknown_attribute_type(made: onnx.ModelProto) -> None:
    made.graph.node[0].attribute.append(onnx.helper.make_attribute("transA", [1.5]))


def _no_opset(made: onnx.ModelProto) -> None:
    del made.opset_import[:]


def _no_shape(made: onnx.ModelProto) -> None:
    made.graph.input[0].type.tensor_type.ClearField("shape")


def _integers(made: onnx.ModelProto) -> None:
    made.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(np.arange(5), "b"))


@pytest.mark.parametrize(
    "damage",
    [
        _external,
        _external_attribute,
        _cycle,
        _undefined,
        _made_twice,
        _no_such_output,
        _does_not_fit,
        _too_short,
        _huge,
        _negative,
        _huge_input,
        _not_a_number,
        _missing_input,
        _wrong_attribute,
        _unknown_attribute_type,
        _no_opset,
        _no_shape,
        _integers,
    ],
)
def test_damage_is_a_model_error_that_names_the_file(damage: Callable[[onnx.ModelProto], None], tmp_path: Path) -> None:
    made = _mlp()
    damage(made)
    with pytest.raises(ModelError, match=r"model\.onnx"):
        read(made, tmp_path)


def test_external_data_is_refused_before_any_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _mlp()
    _external(made)
    opened: list[str] = []
    monkeypatch.setattr("builtins.open", lambda name, *_rest, **_named: opened.append(str(name)))
    with pytest.raises(ModelError, match="keeps its data in another file"):
        read(made, tmp_path)
    assert not opened


@pytest.mark.parametrize("opset", [1, 12, NEWEST + 1, 2**40, -1])
def test_an_opset_outside_of_those_read_is_named(opset: int, tmp_path: Path) -> None:
    made = _mlp()
    made.opset_import[0].CopyFrom(make_opsetid("", opset))
    with pytest.raises(UnsupportedError, match=f"opset {opset}, expected 13 to {NEWEST}"):
        read(made, tmp_path)


@pytest.mark.parametrize("kind", [onnx.TensorProto.INT64, onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING])
def test_an_input_that_is_not_float32_is_refused(kind: int, tmp_path: Path) -> None:
    made = model([node("Identity", ["x"], ["y"])], {"x": (2,)}, ["y"])
    made.graph.input[0].CopyFrom(make_tensor_value_info("x", kind, (2,)))
    made.graph.output[0].CopyFrom(make_tensor_value_info("y", kind, (2,)))
    with pytest.raises(UnsupportedError, match="'x' is"):
        read(made, tmp_path)


def test_functions_of_the_model_are_refused(tmp_path: Path) -> None:
    made = _mlp()
    made.functions.add(name="Mine", domain="mine")
    with pytest.raises(UnsupportedError, match=r"Mine.*inline_local_functions"):
        read(made, tmp_path)


def test_sparse_and_quantised_initialisers_are_refused_by_name(tmp_path: Path) -> None:
    sparse, quantised = _mlp(), _mlp()
    sparse.graph.sparse_initializer.add().values.name = "thin"
    quantised.graph.quantization_annotation.add(tensor_name="coarse")
    for made, name in ((sparse, "thin"), (quantised, "coarse")):
        with pytest.raises(UnsupportedError, match=name):
            read(made, tmp_path)


def test_an_output_without_an_input_is_refused(tmp_path: Path) -> None:
    for nodes in ([node("Identity", ["w"], ["y"])], [node("Sigmoid", ["w"], ["y"])]):
        with pytest.raises(UnsupportedError, match="depends on no input"):
            read(model(nodes, {"x": (1,)}, ["y"], {"w": floats(5)}), tmp_path)


def test_constant_arithmetic_cannot_be_made_to_fill_the_memory(tmp_path: Path) -> None:
    shape = np.array([10**6, 10**6])
    bombs = [
        [node("ConstantOfShape", ["n"], ["c"])],
        [node("Expand", ["one", "n"], ["c"])],
        [node("Tile", ["square", "n"], ["c"])],
        [node("Range", ["zero", "many", "step"], ["c"])],
        [
            node("Expand", ["one", "n1"], ["r"]),
            node("Expand", ["one", "n2"], ["s"]),
            node("Add", ["r", "s"], ["c"]),
        ],
    ]
    stored = {
        "n": shape,
        "n1": np.array([10**6, 1]),
        "n2": np.array([1, 10**6]),
        "one": np.ones(1, np.float32),
        "square": np.ones((1, 1), np.float32),
        "zero": np.array(0, np.float32),
        "many": np.array(1e30, np.float32),
        "step": np.array(1, np.float32),
    }
    for bomb in bombs:
        with pytest.raises(ModelError, match=r"number of values|does not fit|damaged|too large|convert"):
            read(model([*bomb, node("Add", ["x", "c"], ["y"])], {"x": (1,)}, ["y"], stored), tmp_path)


def test_names_may_be_anything(tmp_path: Path) -> None:
    name = "*/ int main(void) {{ x }} \n \u2603" + "n" * 10_000
    made = model([node("Relu", ["x"], [name], name=name)], {"x": (3,)}, [name])
    assert len(read(made, tmp_path).nodes) == 1


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_end_in_a_graph_or_an_error(seed: int, tmp_path: Path) -> None:
    rng, content = random.Random(seed), _mlp().SerializeToString()
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(rng.randrange(1, 5)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            read(bytes(damaged[: rng.choice([len(damaged), rng.randrange(len(damaged))])]), tmp_path)
        except Nn4mcError as error:
            assert "model.onnx" in str(error)
