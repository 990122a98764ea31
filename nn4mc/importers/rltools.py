"""RLtools checkpoints (HDF5), of which RAPTOR's is one: a sequential actor of dense and GRU layers.

Layout: actor/layers/<i> with attribute ``type``; each parameter is a group with one dataset ``parameters``.
Matrices are row-major (out, in); the GRU's gate order is r, z, n and its reset gate acts after the hidden product.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import hdf5
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Float32Array, Graph, Source
from nn4mc.ops.gru import RESET_AFTER, merge_biases

_ACTIVATIONS = {"IDENTITY": "identity", "RELU": "relu", "SIGMOID": "sigmoid", "TANH": "tanh"}


@dataclass(frozen=True)
class _Layer:
    """One layer's group, with what its messages need."""

    group: h5py.Group
    index: int
    where: str
    limits: Limits

    def parameter(self, name: str) -> Float32Array:
        holder = hdf5.subgroup(self.group, name, self.where)
        where = f"{self.where}/{name}"
        hdf5.members(holder, {"parameters"}, where)
        return hdf5.floats(holder, "parameters", self.limits, where)

    def matrix(self, name: str) -> Float32Array:
        data = self.parameter(name)
        if data.ndim != 2 or 0 in data.shape:
            raise ModelError(f"{self.where}/{name}: shape {data.shape}, expected a matrix")
        return data

    def vector(self, name: str, width: int) -> Float32Array:
        data = self.parameter(name)
        if data.size != width:
            raise ModelError(f"{self.where}/{name}: {data.size} values, expected {width}")
        return data.reshape(width)


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read an RLtools HDF5 checkpoint into a graph of one step, its hidden states carried.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming all layers without a kernel.
    """
    limits = options.limits
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    hdf5.check_heaps(data, str(path))
    with hdf5.guarded(str(path), lambda: h5py.File(path, "r")) as file:
        layers = _layers(file, path, limits)
        _refuse_unsupported(layers)
        width = layers[0].matrix(_first_weights(layers[0])).shape[1]
        builder = GraphBuilder(name, str(path))
        last = builder.input("observation", (width,))
        for layer in layers:
            last = _READERS[_type(layer)](layer, builder, last)
        examples = _examples(file, width, path, limits)
    return builder.finish((last,), Source("rltools", digest, examples))


def _layers(file: h5py.File, path: Path, limits: Limits) -> list[_Layer]:
    hdf5.members(file, {"actor", "example"}, str(path))
    where = f"{path}: actor"
    actor = hdf5.subgroup(file, "actor", str(path))
    hdf5.members(actor, {"layers"}, where)
    if hdf5.text_attribute(actor, "type", where) != "sequential":
        raise UnsupportedError(f"{where}: only a sequential actor is supported")
    group = hdf5.subgroup(actor, "layers", where)
    count = hdf5.guarded(where, lambda: len(group))
    cap(count, limits.nodes, "the number of layers", where)
    hdf5.members(group, {str(i) for i in range(count)}, f"{where}/layers")
    if count == 0:
        raise ModelError(f"{where}/layers: is empty")
    return [_Layer(hdf5.subgroup(group, str(i), where), i, f"{where}/layers/{i}", limits) for i in range(count)]


def _type(layer: _Layer) -> str:
    return hdf5.text_attribute(layer.group, "type", layer.where)


def _activation(layer: _Layer) -> str:
    return hdf5.text_attribute(layer.group, "activation_function", layer.where)


def _refuse_unsupported(layers: list[_Layer]) -> None:
    faults = []
    for layer in layers:
        kind = _type(layer)
        if kind not in _READERS:
            faults.append(f"{layer.where}: layer type {hdf5.quoted(kind)}. Supported: {', '.join(_READERS)}")
        elif kind == "dense" and _activation(layer) not in _ACTIVATIONS:
            faults.append(
                f"{layer.where}: activation {hdf5.quoted(_activation(layer))}. Supported: {', '.join(_ACTIVATIONS)}"
            )
    if faults:
        raise UnsupportedError("no C kernel for\n  " + "\n  ".join(faults))


def _first_weights(layer: _Layer) -> str:
    return "weights_input" if _type(layer) == "gru" else "weights"


def _read_dense(layer: _Layer, builder: GraphBuilder, last: str) -> str:
    hdf5.members(layer.group, {"weights", "biases"}, layer.where)
    weights = layer.matrix("weights")
    name = f"dense_{layer.index}"
    inputs = (
        last,
        builder.constant(f"{name}_weights", weights),
        builder.constant(f"{name}_bias", layer.vector("biases", weights.shape[0])),
    )
    activation = _ACTIVATIONS[_activation(layer)]
    return builder.node(activation, f"{activation}_{layer.index}", [builder.node("dense", name, inputs)])


def _read_gru(layer: _Layer, builder: GraphBuilder, last: str) -> str:
    known = {"weights_input", "weights_hidden", "biases_input", "biases_hidden", "initial_hidden_state"}
    hdf5.members(layer.group, known, layer.where)
    weights, recurrent = layer.matrix("weights_input"), layer.matrix("weights_hidden")
    hidden = recurrent.shape[1]
    biases = merge_biases(layer.vector("biases_input", 3 * hidden), layer.vector("biases_hidden", 3 * hidden))
    name = f"gru_{layer.index}"
    initial = layer.vector("initial_hidden_state", hidden).reshape(1, hidden)
    before = builder.state(f"{name}_state", initial)
    constants = (
        builder.constant(f"{name}_weights", weights),
        builder.constant(f"{name}_recurrent", recurrent),
        builder.constant(f"{name}_bias", biases),
    )
    window = builder.node("reshape", f"{name}_window", [last], {"shape": (1, 1, *builder.shape(last))})
    builder.node("gru", name, (window, before, *constants), {RESET_AFTER: True})
    _, after = builder.outputs()
    builder.carry(before, after)
    return builder.node("reshape", f"{name}_vector", [after], {"shape": (hidden,)})


_READERS: dict[str, Callable[[_Layer, GraphBuilder, str], str]] = {"dense": _read_dense, "gru": _read_gru}


def _examples(file: h5py.File, width: int, path: Path, limits: Limits) -> Float32Array | None:
    """Return the checkpoint's first example sequence (steps, in), if it brings one."""
    if not hdf5.guarded(str(path), lambda: "example" in file):
        return None
    where = f"{path}: example"
    group = hdf5.subgroup(file, "example", str(path))
    hdf5.members(group, {"input", "output"}, where)
    sequences = hdf5.floats(group, "input", limits, where)
    if sequences.ndim != 3 or sequences.shape[2] != width or 0 in sequences.shape:
        raise ModelError(f"{where}/input: shape {sequences.shape}, expected (steps, batch, {width})")
    return np.ascontiguousarray(sequences[:, 0, :])


def supported() -> dict[str, str]:
    """Return the types of layers that are read, and the activations, each with a note."""
    return {**dict.fromkeys(_READERS, ""), **dict.fromkeys(_ACTIVATIONS, "activation of a dense layer")}
