"""Reading `.pt2` archives: what is in them, what is refused, and that damaged or hostile ones stay errors."""

import json
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn4mc.errors import ModelError, Nn4mcError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from nn4mc.passes import lower
from nn4mc.reference import initial_state, step
from tests.importers.pt2_files import LONG, Archive, meta, small_network, write_members

X = np.linspace(-1.0, 1.0, 10)


def _answer(archive: Archive, path: Path) -> np.ndarray:
    graph = lower(load(archive.write(path)))
    return step(graph, X, initial_state(graph)).outputs


def _linear(weights: np.ndarray) -> Archive:
    made = Archive(inputs={"x": meta((1, 10))}, weights={"w": weights}, outputs=["y"])
    return made.call("linear", {"y": (1, weights.shape[0])}, input="x", weight="p_w")


def test_small_network_is_what_its_equations_say(tmp_path: Path) -> None:
    archive = small_network()
    w = {key: value.astype(np.float64) for key, value in archive.weights.items()}
    x = X.reshape(2, 5)
    h = np.zeros(3)
    for t in range(4):
        now = np.einsum("oik,ik->o", w["conv.weight"], x[:, t : t + 2]) + w["conv.bias"]
        (ri, zi, ni), (rh, zh, nh) = np.split(w["w_ih"] @ now + w["b_ih"], 3), np.split(w["w_hh"] @ h + w["b_hh"], 3)
        r, z = 1.0 / (1.0 + np.exp(-ri - rh)), 1.0 / (1.0 + np.exp(-zi - zh))
        h = (1.0 - z) * np.tanh(ni + r * nh) + z * h
    expected = w["out.weight"] @ h + w["out.bias"]
    np.testing.assert_allclose(_answer(archive, tmp_path / "net.pt2"), expected, rtol=1e-6)


def test_layers_are_named_by_their_modules(tmp_path: Path) -> None:
    graph = load(small_network().write(tmp_path / "net.pt2"))
    assert {"conv_c_2", "rnn_o", "out_y"} <= {node.name for node in graph.nodes}


def test_strided_and_offset_weights(tmp_path: Path) -> None:
    """A transposed view of a storage, and a view that starts inside it."""
    stored = np.arange(30.0).reshape(10, 3) / 10.0
    archive = _linear(np.zeros((3, 10)))
    archive.weights["w"] = stored
    archive.changed["w"] = {"tensor_meta": meta((3, 10), strides=(1, 3))}
    np.testing.assert_allclose(_answer(archive, tmp_path / "turned.pt2"), stored.T.astype(np.float32) @ X, rtol=1e-5)
    archive.changed["w"] = {"tensor_meta": meta((1, 10), offset=20)}
    archive.metas["y"] = meta((1, 1))
    np.testing.assert_allclose(_answer(archive, tmp_path / "inside.pt2"), stored.reshape(-1)[20:] @ X, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tensor_meta": meta((10, 10), offset=1)}, "its storage holds 100"),
        ({"tensor_meta": meta((10, 10), strides=(1 << 39, 1))}, "its storage holds 100"),
        ({"tensor_meta": meta((10, 10), strides=(-1, 1))}, "whole numbers"),
        ({"tensor_meta": meta((10, 10), strides=(1,))}, "10 sizes|2 sizes"),
        ({"tensor_meta": meta((1 << 20, 1 << 20), strides=(0, 0))}, "limit"),
        ({"path_name": "../../../etc/passwd"}, "no such member"),
        ({"path_name": "weight_7"}, "no such member"),
        ({"tensor_meta": None}, "dense float32"),
    ],
)
def test_weights_outside_their_storage(change: dict, message: str, tmp_path: Path) -> None:
    archive = _linear(np.ones((10, 10)))
    archive.changed["w"] = change
    with pytest.raises(ModelError, match=message):
        load(archive.write(tmp_path / "net.pt2"))


@pytest.mark.parametrize("suffix", ["pt", "pth", "ckpt"])
def test_pickles_are_refused_unread_with_the_export_that_works(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "ran").encode() + b"'\ntR.")
    with pytest.raises(UnsupportedError, match=r"torch\.export\.save\(program, \"model\.pt2\"\)"):
        load(path)
    assert not (tmp_path / "ran").exists()


def _of_torch_2_5() -> dict[str, bytes]:
    return {"version": b"1", "serialized_exported_program.json": b"{}", "serialized_state_dict.pt": b"pickle"}


def _of_torch_2_8() -> dict[str, bytes]:
    members = small_network().members()
    kept = {name: data for name, data in members.items() if not name.startswith(("data/weights", "data/constants"))}
    return {**kept, "data/weights/model.pt": b"pickle", "data/constants/model.pt": b"pickle"}


def _of_a_subclass() -> dict[str, bytes]:
    archive = small_network()
    archive.changed["w_hh"] = {"use_pickle": True}
    return archive.members()


def _of_torch_jit() -> dict[str, bytes]:
    return {"data.pkl": b"pickle", "constants.pkl": b"pickle", "code/net.py": b"def forward(self): pass"}


