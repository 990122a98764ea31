"""From a lowered graph and its plan to the text of a folder of C."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nn4mc import __version__
from nn4mc.codegen.constants import Constants, PackedName, make_constants
from nn4mc.codegen.golden import Golden, interface_type, make_golden
from nn4mc.codegen.identifiers import c_identifier, comment_text
from nn4mc.codegen.literals import float_literal, rows
from nn4mc.codegen.model_id import model_id
from nn4mc.codegen.names import C_TYPES, initial_state_name, place, reserved_names, tensor_names
from nn4mc.codegen.render import render
from nn4mc.codegen.runtime import network_runtime
from nn4mc.gate import check
from nn4mc.ir import FLOAT32, INT8, INT16, Graph, Node, Tensor
from nn4mc.ops import operator
from nn4mc.ops.activation import IDENTITY, fused_activation
from nn4mc.ops.base import size
from nn4mc.plan import Plan, Region, shown_outputs
from nn4mc.target import DEFAULT_CODE, SMALL_BLOCK_ROWS, CodeOptions, Target

_ALWAYS = ("nn4mc_copy",)
"""The copying loops of every network."""
_COPY = {FLOAT32: "nn4mc_copy", INT8: "nn4mc_copy_int8", INT16: "nn4mc_copy_int16"}


@dataclass(frozen=True)
class Emitted:
    """The files of a network by path inside their folder, and what a reader wants to know of them."""

    name: str
    model_id: str
    files: Mapping[str, str]
    golden: Golden
    const_bytes: int


def emit(graph: Graph, plan: Plan, name: str, target: Target, code: CodeOptions = DEFAULT_CODE) -> Emitted:
    """Return the C of a lowered graph: ``<name>.h``, ``<name>.c``, the runtime, library.json and an example.

    Raises GraphError when the graph breaks an invariant.
    """
    check(graph, "lowering")
    if code.optimize == "size":
        target = replace(target, block_rows=min(target.block_rows, SMALL_BLOCK_ROWS))
    golden = make_golden(graph, float(code.activation_error))
    identity = model_id(graph)
    taken = reserved_names(graph, name)
    names = tensor_names(graph, plan, taken)
    constants = make_constants(graph, plan, names, taken, target)
    const_bytes = constants.nbytes + golden.inputs.nbytes + golden.outputs.nbytes
    values: dict[str, object] = {
        "name": name,
        "NAME": name.upper(),
        "title": comment_text(graph.name),
        "version": __version__,
        "target": target.title,
        "model": graph,
        "model_id": identity,
        "plan": plan,
        "const_bytes": const_bytes,
        "golden": golden,
        "golden_limit": float_literal(golden.limit),
        "golden_in": rows(golden.inputs),
        "golden_out": rows(golden.outputs),
        "in_type": C_TYPES[interface_type(graph, graph.inputs)],
        "out_type": C_TYPES[interface_type(graph, graph.outputs)],
        "interface": [*_interface(graph, "in", graph.inputs), *_interface(graph, "out", graph.outputs)],
        "layers": [layer_line(graph, node) for node in graph.nodes if not operator(node.op).view],
        "headers": [f"{stem}.h" for stem in _runtime(graph)],
        "constants": constants.arrays,
        "states": _states(graph, plan),
        "copies": _copies(plan, names),
        "body": _layers(graph, plan, names, constants),
    }
    files = {
        f"{name}.h": render("network.h.j2", values),
        f"{name}.c": render("network.c.j2", values),
        "library.json": render("library.json.j2", values),
        "examples/main.c": render("example.c.j2", values),
        **network_runtime(target, code, _runtime(graph), const_bytes),
    }
    return Emitted(name, identity, files, golden, const_bytes)


def layer_line(graph: Graph, node: Node) -> str:
    """Return one line about a layer: name, operator, shapes and multiply-accumulates."""
    shapes = [graph.tensors[name].shape for name in node.inputs]
    activation = fused_activation(node)
    fused = "" if activation == IDENTITY else f", {activation}"
    sizes = f"{size(shapes[0])} -> {size(graph.tensors[shown_outputs(graph)[node.name]].shape)}"
    return f"{comment_text(node.name)}: {node.op}{fused}, {sizes}, {operator(node.op).macs(node, shapes)} MACs"


def parameter_count(graph: Graph) -> int:
    """Return the number of constant values of a graph."""
    return sum(tensor.data.size for tensor in graph.tensors.values() if tensor.data is not None)


def _runtime(graph: Graph) -> list[str]:
    """Return the runtime files that a graph's operators and their fused activations call."""
    stems = set(_ALWAYS)
    for node in graph.nodes:
        stems |= {*operator(node.op).runtime, *operator(node.op).runtime_of(node)}
        stems |= set(operator(fused_activation(node)).runtime)
    return sorted(stems)


