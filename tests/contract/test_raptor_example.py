"""The published RAPTOR policy in C against the example that its checkpoint brings: 500 steps, two sequences."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from nn4mc.api import Network, compile_model
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.ir import Float32Array
from nn4mc.reference import run
from tests.c_network import CNetwork, load


@pytest.fixture(scope="module")
def example() -> tuple[Float32Array, Float32Array]:
    """Inputs (500, 2, 22) and the answers of RLtools (500, 2, 4)."""
    with h5py.File(raptor_checkpoint()) as file:
        return file["example/input"][()], file["example/output"][()]


@pytest.mark.parametrize("target", ["cortex-m4f", "generic"])
def test_c_is_within_1e_6_of_the_published_outputs(tmp_path: Path, target: str, example):
    inputs, outputs = example
    assert inputs.shape == (500, 2, 22) and outputs.shape == (500, 2, 4)
    (c,) = load([compile_model("raptor", target_name=target)], tmp_path)
    for sequence in range(2):
        found = c.run_all(inputs[:, sequence])
        assert np.abs(found.astype(np.float64) - outputs[:, sequence]).max() <= 1e-6


def test_float64_is_within_1e_6_of_the_published_outputs(raptor: Network, example):
    inputs, outputs = example
    assert np.abs(run(raptor.graph, inputs[:, 0]) - outputs[:, 0]).max() <= 1e-6


def test_it_is_the_network_of_the_paper(raptor: Network):
    plan = raptor.plan
    assert (plan.in_len, plan.out_len, plan.state_len) == (22, 4, 16)
    assert [node.op for node in raptor.graph.nodes if node.op != "reshape"] == ["dense", "gru", "dense"]
    assert raptor.graph.source.sha256.startswith("db11f14c")


def test_it_never_resets_its_own_state(tmp_path: Path, raptor: Network, example):
    """RLtools' own layer forgets everything after 500 steps unless told not to."""
    (c,) = load([raptor], tmp_path)
    rows = np.concatenate([example[0][:, 0], example[0][:20, 1]])
    assert np.abs(c.run_all(rows) - run(raptor.graph, rows)).max() <= 1e-5


def test_c_is_within_1e_5_of_float64_far_outside_the_example(tmp_path: Path, raptor: Network):
    (c,) = load([raptor], tmp_path)
    assert isinstance(c, CNetwork)
    rows = np.random.default_rng(0).normal(0, 5, (300, 22)).astype(np.float32)
    expected = run(raptor.graph, rows)
    assert np.abs(c.run_all(rows) - expected).max() <= 1e-5 * max(1.0, np.abs(expected).max())
