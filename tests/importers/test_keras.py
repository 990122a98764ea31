"""Keras models through the importer and generated C, against Keras itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("keras")

from nn4mc.api import Network, compile_graph
from nn4mc.importers import load
from nn4mc.ir import Graph
from nn4mc.reference import run
from tests.c_batch import CNetwork, build_batch
from tests.core_batch import apart_in_the_core
from tests.importers.keras_draws import DRAWS
from tests.importers.keras_models import CASES, randomise

ALL = {**CASES, **DRAWS}
SAMPLES = 6
BAR = 1e-5


@dataclass(frozen=True)
class Loaded:
    """One model: what Keras answers (samples, out), what was asked (samples, in), its graph and C."""

    inputs: np.ndarray[Any, Any]
    outputs: list[np.ndarray[Any, Any]]
    archive: Graph
    legacy: Graph
    network: Network


def ask(model: Any, seed: int) -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    """Return flat inputs (samples, in), and each output (samples, n), in the order of the model's own lists."""
    rng = np.random.default_rng(seed)
    given = [rng.normal(size=(SAMPLES, *one.shape[1:])).astype(np.float32) for one in model.inputs]
    names = [one.name for one in model.inputs]
    asked = dict(zip(names, given, strict=True)) if isinstance(getattr(model, "_inputs_struct", None), dict) else given
    answer = model(asked if len(given) > 1 else given[0], training=False)
    flat = [answer[key] for key in sorted(answer)] if isinstance(answer, dict) else answer
    flat = flat if isinstance(flat, (list, tuple)) else [flat]
    rows = np.concatenate([one.reshape(SAMPLES, -1) for one in given], axis=1)
    return rows, [np.asarray(one).reshape(SAMPLES, -1) for one in flat]


def save_and_load(name: str, folder: Path) -> Loaded:
    model = ALL[name]()
    if not hasattr(model, "fitted"):
        randomise(model, len(name))
    inputs, outputs = ask(model, 7)
    graphs = []
    for suffix in (".keras", ".h5"):
        path = folder / f"{name}{suffix}"
        model.save(path)
        graphs.append(load(path))
    return Loaded(inputs, outputs, graphs[0], graphs[1], compile_graph(graphs[0], name))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Loaded | Exception]:
    """Every model saved, loaded and compiled; what failed is kept, for the test of that model."""
    folder = tmp_path_factory.mktemp("keras")
    found: dict[str, Loaded | Exception] = {}
    for name in ALL:
        try:
            found[name] = save_and_load(name, folder)
        except Exception as error:  # raised again by the model's own test
            found[name] = error
    return found


@pytest.fixture(scope="module")
def c_networks(
    loaded: Mapping[str, Loaded | Exception], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, CNetwork]:
    networks = [one.network for one in loaded.values() if isinstance(one, Loaded)]
    return build_batch(networks, tmp_path_factory.mktemp("c"))


def sound(found: Loaded | Exception) -> Loaded:
    if isinstance(found, Exception):
        raise found
    return found


def relative_error(found: np.ndarray[Any, Any], expected: list[np.ndarray[Any, Any]]) -> float:
    """Return the largest error of any output, relative to that output's range over the samples."""
    worst, at = 0.0, 0
    for one in expected:
        part = found[:, at : at + one.shape[1]]
        at += one.shape[1]
        span = float(np.ptp(one)) or 1.0
        worst = max(worst, float(np.abs(part - one).max()) / span)
    assert at == found.shape[1]
    return worst


@pytest.mark.parametrize("name", ALL)
def test_c_answers_what_keras_answers(
    name: str, loaded: Mapping[str, Loaded | Exception], c_networks: Mapping[str, CNetwork]
) -> None:
    model = sound(loaded[name])
    assert all(np.isfinite(one).all() for one in model.outputs)
    made = np.concatenate([c_networks[name].run(row[None]) for row in model.inputs])
    assert relative_error(made, model.outputs) <= BAR


@pytest.mark.parametrize("name", ALL)
def test_legacy_file_holds_the_same_graph(name: str, loaded: Mapping[str, Loaded | Exception]) -> None:
    model = sound(loaded[name])
    one, other = model.archive, model.legacy
    assert one.nodes == other.nodes
    assert (one.inputs, one.outputs) == (other.inputs, other.outputs)
    assert list(one.tensors) == list(other.tensors)
    for key, tensor in one.tensors.items():
        assert np.array_equal(tensor.data, other.tensors[key].data) or tensor.data is None


@pytest.mark.parametrize("name", ALL)
def test_reference_answers_what_keras_answers(name: str, loaded: Mapping[str, Loaded | Exception]) -> None:
    model = sound(loaded[name])
    answer = np.concatenate([run(model.network.graph, row[None]) for row in model.inputs])
    assert relative_error(answer, model.outputs) <= BAR


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(c_networks: Mapping[str, CNetwork], tmp_path: Path) -> None:
    assert apart_in_the_core([one.network for one in c_networks.values()], tmp_path) == []
