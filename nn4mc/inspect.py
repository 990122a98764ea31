"""What a model is and what it takes, as data."""

from dataclasses import dataclass

from nn4mc.api import Network
from nn4mc.build.cross import CodeSize, measure
from nn4mc.codegen.emit import parameter_count
from nn4mc.errors import ToolMissingError
from nn4mc.ir import Shape
from nn4mc.ops import operator
from nn4mc.ops.activation import fused_activation
from nn4mc.plan import shown_outputs
from nn4mc.target import Target


@dataclass(frozen=True)
class Layer:
    """One layer after lowering; shapes without batch axis."""

    name: str
    op: str
    activation: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int


@dataclass(frozen=True)
class Inspection:
    """A model's layers and its exact memory in bytes; ``code`` is null without the cross compiler."""

    name: str
    model_id: str
    model_sha256: str
    format: str
    layers: tuple[Layer, ...]
    parameters: int
    macs: int
    weight_bytes: int
    state_bytes: int
    arena_bytes: int
    const_bytes: int
    target: str
    code: CodeSize | None


def inspect(network: Network, target: Target) -> Inspection:
    """Return what a compiled network is and takes on ``target``, cross-compiled where the compiler is installed."""
    nodes = network.graph.nodes
    layers = tuple(_layer(network, index) for index in range(len(nodes)) if not operator(nodes[index].op).view)
    parameters = parameter_count(network.graph)
    return Inspection(
        name=network.name,
        model_id=network.model_id,
        model_sha256=network.graph.source.sha256,
        format=network.graph.source.format,
        layers=layers,
        parameters=parameters,
        macs=sum(layer.macs for layer in layers),
        weight_bytes=sum(t.data.nbytes for t in network.graph.tensors.values() if t.data is not None),
        state_bytes=4 * network.plan.state_len,
        arena_bytes=4 * network.plan.arena_len,
        const_bytes=network.emitted.const_bytes,
        target=target.name,
        code=_code(network, target),
    )


def _layer(network: Network, index: int) -> Layer:
    node = network.graph.nodes[index]
    tensors = [network.graph.tensors[name] for name in node.inputs]
    return Layer(
        name=node.name,
        op=node.op,
        activation=fused_activation(node),
        input_shape=tensors[0].shape,
        output_shape=network.graph.tensors[shown_outputs(network.graph)[node.name]].shape,
        parameters=sum(tensor.data.size for tensor in tensors if tensor.data is not None),
        macs=operator(node.op).macs(node, [tensor.shape for tensor in tensors]),
    )


def _code(network: Network, target: Target) -> CodeSize | None:
    roots = tuple(f"{network.name}_{function}" for function in ("init", "run", "selftest"))
    try:
        return measure(network.emitted.files, target, roots)
    except ToolMissingError:
        return None
