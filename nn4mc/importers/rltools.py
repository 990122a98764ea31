"""RLtools checkpoints, of which RAPTOR's is one: a sequential actor of dense and GRU layers.

Layout: actor/layers/<i> with attribute ``type``; each parameter is a group with one array ``parameters``.
Matrices are row-major (out, in); the GRU's gate order is r, z, n and its reset gate acts after the hidden product.
The containers, HDF5 and tar, are read by rltools_hdf5.py and rltools_tar.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.messages import quoted
from nn4mc.importers.rltools_group import Group
from nn4mc.ir import Float32Array, Graph, Source
from nn4mc.ops.gru import RESET_AFTER, merge_biases

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "dense": ("weights", "biases"),
    "gru": ("weights_input", "biases_input", "weights_hidden", "biases_hidden", "initial_hidden_state"),
}
"""The parameters of each type of layer, in the order in which RLtools writes them."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {"dense": ("activation_function", "type"), "gru": ("type",)}
"""The attributes of each type of layer, in the same order."""

_ACTIVATIONS = {"IDENTITY": "identity", "RELU": "relu", "SIGMOID": "sigmoid", "TANH": "tanh"}


@dataclass(frozen=True)
class _Layer:
    """One layer's group and its place in the row."""

    group: Group
    index: int

    @property
    def where(self) -> str:
        return self.group.where

    def parameter(self, name: str) -> Float32Array:
        holder = self.group.group(name)
        holder.members({"parameters"})
        return holder.array("parameters")

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


def read_checkpoint(root: Group, name: str, digest: str, limits: Limits) -> Graph:
    """Return the graph of a checkpoint: one step, its hidden states carried; ``digest`` is the file's sha256.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming all layers without a kernel.
    """
    layers = _layers(root, limits)
    _refuse_unsupported(layers)
    for layer in layers:
        layer.group.members(PARAMETERS[_type(layer)])
        layer.group.attributes(ATTRIBUTES[_type(layer)])
    width = layers[0].matrix(_first_weights(layers[0])).shape[1]
    builder = GraphBuilder(name, root.where)
    last = builder.input("observation", (width,))
    for layer in layers:
        last = _READERS[_type(layer)](layer, builder, last)
    return builder.finish((last,), Source("rltools", digest, _examples(root, width)))


def _layers(root: Group, limits: Limits) -> list[_Layer]:
    root.members({"actor", "example"})
    actor = root.group("actor")
    actor.members({"layers"})
    if actor.text("type") != "sequential":
        raise UnsupportedError(f"{actor.where}: only a sequential actor is supported")
    group = actor.group("layers")
    count = group.count()
    cap(count, limits.nodes, "the number of layers", actor.where)
    group.members({str(i) for i in range(count)})
    if count == 0:
        raise ModelError(f"{group.where}: is empty")
    return [_Layer(group.group(str(i)), i) for i in range(count)]


def _type(layer: _Layer) -> str:
    return layer.group.text("type")


def _activation(layer: _Layer) -> str:
    return layer.group.text("activation_function")


def _refuse_unsupported(layers: list[_Layer]) -> None:
    faults = []
    for layer in layers:
        kind = _type(layer)
        if kind not in _READERS:
            faults.append(f"{layer.where}: layer type {quoted(kind)}. Supported: {', '.join(_READERS)}")
        elif kind == "dense" and _activation(layer) not in _ACTIVATIONS:
            faults.append(
                f"{layer.where}: activation {quoted(_activation(layer))}. Supported: {', '.join(_ACTIVATIONS)}"
            )
    if faults:
        raise UnsupportedError("no C kernel for\n  " + "\n  ".join(faults))


def _first_weights(layer: _Layer) -> str:
    return "weights_input" if _type(layer) == "gru" else "weights"


def _read_dense(layer: _Layer, builder: GraphBuilder, last: str) -> str:
    weights = layer.matrix("weights")
    name = f"dense_{layer.index}"
    inputs = (
        last,
        builder.constant(f"{name}_weights", weights),
        builder.constant(f"{name}_bias", layer.vector("biases", weights.shape[0])),
    )
    return _activate(_activation(layer), layer, builder, builder.node("dense", name, inputs))


def _activate(name: str, layer: _Layer, builder: GraphBuilder, x: str) -> str:
    op = _ACTIVATIONS[name]
    return builder.node(op, f"{op}_{layer.index}", [x])


def _read_gru(layer: _Layer, builder: GraphBuilder, last: str) -> str:
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


def _examples(root: Group, width: int) -> Float32Array | None:
    """Return the checkpoint's first example sequence (steps, in), if it brings one."""
    if "example" not in root.members({"actor", "example"}):
        return None
    group = root.group("example")
    group.members({"input", "output"})
    sequences = group.array("input")
    if sequences.ndim != 3 or sequences.shape[2] != width or 0 in sequences.shape:
        raise ModelError(f"{group.where}/input: shape {sequences.shape}, expected (steps, batch, {width})")
    return np.ascontiguousarray(sequences[:, 0, :])


def supported() -> dict[str, str]:
    """Return the types of layers that are read, and the activations, each with a note."""
    return {**dict.fromkeys(_READERS, ""), **dict.fromkeys(_ACTIVATIONS, "activation of a dense layer")}
