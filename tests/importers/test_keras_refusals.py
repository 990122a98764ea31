"""What the Keras importer refuses, and how it says so: all unsupported layers at once, damaged files by place."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from tests.importers.keras_files import (
    dense,
    entry,
    sequential,
    start,
    weights_file,
    write_keras,
    write_keras_2,
)

KERNEL, BIAS = np.ones((4, 3), np.float32), np.ones(3, np.float32)
GOOD = {"layers/dense": [KERNEL, BIAS]}
NET = sequential(start(4), dense("only", 3))
GRU = entry("GRU", "memory", units=3, activation="tanh", recurrent_activation="sigmoid", reset_after=True)


def refused(path: Path, *layers: Any) -> str:
    """Return the message for a Sequential model of unsupported layers."""
    with pytest.raises(UnsupportedError) as caught:
        load(write_keras(path / "net.keras", sequential(start(8, 4), *layers), {}))
    return str(caught.value)


def damaged(path: Path, config: Any = NET, weights: Any = GOOD, options: ImportOptions | None = None) -> str:
    """Return the message for a model that is not sound."""
    with pytest.raises(ModelError) as caught:
        load(write_keras(path / "net.keras", config, weights), options or ImportOptions())
    assert not isinstance(caught.value, UnsupportedError)
    return str(caught.value)


def test_sound_model_loads(tmp_path: Path) -> None:
    graph = load(write_keras(tmp_path / "net.keras", NET, GOOD))
    assert [graph.tensors[name].shape for name in (*graph.inputs, *graph.outputs)] == [(4,), (3,)]


def test_all_unsupported_layers_are_named_at_once(tmp_path: Path) -> None:
    text = refused(
        tmp_path,
        entry("Lambda", "code", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}),
        {**entry("Dense", "custom", units=3), "module": "my_package.layers"},
        {**entry("Twice", "other"), "registered_name": "my_package>Twice"},
        entry("Masking", "mask", mask_value=0.0),
        entry("ConvLSTM1D", "both", filters=2),
        entry("Dense", "odd", units=3, activation="sparsemax"),
        entry("GRU", "gate", units=3, activation="tanh", recurrent_activation="softmax"),
        entry("BatchNormalization", "renormed", renorm=True),
        entry("LayerNormalization", "rms", rms_scaling=True),
        entry("UpSampling2D", "smooth", size=[2, 2], interpolation="bilinear"),
        entry("Dense", "half", units=3, dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}),
    )
    for name in "code custom other mask both odd gate renormed rms smooth half".split():
        assert f"layer '{name}'" in text
    assert "never run" in text
    assert "mixed_float16" in text
    assert "nn4mc ops" in text


def test_lambda_inside_wrappers_is_found(tmp_path: Path) -> None:
    inner = entry("Lambda", "hidden", function="anything")
    text = refused(tmp_path, entry("TimeDistributed", "each", layer=inner), sequential(start(8, 4), inner))
    assert "layer 'each/hidden' (Lambda)" in text
    assert "layer 'net/hidden' (Lambda)" in text


def test_embedding_is_refused(tmp_path: Path) -> None:
    assert "Embedding" in refused(tmp_path, entry("Embedding", "words", input_dim=5, output_dim=2, mask_zero=True))


def test_unsupported_operation_is_named(tmp_path: Path) -> None:
    node = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 8, 4], "dtype": "float32", "keras_history": ["x", 0, 0]},
    }
    sort = {
        "module": "keras.src.ops.numpy",
        "class_name": "Sort",
        "config": {"name": "sort"},
        "name": "sort",
        "inbound_nodes": [{"args": [node], "kwargs": {}}],
    }
    config = {
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": [{**start(8, 4), "name": "x", "inbound_nodes": []}, sort],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["sort", 0, 0]],
        },
    }
    with pytest.raises(UnsupportedError, match=r"layer 'sort' \(Sort\): this operation has no C kernel"):
        load(write_keras(tmp_path / "net.keras", config, {}))


def test_subclassed_model_is_explained(tmp_path: Path) -> None:
    assert "Functional" in damaged(tmp_path, {"class_name": "MyModel", "config": {"name": "mine"}}, {})


def test_open_window_says_what_to_do(tmp_path: Path) -> None:
    text = damaged(tmp_path, sequential(start(None, 4), GRU), {"layers/gru/cell": [np.ones((4, 9))] * 3})
    assert "time steps is open" in text
    assert "--stateful" in text


def test_stateful_without_recurrent_layer(tmp_path: Path) -> None:
    assert "has none" in damaged(tmp_path, options=ImportOptions(stateful=True))


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        ({}, "missing"),
        ({"layers/dense": [KERNEL]}, "1 weights for it, expected 2"),
        ({"layers/dense": [KERNEL.T, BIAS]}, "shape"),
        ({"layers/dense": [KERNEL, np.ones(4, np.float32)]}, "shape"),
        ({"layers/dense": [KERNEL.astype(np.float64), BIAS]}, "float64"),
        ({"layers/dense": [KERNEL * np.nan, BIAS]}, "NaN"),
        ({"layers/dense": [h5py.SoftLink("/layers"), BIAS]}, "links are refused"),
        ({"layers/dense": [h5py.ExternalLink("other.h5", "/x"), BIAS]}, "links are refused"),
    ],
)
def test_wrong_weights_name_the_layer(tmp_path: Path, weights: Any, what: str) -> None:
    text = damaged(tmp_path, weights=weights)
    assert "layer 'only' (Dense)" in text
    assert what in text


def test_compressed_weights_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=np.ones((4, 3), np.float32), compression="gzip")
        file["layers/dense/vars/1"] = np.ones(3, np.float32)
    assert "compressed" in damaged(tmp_path, weights=stream.getvalue())


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (entry("Dense", "huge", units=10**12), "expected an integer"),
        (entry("RepeatVector", "huge", n=2**30), "limit"),
        (entry("ZeroPadding1D", "huge", padding=[2**19, 2**19]), "limit"),
        (entry("UpSampling1D", "huge", size=2**30), "limit"),
        (entry("MaxPooling1D", "huge", pool_size=[2**30], strides=[1], padding="same"), "limit"),
        (entry("Reshape", "huge", target_shape=[2**30, -1]), "cannot shape"),
        (entry("Cropping1D", "huge", cropping=[5, 5]), "to nothing"),
        (entry("Conv1D", "huge", filters=2**30, kernel_size=[2**30], padding="same"), "huge"),
    ],
)
def test_absurd_sizes_are_errors_before_memory_is_taken(tmp_path: Path, layer: Any, what: str) -> None:
    shape = (4,) if layer["class_name"] in {"RepeatVector", "Dense"} else (8, 4)
    text = damaged(
        tmp_path, sequential(start(*shape), layer), {"layers/dense": GOOD["layers/dense"], "layers/conv1d": [1, 2]}
    )
    assert "'huge'" in text
    assert what in text


def test_huge_input_is_refused(tmp_path: Path) -> None:
    assert "limit" in damaged(tmp_path, sequential(start(2**20, 2**20), dense("d", 3)))


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    config = NET
    for _ in range(30):
        config = sequential(config)
    assert "depth" in damaged(tmp_path, config)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", '{"class_name": 3}', "null", "[]", '{"class_name": "Sequential"}']
)
def test_broken_configuration(tmp_path: Path, text: str) -> None:
    assert "net.keras" in damaged(tmp_path, text)


def test_models_that_multiply_each_other_are_capped(tmp_path: Path) -> None:
    """Each level calls the one below twice: 2 ** 12 calls from a small file."""

    def call(name: str, at: int = 0) -> dict[str, Any]:
        tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": [name, at, 0]}}
        return {"args": [tensor], "kwargs": {}}

    model: dict[str, Any] = {**entry("Activation", "m0", activation="tanh"), "name": "m0"}
    for level in range(12):
        inner = {**model, "inbound_nodes": [call("x"), call(f"m{level}")]}
        model = {
            "class_name": "Functional",
            "name": f"m{level + 1}",
            "config": {
                "name": f"m{level + 1}",
                "layers": [{**start(4), "name": "x", "inbound_nodes": []}, inner],
                "input_layers": [["x", 0, 0]],
                "output_layers": [[f"m{level}", 1 if level == 0 else 2, 0]],
            },
        }
    assert "calls of layers" in damaged(tmp_path, model, {}, ImportOptions(Limits(nodes=1000)))


def test_circle_of_layers_is_an_error(tmp_path: Path) -> None:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["loop", 0, 0]}}
    loop = {**entry("Activation", "loop", activation="tanh"), "name": "loop"}
    config = {
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": [
                {**start(4), "inbound_nodes": []},
                {**loop, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]},
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["loop", 0, 0]],
        },
    }
    assert "circle" in damaged(tmp_path, config, {})


def archive_error(path: Path, data: bytes, limits: Limits | None = None) -> str:
    file = path / "net.keras"
    file.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load(file, ImportOptions(limits or Limits()))
    return str(caught.value)


def test_truncated_archives_are_errors(tmp_path: Path) -> None:
    whole = write_keras(tmp_path / "whole.keras", NET, GOOD).read_bytes()
    for length in range(0, len(whole), 97):
        assert "net.keras" in archive_error(tmp_path, whole[:length])


def test_truncated_weights_are_errors(tmp_path: Path) -> None:
    whole = weights_file(GOOD)
    for length in range(0, len(whole) - 1, 211):
        assert "net.keras" in damaged(tmp_path, weights=whole[:length])


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def test_zip_bomb_is_refused_by_its_unpacked_size(tmp_path: Path) -> None:
    bomb = zipped(("config.json", json.dumps(NET).encode()), ("model.weights.h5", bytes(40 << 20)))
    assert len(bomb) < 1 << 20
    assert "unpacked size" in archive_error(tmp_path, bomb, Limits(parameters=1_000_000))


def test_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(("config.json", bytes(30 << 20)), ("model.weights.h5", b"x")))
    entry_at = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, entry_at + 24, 100)
    assert "config.json" in archive_error(tmp_path, bytes(data)) or "damaged" in archive_error(tmp_path, bytes(data))


def test_only_the_named_members_are_read(tmp_path: Path) -> None:
    config, weights = json.dumps(NET).encode(), weights_file(GOOD)
    members = (("../evil", b"x"), ("/etc/evil", b"x"), ("config.json", config), ("model.weights.h5", weights))
    (tmp_path / "net.keras").write_bytes(zipped(*members))
    assert load(tmp_path / "net.keras").inputs == ("input",)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["net.keras"]


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ([("config.json", b"{}")], "model.weights.h5"),
        ([("model.weights.h5", b"")], "config.json"),
        ([("a/config.json", b"{}"), ("model.weights.h5", b"")], "config.json"),
    ],
)
def test_missing_members_are_named(tmp_path: Path, members: list[tuple[str, bytes]], what: str) -> None:
    assert f"'{what}' is missing" in archive_error(tmp_path, zipped(*members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_given_twice_is_refused(tmp_path: Path) -> None:
    assert "twice" in archive_error(tmp_path, zipped(("config.json", b"{}"), ("config.json", b"[]")))


def test_unusual_compression_is_refused(tmp_path: Path) -> None:
    data = zipped(("config.json", b"{}"), ("model.weights.h5", b""), method=zipfile.ZIP_LZMA)
    assert "compression method" in archive_error(tmp_path, data)


def test_directory_of_a_million_entries_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(("config.json", b"{}")))
    struct.pack_into("<L", data, len(data) - 22 + 12, 1 << 28)
    assert "directory" in archive_error(tmp_path, bytes(data))


def test_legacy_file_of_weights_alone(tmp_path: Path) -> None:
    path = write_keras_2(tmp_path / "net.h5", NET, {"only": {"only/kernel:0": KERNEL, "only/bias:0": BIAS}})
    assert load(path).source.format == "keras"
    with h5py.File(path, "r+") as file:
        file["model_weights/only/only/kernel:0"][...] = np.inf
    with pytest.raises(ModelError, match="NaN or Inf"):
        load(path)


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["only/bias:0", "only/kernel:0"], "stands where 'kernel' was expected"),
        (["only/kernel:0"], "1 weights for it, expected 2"),
        (["only/kernel:0", "../bias:0"], "no name of an entry"),
        (["only/kernel:0", "gone/bias:0"], "missing"),
    ],
)
def test_legacy_names_must_fit(tmp_path: Path, names: list[str], what: str) -> None:
    path = write_keras_2(tmp_path / "net.h5", NET, {"only": {"only/kernel:0": KERNEL, "only/bias:0": BIAS}})
    with h5py.File(path, "r+") as file:
        file["model_weights/only"].attrs["weight_names"] = np.array(names, dtype="S64")
    with pytest.raises(ModelError, match="only") as caught:
        load(path)
    assert what in str(caught.value)


@pytest.mark.parametrize("link", [h5py.SoftLink("/model_weights"), h5py.ExternalLink("other.h5", "/x")])
def test_legacy_links_are_refused(tmp_path: Path, link: Any) -> None:
    path = write_keras_2(tmp_path / "net.h5", NET, {})
    with h5py.File(path, "r+") as file:
        file["model_weights/only"] = link
    with pytest.raises(ModelError, match="links are refused"):
        load(path)


def test_unknown_keras_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Keras '9\.1'"):
        load(write_keras(tmp_path / "net.keras", NET, GOOD, "9.1"))


def test_names_that_mean_something_elsewhere_do_no_harm(tmp_path: Path) -> None:
    for name in ("*/ while", "{{ x }}", "a\nb", "x" * 10_000, "日本", ""):
        graph = load(write_keras(tmp_path / "net.keras", sequential(start(4), dense(name, 3)), GOOD))
        assert len(graph.nodes) == 1


def test_neither_keras_nor_tensorflow_is_imported(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "net.keras", NET, GOOD)
    code = (
        f"import sys; from nn4mc.importers import load; load({str(path)!r});"
        "print(sorted({'keras', 'tensorflow', 'tf_keras', 'torch', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