@pytest.mark.parametrize("make", [_of_torch_2_5, _of_torch_2_8, _of_a_subclass, _of_torch_jit])
def test_archives_with_pickled_weights_are_refused_with_the_export_that_works(make: Any, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"pickle[^$]*\n  program = torch\.export\.export"):
        load(write_members(tmp_path / "net.pt2", make()))


def test_truncated_archives(tmp_path: Path) -> None:
    whole = small_network().write(tmp_path / "net.pt2").read_bytes()
    for length in (0, 1, 21, 22, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        path = tmp_path / "short.pt2"
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"short\.pt2"):
            load(path)


def test_compressed_members_are_refused(tmp_path: Path) -> None:
    bomb = {**small_network().members(), "models/model.json": b" " * (64 << 20)}
    path = write_members(tmp_path / "net.pt2", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="compressed"):
        load(path)


def test_too_many_members(tmp_path: Path) -> None:
    path = write_members(tmp_path / "net.pt2", {f"extra/{i}": b"" for i in range(20_001)})
    with pytest.raises(ModelError, match="number of members"):
        load(path)


def test_limits_of_nodes_and_parameters(tmp_path: Path) -> None:
    path = small_network().write(tmp_path / "net.pt2")
    for limits in (replace(Limits(), nodes=3), replace(Limits(), parameters=20)):
        with pytest.raises(ModelError, match="more than the limit"):
            load(path, ImportOptions(limits=limits))


@pytest.mark.parametrize(
    ("json_text", "message"),
    [
        (b"", "models/model.json"),
        (b"[" * 100_000, "models/model.json"),
        (b'{"graph_module": 5}', r"graph_module"),
        (b'{"graph_module": {"graph": {"inputs": [], "outputs": [], "nodes": [{"target": 1}]}}}', r"nodes\[0\]"),
        (b"\xff\xfe", "models/model.json"),
    ],
)
def test_json_that_torch_does_not_write(json_text: bytes, message: str, tmp_path: Path) -> None:
    members = {**small_network().members(), "models/model.json": json_text}
    with pytest.raises(ModelError, match=message):
        load(write_members(tmp_path / "net.pt2", members))


def test_json_that_would_fill_the_memory(tmp_path: Path) -> None:
    """Ten million empty objects in 30 MB of text."""
    text = b'{"graph_module": {"graph": {"inputs": [' + b"{}," * 10_000_000 + b"{}]}}}"
    with pytest.raises(ModelError, match="number of JSON objects"):
        load(write_members(tmp_path / "net.pt2", {**small_network().members(), "models/model.json": text}))


def test_a_variable_of_another_type_than_float32_is_refused(tmp_path: Path) -> None:
    archive = Archive(inputs={"x": meta((1, 10))}, outputs=["y"])
    archive.call("torch.ops.aten.sum.dim_IntList", {"y": (1,)}, _self="x", dim=[1], dtype={"as_scalar_type": 5})
    archive.metas["y"] = meta((1,), LONG)
    with pytest.raises(UnsupportedError, match=r"aten\.sum\.dim_IntList: makes int64"):
        load(archive.write(tmp_path / "net.pt2"))


def test_several_models_and_other_schemas(tmp_path: Path) -> None:
    members = small_network().members()
    with pytest.raises(ModelError, match="holds 2 models"):
        load(write_members(tmp_path / "two.pt2", {**members, "models/other.json": b"{}"}))
    program = {**small_network().program(), "schema_version": {"major": 9, "minor": 0}}
    with pytest.raises(UnsupportedError, match="schema version 9"):
        load(write_members(tmp_path / "new.pt2", {**members, "models/model.json": json.dumps(program).encode()}))


def test_everything_unsupported_is_named_at_once_with_its_layer(tmp_path: Path) -> None:
    archive = Archive(inputs={"x": meta((1, 10)), "i": meta((1, 3), LONG)}, outputs=["y"])
    archive.call("cumsum", {"a": (1, 10)}, "enc.sum,nn.Cumsum", _self="x", dim=1)
    archive.call("torch.ops.higher_order.cond", {"b": (1, 10)}, "enc,nn.Branch", pred="a")
    archive.call("torch.ops.mine.special.default", {"c": (1, 10)}, x="b")
    archive.call("torch.ops.aten.pow.Tensor_Scalar", {"d": (1, 10)}, "head,nn.Power", _self="c", exponent=2.5)
    archive.call("dropout", {"y": (1, 10)}, "drop,nn.Dropout", input="d", p=0.5, train=True)
    with pytest.raises(UnsupportedError) as raised:
        load(archive.write(tmp_path / "net.pt2"))
    for part in (
        "input 'i': int64. Supported: float32",
        "layer 'enc.sum' (Cumsum): aten.cumsum.default",
        "layer 'enc' (Branch): higher_order.cond: control flow",
        "node 'c': mine.special.default: a custom operator",
        "layer 'head' (Power): aten.pow.Tensor_Scalar: exponent 2.5",
        "layer 'drop' (Dropout): aten.dropout.default: is in training mode; call module.eval()",
    ):
        assert part in str(raised.value)