def _interface(graph: Graph, array: str, names: tuple[str, ...]) -> list[str]:
    """Return a line for each input or output: where it is in the array, its name, shape and quantisation."""
    lines, at = [], 0
    for name in names:
        tensor = graph.tensors[name]
        count = size(tensor.shape)
        scale = tensor.quantization
        stands_for = f", real = {scale.scale[0]:.9g} * (integer - {scale.zero_point[0]})" if scale else ""
        lines.append(f"{array}[{at}..{at + count - 1}] {comment_text(name)} {tensor.shape}{stands_for}")
        at += count
    return lines


def _states(graph: Graph, plan: Plan) -> list[dict[str, object]]:
    """Return where each state is, and the array of those that do not start at zero."""
    return [
        {
            "offset": plan.locations[state.before].offset,
            "words": state.initial.size,
            "initial": initial_state_name(index) if state.initial.any() else "",
        }
        for index, state in enumerate(graph.states)
    ]


def _copies(plan: Plan, names: Mapping[str, str]) -> list[dict[str, object]]:
    """Return what is moved after the last node ran."""
    return [
        {
            "source": names[copy.tensor] if copy.source.region is Region.CONSTANT else place(copy.source, copy.dtype),
            "target": place(copy.target, copy.dtype),
            "count": copy.count,
            "function": _COPY[copy.dtype],
        }
        for copy in plan.copies
    ]


def _layers(graph: Graph, plan: Plan, names: Mapping[str, str], constants: Constants) -> list[dict[str, object]]:
    shown = {node: graph.tensors[name] for node, name in shown_outputs(graph).items()}
    return [
        _layer(graph, plan, names, node, shown[node.name], constants.packed.get(node.name, {}))
        for node in graph.nodes
        if not operator(node.op).view
    ]


def _layer(
    graph: Graph,
    plan: Plan,
    names: Mapping[str, str],
    node: Node,
    shown: Tensor,
    packed: Mapping[str, PackedName],
) -> dict[str, object]:
    """Return a node's C and its output ``shown`` to traces."""
    inputs = [graph.tensors[name] for name in node.inputs]
    outputs = [graph.tensors[name] for name in node.outputs]
    scratch = plan.scratch.get(node.name)
    values = {
        "inputs": [names[name] for name in node.inputs],
        "outputs": [names[name] for name in node.outputs],
        "input_shapes": [tensor.shape for tensor in inputs],
        "output_shapes": [tensor.shape for tensor in outputs],
        "input_lengths": [size(tensor.shape) for tensor in inputs],
        "output_lengths": [size(tensor.shape) for tensor in outputs],
        "copy": _COPY[outputs[0].dtype],
        "scratch": place(scratch) if scratch else "",
        "attributes": node.attributes,
        "packed": packed,
        **operator(node.op).details(node, inputs, outputs),
    }
    code = render(f"ops/{node.op}.c.j2", values).strip("\n") + _activation(node, values)
    nbytes = size(shown.shape) * np.dtype(shown.dtype).itemsize
    return {"about": layer_line(graph, node), "code": code, "output": names[shown.name], "bytes": nbytes}


def _activation(node: Node, values: Mapping[str, object]) -> str:
    """Return the C of a fused activation, which works on the product's own output."""
    name = fused_activation(node)
    if name == IDENTITY:
        return ""
    here = {**values, "inputs": values["outputs"], "input_lengths": values["output_lengths"], "attributes": {}}
    return "\n" + render(f"ops/{name}.c.j2", here).strip("\n")


def network_name(text: str) -> str:
    """Return the C name for a network called ``text``; lower case, so that the macros' upper case stays apart."""
    return c_identifier(text.lower())
