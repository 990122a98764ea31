"""RLtools checkpoints (HDF5), of which RAPTOR's is one: a sequential actor of dense and GRU layers.

Layout: actor/layers/<i> with attribute ``type``; each parameter is a group with one dataset ``parameters``.
Matrices are row-major (out, in); the GRU's gate order is r, z, n and its reset gate acts after the hidden product.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import hdf5
from nn4mc.importers.limits import Limits, cap
from nn4mc.ir import Float32Array, Graph, Node, Source, State, Tensor
from nn4mc.ops.gru import RESET_AFTER, merge_biases

_ACTIVATIONS = {"IDENTITY": "identity", "RELU": "relu", "SIGMOID": "sigmoid", "TANH": "tanh"}


@dataclass
class _Builder:
    """The graph as it grows, layer by layer; ``last`` is the tensor the next layer reads."""

    last: str
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    states: list[State] = field(default_factory=list)

    def value(self, name: str, width: int) -> str:
        self.tensors[name] = Tensor(name, (width,))
        return name

    def constant(self, name: str, data: Float32Array) -> str:
        self.tensors[name] = Tensor(name, data.shape, data)
        return name


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


def load(path: Path, name: str, limits: Limits) -> Graph:
    """Read an RLtools HDF5 checkpoint into a graph of one step, its hidden states carried.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming all layers without a kernel.
    """
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    hdf5.check_heaps(data, str(path))
    with hdf5.guarded(str(path), lambda: h5py.File(path, "r")) as file:
        layers = _layers(file, path, limits)
        _refuse_unsupported(layers)
        width = layers[0].matrix(_first_weights(layers[0])).shape[1]
        builder = _Builder(last="observation")
        builder.value("observation", width)
        for layer in layers:
            _READERS[_type(layer)](layer, builder)
        examples = _examples(file, width, path, limits)
    return Graph(
        name=name,
        tensors=builder.tensors,
        nodes=tuple(builder.nodes),
        inputs=("observation",),
        outputs=(builder.last,),
        states=tuple(builder.states),
        source=Source("rltools", digest, examples),
    )


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


def _read_dense(layer: _Layer, builder: _Builder) -> None:
    hdf5.members(layer.group, {"weights", "biases"}, layer.where)
    weights = layer.matrix("weights")
    _expect_width(layer, weights, builder)
    name, width = f"dense_{layer.index}", weights.shape[0]
    inputs = (
        builder.last,
        builder.constant(f"{name}_weights", weights),
        builder.constant(f"{name}_bias", layer.vector("biases", width)),
    )
    output = builder.value(f"{name}_out", width)
    builder.nodes.append(Node(name, "dense", inputs, (output,)))
    activation = f"{_ACTIVATIONS[_activation(layer)]}_{layer.index}"
    builder.last = builder.value(f"{activation}_out", width)
    builder.nodes.append(Node(activation, _ACTIVATIONS[_activation(layer)], (output,), (builder.last,)))


def _read_gru(layer: _Layer, builder: _Builder) -> None:
    known = {"weights_input", "weights_hidden", "biases_input", "biases_hidden", "initial_hidden_state"}
    hdf5.members(layer.group, known, layer.where)
    weights, recurrent = layer.matrix("weights_input"), layer.matrix("weights_hidden")
    _expect_width(layer, weights, builder)
    hidden = recurrent.shape[1]
    if recurrent.shape != (3 * hidden, hidden) or weights.shape[0] != 3 * hidden:
        raise ModelError(f"{layer.where}: weights {weights.shape} and {recurrent.shape} are not those of a GRU")
    biases = merge_biases(layer.vector("biases_input", 3 * hidden), layer.vector("biases_hidden", 3 * hidden))
    name = f"gru_{layer.index}"
    before = builder.value(f"{name}_state", hidden)
    inputs = (
        builder.last,
        before,
        builder.constant(f"{name}_weights", weights),
        builder.constant(f"{name}_recurrent", recurrent),
        builder.constant(f"{name}_bias", biases),
    )
    builder.last = builder.value(f"{name}_out", hidden)
    builder.nodes.append(Node(name, "gru", inputs, (builder.last,), {RESET_AFTER: True}))
    builder.states.append(State(before, builder.last, layer.vector("initial_hidden_state", hidden)))


_READERS: dict[str, Callable[[_Layer, _Builder], None]] = {"dense": _read_dense, "gru": _read_gru}


def _expect_width(layer: _Layer, weights: Float32Array, builder: _Builder) -> None:
    width = builder.tensors[builder.last].shape[0]
    if weights.shape[1] != width:
        raise ModelError(f"{layer.where}: takes {weights.shape[1]} inputs, and the layer before gives {width}")


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
