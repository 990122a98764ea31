"""Recurrent models one step at a time, and stateful ones by windows, against Keras run over the whole sequence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("keras")

import keras
from keras import layers as kl

from nn4mc.api import Network, compile_graph
from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.options import ImportOptions
from tests.c_batch import CNetwork, build_batch
from tests.core_batch import apart_in_the_core
from tests.importers.keras_models import chain, randomise

STEPS = 7
BAR = 1e-5


def _side_input() -> Any:
    x, goal = keras.Input((None, 3)), keras.Input((2,))
    y = kl.GRU(4, return_sequences=True)(kl.LayerNormalization()(x))
    last = kl.LSTM(3)(kl.Add()([y, kl.Dense(4)(goal)]))
    return keras.Model([x, goal], kl.Concatenate()([last, goal]))


STEPPED: dict[str, Callable[[], Any]] = {
    "gru": lambda: chain((None, 3), kl.GRU(4), kl.Dense(2)),
    "gru_of_a_window": lambda: chain((5, 3), kl.GRU(4, reset_after=False), kl.Dense(2)),
    "stack": lambda: chain(
        (None, 3),
        kl.TimeDistributed(kl.Dense(4, activation="relu")),
        kl.BatchNormalization(),
        kl.LSTM(4, return_sequences=True),
        kl.Dropout(0.5),
        kl.SimpleRNN(3, return_sequences=True),
        kl.Dense(4, activation="softmax"),
        kl.GRU(2),
        kl.Reshape((1, 2)),
        kl.Flatten(),
    ),
    "side_input": _side_input,
    "nested": lambda: chain((None, 3), chain((None, 3), kl.GRU(4, return_sequences=True), kl.Dense(3)), kl.GRU(2)),
}


@dataclass(frozen=True)
class Stepped:
    """Inputs (steps, in), and what Keras answers at the end of each prefix of them (steps, out)."""

    inputs: np.ndarray[Any, Any]
    outputs: np.ndarray[Any, Any]
    network: Network


def _stepped(name: str, folder: Path) -> Stepped:
    model = STEPPED[name]()
    randomise(model, 5)
    model.save(folder / f"{name}.keras")
    graph = load(folder / f"{name}.keras", ImportOptions(stateful=True))
    rng = np.random.default_rng(1)
    steps = STEPS if model.inputs[0].shape[1] is None else int(model.inputs[0].shape[1])
    x = rng.normal(size=(1, steps, 3)).astype(np.float32)
    goal = rng.normal(size=(1, 2)).astype(np.float32)
    if len(model.inputs) == 2:
        answers = [model([x[:, : t + 1], goal]) for t in range(steps)]
        inputs = np.concatenate([x[0], np.repeat(goal, steps, 0)], axis=1)
    elif steps == STEPS:
        answers, inputs = [model(x[:, : t + 1]) for t in range(steps)], x[0]
    else:  # a window of fixed length answers only at its end
        answers, inputs = [model(x)], x[0]
    return Stepped(inputs, np.concatenate([np.asarray(one) for one in answers]), compile_graph(graph, name))


def _windows(name: str, folder: Path) -> Stepped:
    """Return a stateful model and what it answers to windows, each starting from the state the last one left."""
    steps, suffix, all_stateful = WINDOWS[name]
    layers = [kl.GRU(4, stateful=True, return_sequences=True), kl.LSTM(3, stateful=all_stateful)]
    model = keras.Sequential([keras.Input(batch_shape=(1, steps, 3)), *layers])
    randomise(model, 2)
    model.save(folder / f"{name}{suffix}")
    inputs = np.random.default_rng(0).normal(size=(5, steps, 3)).astype(np.float32)
    outputs = np.concatenate([np.asarray(model(one[None])) for one in inputs])
    return Stepped(inputs, outputs, compile_graph(load(folder / f"{name}{suffix}"), name))


WINDOWS = {
    "one_step": (1, ".keras", True),
    "one_step_legacy": (1, ".h5", True),
    "steps_of_a_window": (4, ".keras", True),
    "steps_of_a_window_legacy": (4, ".h5", True),
    "window": (4, ".keras", False),
    "window_legacy": (4, ".h5", False),
}
"""Steps in a window, the format, and whether every recurrent layer is stateful."""


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Stepped]:
    folder = tmp_path_factory.mktemp("keras")
    windows = {name: _windows(name, folder) for name in WINDOWS}
    return {**{name: _stepped(name, folder) for name in STEPPED}, **windows}


@pytest.fixture(scope="module")
def c_networks(stepped: Mapping[str, Stepped], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CNetwork]:
    return build_batch([one.network for one in stepped.values()], tmp_path_factory.mktemp("c"))


@pytest.mark.parametrize("name", STEPPED)
def test_steps_answer_what_the_sequence_so_far_answers(
    name: str, stepped: Mapping[str, Stepped], c_networks: Mapping[str, CNetwork]
) -> None:
    model = stepped[name]
    made = c_networks[name].run(model.inputs)[-len(model.outputs) :]
    assert np.abs(made - model.outputs).max() <= BAR * np.ptp(model.outputs)


@pytest.mark.parametrize("name", WINDOWS)
def test_stateful_model_carries_its_state_from_window_to_window(
    name: str, stepped: Mapping[str, Stepped], c_networks: Mapping[str, CNetwork]
) -> None:
    model = stepped[name]
    steps, _, all_stateful = WINDOWS[name]
    assert len(model.network.graph.states) == (3 if all_stateful else 1)
    if all_stateful:  # one time step a call: the answer to a window is that to its last step
        assert model.network.plan.in_len == 3
        made = c_networks[name].run(model.inputs.reshape(-1, 3))[steps - 1 :: steps]
    else:
        made = c_networks[name].run(model.inputs)
    assert np.abs(made - model.outputs).max() <= BAR * np.ptp(model.outputs)


def test_stateful_model_of_open_length_is_one_step(tmp_path: Path) -> None:
    keras.Sequential([keras.Input(batch_shape=(1, None, 3)), kl.GRU(4, stateful=True)]).save(tmp_path / "net.keras")
    graph = load(tmp_path / "net.keras")
    assert graph.tensors[graph.inputs[0]].shape == (1, 3)
    assert [state.initial.shape for state in graph.states] == [(1, 4)]


@pytest.mark.parametrize(
    ("layers", "who"),
    [
        (lambda: [kl.Conv1D(2, 3), kl.GRU(2)], "Conv1D"),
        (lambda: [kl.Bidirectional(kl.GRU(2))], "Bidirectional"),
        (lambda: [kl.GRU(2, go_backwards=True)], "GRU"),
        (lambda: [kl.GRU(2, return_sequences=True), kl.GlobalAveragePooling1D()], "GlobalAveragePooling1D"),
        (lambda: [kl.GRU(2, return_sequences=True), kl.Flatten()], "Flatten"),
        (lambda: [kl.GRU(2, return_sequences=True), kl.Softmax(axis=1)], "Softmax"),
        (lambda: [kl.BatchNormalization(axis=1), kl.GRU(2)], "BatchNormalization"),
        (lambda: [kl.PReLU(), kl.GRU(2)], "PReLU"),
        (lambda: [kl.GRU(2), kl.RepeatVector(3), kl.GRU(2)], "GRU"),
        (lambda: [kl.Reshape((3, 8)), kl.GRU(2)], "Reshape"),
    ],
)
def test_what_needs_the_window_is_refused_for_one_step(tmp_path: Path, layers: Callable[[], Any], who: str) -> None:
    chain((8, 3), *layers()).save(tmp_path / "net.keras")
    load(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match="stateful") as caught:
        load(tmp_path / "net.keras", ImportOptions(stateful=True))
    assert f"({who})" in str(caught.value)


def test_constant_for_each_time_step_is_refused_for_one_step(tmp_path: Path) -> None:
    x = keras.Input((4, 3))
    weighted = x * np.arange(12, dtype="float32").reshape(4, 3)
    keras.Model(x, kl.GRU(2)(weighted)).save(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match="each time step"):
        load(tmp_path / "net.keras", ImportOptions(stateful=True))


def test_call_with_training_true_is_refused(tmp_path: Path) -> None:
    x = keras.Input((3,))
    keras.Model(x, kl.Dropout(0.5)(x, training=True)).save(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match="training=True"):
        load(tmp_path / "net.keras")


def test_constants_among_the_inputs_of_a_layer_are_refused(tmp_path: Path) -> None:
    x = keras.Input((4, 3))
    y = kl.GRU(2)(x, initial_state=np.ones((1, 2), "float32"))
    keras.Model(x, kl.Add()([y, y])).save(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match="constants"):
        load(tmp_path / "net.keras")


def test_masks_are_refused(tmp_path: Path) -> None:
    chain((4, 3), kl.Masking(), kl.GRU(2)).save(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match=r"\(Masking\)"):
        load(tmp_path / "net.keras")


def test_state_shared_by_two_calls_is_refused(tmp_path: Path) -> None:
    a, b, gru = keras.Input((None, 3)), keras.Input((None, 3)), kl.GRU(2)
    keras.Model([a, b], kl.Add()([gru(a), gru(b)])).save(tmp_path / "net.keras")
    with pytest.raises(UnsupportedError, match="called twice"):
        load(tmp_path / "net.keras", ImportOptions(stateful=True))
    with pytest.raises(ModelError, match="time steps is open"):
        load(tmp_path / "net.keras")


def test_layer_used_in_two_models_is_stored_once_and_found(tmp_path: Path) -> None:
    shared = kl.Dense(4)
    inner = keras.Sequential([keras.Input((4,)), shared, kl.Dense(4)])
    x = keras.Input((4,))
    keras.Model(x, shared(inner(x))).save(tmp_path / "net.keras")
    graph = load(tmp_path / "net.keras")
    first, _, last = graph.nodes
    assert np.array_equal(graph.tensors[first.inputs[1]].data, graph.tensors[last.inputs[1]].data)


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(c_networks: Mapping[str, CNetwork], tmp_path: Path) -> None:
    assert apart_in_the_core([one.network for one in c_networks.values()], tmp_path) == []
