"""Small RLtools checkpoints: dense 3 -> 4 (relu), gru 4, dense 4 -> 2, as h5py writes them."""

from pathlib import Path

import h5py
import numpy as np

from nn4mc.ir import Float32Array

IN, HIDDEN, OUT, STEPS = 3, 4, 2, 6
LAYERS = "actor/layers"


def draw(*shape: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng([seed, *shape]).uniform(-1, 1, shape).astype(np.float32)


def parameter(layer: h5py.Group, name: str, values: Float32Array) -> None:
    layer.create_group(name).create_dataset("parameters", data=values)


def dense(group: h5py.Group, columns: int, rows: int, activation: str) -> None:
    group.attrs["type"] = "dense"
    group.attrs["activation_function"] = activation
    parameter(group, "weights", draw(rows, columns))
    parameter(group, "biases", draw(1, rows))


def gru(group: h5py.Group, columns: int, hidden: int) -> None:
    group.attrs["type"] = "gru"
    parameter(group, "weights_input", draw(3 * hidden, columns, seed=1))
    parameter(group, "weights_hidden", draw(3 * hidden, hidden, seed=2))
    parameter(group, "biases_input", draw(1, 3 * hidden, seed=3))
    parameter(group, "biases_hidden", draw(1, 3 * hidden, seed=4))
    parameter(group, "initial_hidden_state", draw(1, hidden, seed=5))


def write_checkpoint(path: Path, last_activation: str = "IDENTITY") -> Path:
    """Write a sound checkpoint."""
    with h5py.File(path, "w") as file:
        actor = file.create_group("actor")
        actor.attrs["type"] = "sequential"
        layers = actor.create_group("layers")
        dense(layers.create_group("0"), IN, HIDDEN, "RELU")
        gru(layers.create_group("1"), HIDDEN, HIDDEN)
        dense(layers.create_group("2"), HIDDEN, OUT, last_activation)
        file.create_group("example").create_dataset("input", data=draw(STEPS, 2, IN))
        file["example"].create_dataset("output", data=draw(STEPS, 2, OUT))
    return path
