"""Whatever is wrong with a checkpoint, reading it ends in a ModelError that says where; nothing is followed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.raptor import raptor_checkpoint
from tests.importers.checkpoints import HIDDEN, IN, LAYERS, draw, write_checkpoint

WEIGHTS = f"{LAYERS}/0/weights"
FLIPS = 300
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "small.h5")


def replaced(name: str, **storage: object) -> Callable[[h5py.File], None]:
    """Return what stores a dataset otherwise."""

    def change(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, **storage)

    return change


def deleted(name: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(name)


def attribute(name: str, key: str, value: object) -> Callable[[h5py.File], None]:
    return lambda file: file[name].attrs.__setitem__(key, value)


def link(name: str, target: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = target

    return change


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(HIDDEN, IN), dtype="<f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", shape=(HIDDEN, IN))
    del file[f"{WEIGHTS}/parameters"]
    file.create_virtual_dataset(f"{WEIGHTS}/parameters", layout)


def external(file: h5py.File) -> None:
    replaced(f"{WEIGHTS}/parameters", shape=(HIDDEN, IN), dtype="<f4", external=[("/etc/passwd", 0, 48)])(file)


def null_space(file: h5py.File) -> None:
    replaced(f"{WEIGHTS}/parameters", data=h5py.Empty("<f4"))(file)


def cycle(file: h5py.File) -> None:
    file[f"{LAYERS}/3"] = file["actor"]


def odd_float(file: h5py.File) -> None:
    """A float of 128 bits that numpy has no type for."""
    kind = h5py.h5t.IEEE_F64LE.copy()
    kind.set_size(32)
    kind.set_precision(256)
    kind.set_fields(255, 200, 55, 0, 200)
    del file[f"{WEIGHTS}/parameters"]
    space = h5py.h5s.create_simple((HIDDEN, IN))
    h5py.h5d.create(file[WEIGHTS].id, b"parameters", kind, space)


def time_type(file: h5py.File) -> None:
    del file[f"{WEIGHTS}/parameters"]
    h5py.h5d.create(file[WEIGHTS].id, b"parameters", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((HIDDEN, IN)))


def with_nan(shape: tuple[int, ...], value: float) -> np.ndarray:
    data = draw(*shape)
    data.ravel()[-1] = value
    return data


PARAMETERS = f"{WEIGHTS}/parameters"
GRU = f"{LAYERS}/1"
DAMAGED = {
    "soft link": (link(PARAMETERS, h5py.SoftLink("/example/input")), "soft and external links are refused"),
    "soft link to a group": (
        link(WEIGHTS, h5py.SoftLink(f"/{LAYERS}/2/weights")),
        "soft and external links are refused",
    ),
    "dangling link": (link("actor", h5py.SoftLink("/nowhere")), "soft and external links are refused"),
    "external link": (link(PARAMETERS, h5py.ExternalLink("/etc/passwd", "/x")), "soft and external links are refused"),
    "virtual": (virtual, "external, virtual and compressed"),
    "external storage": (external, "external, virtual and compressed"),
    "gzip": (replaced(PARAMETERS, data=draw(HIDDEN, IN), compression="gzip"), "external, virtual and compressed"),
    "shuffle": (replaced(PARAMETERS, data=draw(HIDDEN, IN), shuffle=True), "external, virtual and compressed"),
    "checksum": (replaced(PARAMETERS, data=draw(HIDDEN, IN), fletcher32=True), "external, virtual and compressed"),
    "huge": (replaced(PARAMETERS, shape=(1 << 40, 1 << 20), dtype="<f4", chunks=(1, 1024)), "more than the limit"),
    "huge example": (
        replaced("example/input", shape=(1 << 50, 2, 3), dtype="<f4", chunks=(1, 1, 3)),
        "more than the limit",
    ),
    "float64": (replaced(PARAMETERS, data=draw(HIDDEN, IN).astype("<f8")), "'float64', expected little-endian float32"),
    "big-endian": (replaced(PARAMETERS, data=draw(HIDDEN, IN).astype(">f4")), "expected little-endian float32"),
    "half": (replaced(PARAMETERS, data=draw(HIDDEN, IN).astype("<f2")), "expected little-endian float32"),
    "integers": (replaced(PARAMETERS, data=np.ones((HIDDEN, IN), "<i4")), "expected little-endian float32"),
    "text": (replaced(PARAMETERS, data="weights"), "expected little-endian float32"),
    "compound": (replaced(PARAMETERS, data=np.zeros(3, [("a", "<f4")])), "expected little-endian float32"),
    "references": (replaced(PARAMETERS, shape=(3,), dtype=h5py.ref_dtype), "expected little-endian float32"),
    "no dataspace": (null_space, "small.h5"),
    "type numpy does not know": (odd_float, "small.h5"),
    "time type": (time_type, "small.h5"),
    "nan": (replaced(PARAMETERS, data=with_nan((HIDDEN, IN), np.nan)), "holds NaN or Inf"),
    "inf": (replaced(f"{GRU}/biases_hidden/parameters", data=with_nan((12,), np.inf)), "holds NaN or Inf"),
    "nan in an example": (replaced("example/input", data=with_nan((6, 2, IN), np.nan)), "holds NaN or Inf"),
    "flat weights": (replaced(PARAMETERS, data=draw(12)), r"shape (12,), expected a matrix"),
    "empty weights": (replaced(PARAMETERS, shape=(0, IN), dtype="<f4"), "expected a matrix"),
    "scalar weights": (replaced(PARAMETERS, data=np.float32(1)), "shape (), expected a matrix"),
    "bias too long": (replaced(f"{LAYERS}/0/biases/parameters", data=draw(5)), "5 values, expected 4"),
    "next layer too wide": (
        replaced(f"{LAYERS}/2/weights/parameters", data=draw(2, 5)),
        "node 'dense_2' (dense): input has shape (4,), expected (5,)",
    ),
    "gru not three gates": (
        replaced(f"{GRU}/weights_hidden/parameters", data=draw(11, 4)),
        "U has shape (11, 4), expected (12, 4)",
    ),
    "gru gates differ": (
        replaced(f"{GRU}/weights_input/parameters", data=draw(9, 4)),
        "W has shape (9, 4), expected (12, 4)",
    ),
    "gru state too short": (replaced(f"{GRU}/initial_hidden_state/parameters", data=draw(3)), "3 values, expected 4"),
    "example too wide": (replaced("example/input", data=draw(6, 2, 4)), "expected (steps, batch, 3)"),
    "example without steps": (replaced("example/input", shape=(0, 2, 3), dtype="<f4"), "expected (steps, batch, 3)"),
    "no actor": (deleted("actor"), "group 'actor' is missing"),
    "no layers": (deleted(LAYERS), "group 'layers' is missing"),
    "no weights": (deleted(WEIGHTS), "group 'weights' is missing"),
    "no parameters": (deleted(PARAMETERS), "dataset 'parameters' is missing"),
    "no state": (deleted(f"{GRU}/initial_hidden_state"), "group 'initial_hidden_state' is missing"),
    "a layer missing": (deleted(GRU), "unexpected entry '2'"),
    "no layer at all": (lambda f: [f.__delitem__(f"{LAYERS}/{i}") for i in range(3)], "is empty"),
    "group where a dataset belongs": (
        lambda f: (f.__delitem__(PARAMETERS), f.create_group(PARAMETERS)),
        "dataset 'parameters' is missing",
    ),
    "dataset where a group belongs": (replaced(WEIGHTS, data=draw(4, 3)), "group 'weights' is missing"),
    "extra group": (lambda f: f.create_group("evil"), "unexpected entry 'evil'"),
    "extra group in a layer": (lambda f: f[GRU].create_group("hook"), "unexpected entry 'hook'"),
    "extra dataset": (lambda f: f[WEIGHTS].create_dataset("momentum", data=1), "unexpected entry 'momentum'"),
    "cycle": (cycle, "small.h5"),
    "no type": (lambda f: f[GRU].attrs.__delitem__("type"), "attribute 'type' is missing"),
    "attribute that is not known": (attribute(GRU, "fast_tanh", "1"), "unexpected attribute 'fast_tanh'"),
    "type is a number": (attribute(GRU, "type", 3), "attribute 'type' is not one text"),
    "type is a list": (attribute(GRU, "type", ["gru", "dense"]), "is not one text"),
    "type is empty": (attribute(GRU, "type", h5py.Empty("f4")), "attribute 'type' is not one text"),
    "type is too long": (attribute(GRU, "type", np.bytes_(b"g" * 5000)), "too long"),
    "type is no UTF-8": (attribute(GRU, "type", np.bytes_(b"\xff\xfe")), "small.h5"),
    "actor is no sequence": (attribute("actor", "type", "mixture"), "only a sequential actor"),
}


@pytest.mark.parametrize("fault", DAMAGED)
def test_refuses(checkpoint: Path, fault: str):
    damage, message = DAMAGED[fault]
    with h5py.File(checkpoint, "a") as file:
        damage(file)
    with pytest.raises(ModelError) as caught:
        load(checkpoint)
    assert message in str(caught.value)
    assert str(checkpoint) in str(caught.value)
    assert_printable(str(caught.value))


def assert_printable(message: str) -> None:
    """An error may quote the file, but not steer the terminal, nor flood it."""
    message.encode()
    assert all(letter == "\n" or letter.isprintable() for letter in message)
    assert len(message) < 4000


def test_names_all_unsupported_layers_at_once(checkpoint: Path):
    with h5py.File(checkpoint, "a") as file:
        file[f"{LAYERS}/0"].attrs["activation_function"] = "GELU"
        file[f"{LAYERS}/1"].attrs["type"] = "lstm"
        file[f"{LAYERS}/2"].attrs["type"] = "td3_sampling"
    with pytest.raises(UnsupportedError) as caught:
        load(checkpoint)
    message = str(caught.value)
    assert "layers/0: activation 'GELU'. Supported: IDENTITY, RELU, SIGMOID, TANH" in message
    assert "layers/1: layer type 'lstm'. Supported: dense, gru" in message
    assert "layers/2: layer type 'td3_sampling'" in message


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "a\nb", "\x00", "x" * 3000, "\u202e"])
def test_a_message_quotes_names_of_the_file_harmlessly(checkpoint: Path, text: str):
    for key in ("type", "activation_function"):
        write_checkpoint(checkpoint)
        with h5py.File(checkpoint, "a") as file:
            file[f"{LAYERS}/0"].attrs[key] = np.bytes_(text.encode())
        with pytest.raises(ModelError) as caught:
            load(checkpoint)
        assert_printable(str(caught.value))
    if "\x00" not in text:
        write_checkpoint(checkpoint)
        with h5py.File(checkpoint, "a") as file:
            file.create_group(text)
        with pytest.raises(ModelError) as caught:
            load(checkpoint)
        assert_printable(str(caught.value))


def test_many_layers_make_no_endless_message(checkpoint: Path):
    with h5py.File(checkpoint, "a") as file:
        for i in range(3, 3000):
            file[LAYERS].create_group(str(i))
        file[LAYERS].create_group("last")
    with pytest.raises(ModelError) as caught:
        load(checkpoint)
    assert_printable(str(caught.value))


@pytest.mark.parametrize("which", ["small", "raptor"])
def test_random_damage_is_read_or_refused_and_nothing_else(checkpoint: Path, which: str):
    path = checkpoint if which == "small" else raptor_checkpoint()
    words = [sys.executable, "-m", "tests.importers.damage", str(path), str(FLIPS), "1"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["read"] + len(found["messages"]) == FLIPS
    for message in found["messages"]:
        assert_printable(message)
    assert len(found["messages"]) > 20, "the damage did no harm: the test looks at nothing"


def test_a_heap_that_hdf5_would_walk_forever_is_refused(checkpoint: Path):
    """An object of no length: the library's own loop over the heap does not move on."""
    data = bytearray(checkpoint.read_bytes())
    heap = data.index(b"GCOL")
    data[heap + 16 : heap + 32] = bytes(16)
    checkpoint.write_bytes(data)
    with pytest.raises(ModelError, match="the heap at byte"):
        load(checkpoint)


@pytest.mark.parametrize("part", [0, 1, 8, 100, 0.25, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(checkpoint: Path, part: float):
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: int(part * len(data)) if isinstance(part, float) else part])
    with pytest.raises(ModelError, match=r"small\.h5"):
        load(checkpoint)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 4096, b"PK\x03\x04" + b"x" * 100, os.urandom(2000), b"\x89HDF\r\n\x1a\n"]
)
def test_what_is_no_hdf5_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.h5: damaged or not HDF5"):
        load(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.h5", r"no such model file\. Built-in models: raptor"),
        ("folder.h5", "no such model file: it is a folder. Name the file in it."),
        ("model.txt", "files of type '.txt' are not read. Known: .h5, .hdf5"),
        ("model", "files of type '' are not read"),
        ("x" * 5000 + ".h5", "no such model file"),
        ("a\x00b.h5", "no such model file"),
    ],
)
def test_a_path_that_is_no_model_is_refused(tmp_path: Path, name: str, message: str):
    if name == "folder.h5":
        (tmp_path / name).mkdir()
    elif name.startswith("model"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=message):
        load(tmp_path / name)
