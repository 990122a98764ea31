"""verify: passes what is right, finds what is wrong, and reads stored inputs as untrusted data."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph
from nn4mc.errors import CheckFailed, ModelError
from nn4mc.ir import Node, Tensor
from nn4mc.verify import read_inputs, verify
from tests.contract.folders import every_operator, overflowing
from tests.graphs import graph

FOUR = compile_graph(graph([Tensor("x", (4,)), Tensor("y", (4,))], [Node("r", "relu", ("x",), ("y",))]))
"""A network of four inputs."""


def test_every_operator_passes_layer_by_layer_under_sanitizers():
    found = verify(compile_graph(every_operator()), steps=30)
    assert found.passed and found.steps == 30
    assert [layer.op for layer in found.layers] == ["gru", "gru", "relu", "sigmoid", "tanh", "dense", "concat", ""]


def spoiled(network: Network, old: str, new: str) -> Network:
    """Return the network with its C changed."""
    name = f"{network.name}.c"
    text = network.emitted.files[name]
    assert old in text
    return replace(
        network, emitted=replace(network.emitted, files={**network.emitted.files, name: text.replace(old, new, 1)})
    )


def test_a_wrong_layer_is_found_and_named():
    network = spoiled(compile_graph(every_operator()), "nn4mc_sigmoid_array(", "nn4mc_tanh_array(")
    found = verify(network, steps=10)
    assert not found.passed
    assert next(layer.name for layer in found.layers if not layer.passed) == "sigmoid"
    assert all(layer.passed for layer in found.layers[:3])


def test_a_write_outside_the_context_is_caught():
    network = spoiled(compile_graph(every_operator()), "network->state + ", "network->state + 1000 + ")
    with pytest.raises(CheckFailed, match="ended with status"):
        verify(network, steps=2)


def test_an_overflow_is_a_failed_check():
    with pytest.raises(CheckFailed, match="not finite"):
        verify(compile_graph(overflowing()), np.full((1, 2), 3e38, np.float32))


def test_a_worst_step_is_named(raptor: Network):
    found = verify(raptor, steps=5)
    assert all(0 <= layer.worst_step < 5 for layer in found.layers)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 5)), r"shape \(3, 5\), expected \(steps, 4\)"),
        (np.zeros((0, 4)), "expected"),
        (np.float64(1.0), "expected an array of numbers"),
        (np.array(["a", "b"]), "expected an array of numbers"),
        (np.array([[1, 2, 3, np.nan]]), "NaN or Inf"),
        (np.array([[1, 2, 3, 1e300]]), "NaN or Inf"),
        (np.zeros((2, 4), complex), "expected an array of numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_inputs_that_do_not_fit_are_refused(tmp_path: Path, values: np.ndarray, message: str):
    np.save(tmp_path / "in.npy", values)
    with pytest.raises(ModelError, match=message):
        read_inputs(tmp_path / "in.npy", FOUR)


def test_inputs_of_more_axes_are_flattened_in_c_order(tmp_path: Path):
    values = np.arange(12, dtype=np.float64).reshape(3, 2, 2)
    np.save(tmp_path / "in.npy", values)
    assert read_inputs(tmp_path / "in.npy", FOUR).tolist() == values.reshape(3, 4).tolist()


def header(text: str) -> bytes:
    padded = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"\x93NUMPY",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000, 4), }"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }"),
        header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 4), }"),
        header("{'descr': '<f4', 'shape': __import__('os')}"),
    ],
    ids=range(7),
)
def test_damaged_inputs_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "in.npy").write_bytes(content)
    with pytest.raises(ModelError):
        read_inputs(tmp_path / "in.npy", FOUR)


def test_random_damage_to_inputs_is_read_or_refused(tmp_path: Path):
    path = tmp_path / "in.npy"
    np.save(path, np.ones((3, 4), np.float32))
    original, rng = path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(300):
        data = bytearray(original)
        data[rng.randrange(len(data) - 48)] = rng.randrange(256)
        path.write_bytes(data)
        try:
            read_inputs(path, FOUR)
        except ModelError:
            refused += 1
    assert refused > 20