def test_reading_a_view_of_what_was_overwritten_is_refused(tmp_path: Path) -> None:
    archive = Archive(inputs={"x": meta((1, 10))}, outputs=["y"])
    archive.call("torch.ops.aten.mul.Tensor", {"a": (1, 10)}, _self="x", other=2.0)
    archive.call("torch.ops.aten.select.int", {"s": (1,)}, _self="a", dim=1, index=0)
    archive.call("torch.ops.aten.fill_.Scalar", {"f": (1,)}, _self="s", value=1.0)
    archive.call("relu", {"y": (1, 10)}, _self="a")
    with pytest.raises(UnsupportedError, match="overwritten in place through a view"):
        load(archive.write(tmp_path / "net.pt2"))


def test_overwriting_a_tensor_changes_what_its_name_stands_for(tmp_path: Path) -> None:
    archive = Archive(inputs={"x": meta((1, 10))}, outputs=["y"])
    archive.call("torch.ops.aten.mul.Tensor", {"a": (1, 10)}, _self="x", other=2.0)
    archive.call("relu_", {"r": (1, 10)}, _self="a")
    archive.call("torch.ops.aten.add.Tensor", {"y": (1, 10)}, _self="a", other="r")
    np.testing.assert_allclose(_answer(archive, tmp_path / "net.pt2"), 4.0 * np.maximum(X, 0.0))


def test_a_shape_that_contradicts_the_file_is_an_error(tmp_path: Path) -> None:
    archive = _linear(np.ones((3, 10)))
    archive.metas["y"] = meta((1, 4))
    with pytest.raises(ModelError, match=r"has shape \(1, 3\), the file declares \[1, 4\]"):
        load(archive.write(tmp_path / "net.pt2"))


def test_only_the_first_axis_may_be_dynamic(tmp_path: Path) -> None:
    symbol = {"as_expr": {"expr_str": "Symbol('s0', positive=True, integer=True)", "hint": {"as_int": 2}}}
    archive = Archive(inputs={"x": meta((2, 10))}, outputs=["y"]).call("relu", {"y": (2, 10)}, _self="x")
    for name in ("inputs", "metas"):
        for one in getattr(archive, name).values():
            one["sizes"][0] = symbol
    assert load(archive.write(tmp_path / "batch.pt2")).tensors["x"].shape == (1, 10)
    archive.inputs["x"]["sizes"] = [{"as_int": 1}, symbol]
    with pytest.raises(UnsupportedError, match="axis 1 is dynamic"):
        load(archive.write(tmp_path / "time.pt2"))


def test_compiling_imports_no_framework(tmp_path: Path) -> None:
    path = small_network().write(tmp_path / "net.pt2")
    code = (
        "import sys, nn4mc; nn4mc.compile_model(sys.argv[1]); "
        "sys.exit(', '.join({'torch', 'tensorflow', 'keras', 'onnx'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_ODD = (
    None, True, -1, 0, 1, 2, 3, 7, 1 << 31, 1 << 63, 10**400, -(1 << 62), 0.5, 1e308, "Infinity", "NaN", "", "x", "*/",
    [], [0], [1, -1], [1 << 40] * 3, {}, {"as_int": 1}, {"as_tensor": {"name": "x"}}, {"as_none": True},
)  # fmt: skip


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _mutate(value: Any, draw: random.Random) -> None:
    """Change one to three places: another value, another place's value, or nothing there at all."""
    for _ in range(draw.randint(1, 3)):
        places = _places(value)
        holder, key = draw.choice(places)
        other, at = draw.choice(places)
        kind = draw.randrange(4)
        if kind == 0 and isinstance(holder, dict):
            del holder[key]
        elif kind == 1:
            holder[key] = json.loads(json.dumps(other[at]))
        elif kind == 2 and isinstance(holder, list):
            holder.insert(key, json.loads(json.dumps(holder[key])))
        else:
            holder[key] = json.loads(json.dumps(draw.choice(_ODD)))


@pytest.mark.parametrize("seed", range(6))
def test_mutated_json_is_a_graph_or_an_error(seed: int, tmp_path: Path) -> None:
    draw, path = random.Random(seed), tmp_path / "net.pt2"
    for _ in range(50):
        members = small_network().members()
        name = draw.choice(("models/model.json",) * 4 + ("data/weights/model_weights_config.json",))
        content = json.loads(members[name])
        _mutate(content, draw)
        write_members(path, {**members, name: json.dumps(content).encode()})
        try:
            lower(load(path))
        except Nn4mcError as error:
            assert str(error)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_bytes_are_a_graph_or_an_error(seed: int, tmp_path: Path) -> None:
    draw, path = random.Random(seed), tmp_path / "net.pt2"
    whole = small_network().write(tmp_path / "whole.pt2").read_bytes()
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(bytes(data))
        try:
            lower(load(path))
        except Nn4mcError as error:
            assert str(error)
