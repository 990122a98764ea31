"""A sound RLtools checkpoint becomes the network it describes."""

import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from nn4mc.errors import ModelError, ToolMissingError
from nn4mc.importers import load, raptor
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from nn4mc.reference import run
from tests.importers.checkpoints import HIDDEN, IN, LAYERS, STEPS, draw, write_checkpoint

ACTIVATIONS = {
    "IDENTITY": lambda v: v,
    "RELU": lambda v: np.maximum(v, 0),
    "SIGMOID": lambda v: 1 / (1 + np.exp(-v)),
    "TANH": np.tanh,
}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "small.h5")


def by_hand(path: Path, rows: np.ndarray, activation: str) -> np.ndarray:
    """Compute the checkpoint's answers straight from the file, as RLtools' layers are documented."""
    with h5py.File(path) as file:
        p = {
            name.removeprefix(f"{LAYERS}/").removesuffix("/parameters"): data[()].astype(float)
            for name, data in datasets(file)
        }
    h = p["1/initial_hidden_state"].ravel()
    answers = []
    for x in rows:
        y = np.maximum(p["0/weights"] @ x + p["0/biases"].ravel(), 0)
        gi = p["1/weights_input"] @ y + p["1/biases_input"].ravel()
        gh = p["1/weights_hidden"] @ h + p["1/biases_hidden"].ravel()
        r, z = (1 / (1 + np.exp(-(gi + gh)[i * HIDDEN : (i + 1) * HIDDEN])) for i in (0, 1))
        h = z * h + (1 - z) * np.tanh(gi[2 * HIDDEN :] + r * gh[2 * HIDDEN :])
        answers.append(ACTIVATIONS[activation](p["2/weights"] @ h + p["2/biases"].ravel()))
    return np.array(answers)


def datasets(file: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    found: list[tuple[str, h5py.Dataset]] = []
    file.visititems(lambda name, item: found.append((name, item)) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_computes_what_the_file_says(tmp_path: Path, activation: str):
    path = write_checkpoint(tmp_path / "small.h5", activation)
    rows = draw(20, IN, seed=9)
    np.testing.assert_allclose(run(load(path), rows), by_hand(path, rows, activation), atol=2e-7)


def test_carries_hidden_state_examples_and_hash(checkpoint: Path):
    graph = load(checkpoint)
    assert [node.op for node in graph.nodes] == ["dense", "relu", "reshape", "gru", "reshape", "dense", "identity"]
    assert [(state.before, state.after) for state in graph.states] == [("gru_1_state", "gru_1_out_1")]
    np.testing.assert_array_equal(graph.states[0].initial, draw(1, HIDDEN, seed=5))
    np.testing.assert_array_equal(graph.source.examples, draw(STEPS, 2, IN)[:, 0])
    assert graph.source.sha256 == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert (graph.name, graph.source.format) == ("small", "rltools")


def test_examples_are_optional(checkpoint: Path):
    with h5py.File(checkpoint, "a") as file:
        del file["example"]
    assert load(checkpoint).source.examples is None


def test_a_gru_may_come_first(checkpoint: Path):
    with h5py.File(checkpoint, "a") as file:
        del file[f"{LAYERS}/0"], file[f"{LAYERS}/2"], file["example"]
        file.move(f"{LAYERS}/1", f"{LAYERS}/0")
    assert [node.op for node in load(checkpoint).nodes] == ["reshape", "gru", "reshape"]


@pytest.mark.parametrize("suffix", [".hdf5", ".H5"])
def test_other_suffixes_of_hdf5_are_read(tmp_path: Path, suffix: str):
    assert load(write_checkpoint(tmp_path / f"small{suffix}")).name == "small"


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(file_bytes=100), "size in bytes"),
        (Limits(parameters=10), "number of values"),
        (Limits(nodes=2), "number of layers"),
    ],
)
def test_limits_are_checked(checkpoint: Path, limits: Limits, what: str):
    with pytest.raises(ModelError, match=f"{what}.*more than the limit"):
        load(checkpoint, ImportOptions(limits=limits))


def test_without_its_package_raptor_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(raptor, "find_spec", lambda name: None)
    with pytest.raises(ToolMissingError, match="pip install 'nn4mc\\[raptor\\]'"):
        load("raptor")
