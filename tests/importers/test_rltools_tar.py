"""A checkpoint in a tar archive is the network that it is in HDF5."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from nn4mc.api import compile_model
from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.export.rltools_tar import policy_tar
from nn4mc.importers import load
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.ir import Graph, Source
from nn4mc.reference import run
from tests.importers.checkpoints import LAYERS, write_checkpoint
from tests.importers.tar_by_hand import archive, matrix, small, tensor


def assert_same_graph(one: Graph, other: Graph) -> None:
    """Assert that two graphs differ in the hash of their files alone."""
    assert one.source.examples is not None and other.source.examples is not None
    np.testing.assert_array_equal(one.source.examples, other.source.examples)
    assert list(one.tensors) == list(other.tensors)
    for name, tensor_of_one in one.tensors.items():
        found = other.tensors[name]
        np.testing.assert_array_equal(tensor_of_one.data, found.data)
        assert replace(tensor_of_one, data=None) == replace(found, data=None)
    for state, found_state in zip(one.states, other.states, strict=True):
        np.testing.assert_array_equal(state.initial, found_state.initial)
        assert (state.before, state.after) == (found_state.before, found_state.after)
    bare = [replace(graph, tensors={}, states=(), source=Source("rltools", "", None)) for graph in (one, other)]
    assert bare[0] == bare[1]


def test_raptor_is_the_same_network_from_a_tar(tmp_path: Path):
    path = tmp_path / "raptor.tar"
    path.write_bytes(policy_tar(raptor_checkpoint()))
    assert_same_graph(load(path), load("raptor"))
    ours, known = compile_model(path), compile_model("raptor")
    assert ours.model_id == known.model_id
    for name, text in known.emitted.files.items():
        changed = [
            line
            for line, other in zip(text.splitlines(), ours.emitted.files[name].splitlines(), strict=True)
            if line != other
        ]
        assert all("sha256" in line.lower() for line in changed), name


@pytest.mark.parametrize("two_dimensional", [tensor, matrix])
@pytest.mark.parametrize("end", [bytes(1024), b"", bytes(10240)])
def test_an_archive_laid_out_by_hand_is_read(tmp_path: Path, two_dimensional, end: bytes):
    path = tmp_path / "small.tar"
    path.write_bytes(archive(small(two_dimensional), end))
    assert_same_graph(load(path), load(write_checkpoint(tmp_path / "small.h5")))


def test_the_order_of_entries_does_not_matter(tmp_path: Path):
    path = tmp_path / "small.tar"
    path.write_bytes(archive(dict(reversed(small().items()))))
    assert len(run(load(path), np.zeros((2, 3), np.float32))) == 2


def test_the_writer_gives_the_bytes_laid_out_by_hand(tmp_path: Path):
    checkpoint = write_checkpoint(tmp_path / "small.h5")
    assert policy_tar(checkpoint) == policy_tar(checkpoint) == archive(small())


def test_the_writer_keeps_the_name_that_px4_asks_for(tmp_path: Path):
    checkpoint = write_checkpoint(tmp_path / "other.h5")
    with h5py.File(checkpoint, "a") as file:
        file["actor"].attrs["checkpoint_name"] = "run 7"
    assert b"checkpoint_name: run 7\ntype: sequential\n" in policy_tar(checkpoint)


def test_python_reads_what_is_written():
    with tarfile.open(fileobj=io.BytesIO(policy_tar(raptor_checkpoint()))) as tar:
        assert len(tar.getnames()) == 26
        weights = tar.extractfile("actor/layers/1/weights_hidden/parameters/data")
        assert weights is not None
        found = np.frombuffer(weights.read(), "<f4").reshape(48, 16)
    with h5py.File(raptor_checkpoint()) as file:
        np.testing.assert_array_equal(found, file[f"{LAYERS}/1/weights_hidden/parameters"][()])


@pytest.mark.parametrize("name", ["two\nlines", "x" * 300])
def test_the_writer_refuses_a_name_that_px4_could_not_read(tmp_path: Path, name: str):
    checkpoint = write_checkpoint(tmp_path / "small.h5")
    with h5py.File(checkpoint, "a") as file:
        file["actor"].attrs["checkpoint_name"] = name
    with pytest.raises(ModelError, match=r"small\.h5: actor"):
        policy_tar(checkpoint)


def test_the_writer_refuses_what_is_not_read(tmp_path: Path):
    with pytest.raises(UnsupportedError, match="FAST_TANH"):
        policy_tar(write_checkpoint(tmp_path / "small.h5", "FAST_TANH"))
