"""From a lowered graph and its plan to the text of a folder of C."""

from collections.abc import Mapping
from dataclasses import dataclass

from nn4mc import __version__
from nn4mc.codegen.golden import Golden, make_golden
from nn4mc.codegen.identifiers import c_identifier, comment_text
from nn4mc.codegen.literals import float_literal, float_rows
from nn4mc.codegen.model_id import model_id
from nn4mc.codegen.names import initial_state_name, place, tensor_names
from nn4mc.codegen.render import render
from nn4mc.codegen.runtime import network_runtime
from nn4mc.codegen.target import Target
from nn4mc.gate import check
from nn4mc.ir import Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.activation import ACTIVATION, IDENTITY
from nn4mc.ops.base import size
from nn4mc.plan import Plan, Region

_HEADERS = ("nn4mc_elementary.h", "nn4mc_gru.h", "nn4mc_product.h")


@dataclass(frozen=True)
class Emitted:
    """The files of a network by path inside their folder, and what a reader wants to know of them."""

    name: str
    model_id: str
    files: Mapping[str, str]
    golden: Golden
    const_bytes: int


def emit(graph: Graph, plan: Plan, name: str, target: Target) -> Emitted:
    """Return the C of a lowered graph: ``<name>.h``, ``<name>.c``, the runtime, library.json and an example.

    Raises GraphError when the graph breaks an invariant.
    """
    check(graph, "lowering")
    golden = make_golden(graph)
    identity = model_id(graph)
    const_bytes = _const_bytes(graph, golden)
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
        "golden_in": float_rows(golden.inputs),
        "golden_out": float_rows(golden.outputs),
        "layers": [layer_line(graph, node) for node in graph.nodes],
        "headers": _HEADERS,
        **_body(graph, plan, name),
    }
    files = {
        f"{name}.h": render("network.h.j2", values),
        f"{name}.c": render("network.c.j2", values),
        "library.json": render("library.json.j2", values),
        "examples/main.c": render("example.c.j2", values),
        **network_runtime(target),
    }
    return Emitted(name, identity, files, golden, const_bytes)


def layer_line(graph: Graph, node: Node) -> str:
    """Return one line about a layer: name, operator, shapes and multiply-accumulates."""
    shapes = [graph.tensors[name].shape for name in node.inputs]
    activation = str(node.attributes.get(ACTIVATION, IDENTITY))
    fused = "" if activation == IDENTITY else f", {activation}"
    sizes = f"{size(shapes[0])} -> {size(graph.tensors[node.outputs[0]].shape)}"
    return f"{comment_text(node.name)}: {node.op}{fused}, {sizes}, {operator(node.op).macs(node, shapes)} MACs"


def parameter_count(graph: Graph) -> int:
    """Return the number of constant values of a graph."""
    return sum(tensor.data.size for tensor in graph.tensors.values() if tensor.data is not None)


def _const_bytes(graph: Graph, golden: Golden) -> int:
    initial = sum(state.initial.size for state in graph.states if state.initial.any())
    return 4 * (parameter_count(graph) + golden.inputs.size + golden.outputs.size + initial)


def _body(graph: Graph, plan: Plan, network: str) -> dict[str, object]:
    names = tensor_names(graph, plan, network)
    constants = [
        {
            "name": names[name],
            "about": f"{comment_text(name)} {tensor.shape}",
            "length": size(tensor.shape),
            "rows": float_rows(tensor.data),
        }
        for name, tensor in graph.tensors.items()
        if tensor.data is not None
    ]
    states, initial = _states(graph, plan)
    copies = [
        {
            "source": names[copy.tensor] if copy.source.region is Region.CONSTANT else place(copy.source),
            "target": place(copy.target),
            "words": copy.words,
        }
        for copy in plan.copies
    ]
    layers = [_layer(graph, plan, names, node) for node in graph.nodes]
    return {"constants": [*constants, *initial], "states": states, "copies": copies, "body": layers}


def _states(graph: Graph, plan: Plan) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the states, and the arrays of those that do not start at zero."""
    states: list[dict[str, object]] = []
    constants: list[dict[str, object]] = []
    for index, state in enumerate(graph.states):
        array = initial_state_name(index) if state.initial.any() else ""
        offset = plan.locations[state.before].offset
        states.append({"offset": offset, "words": state.initial.size, "initial": array})
        if array:
            about = f"{comment_text(state.before)} before the first step"
            rows = float_rows(state.initial)
            constants.append({"name": array, "about": about, "length": state.initial.size, "rows": rows})
    return states, constants


def _layer(graph: Graph, plan: Plan, names: Mapping[str, str], node: Node) -> dict[str, object]:
    input_shapes = [graph.tensors[name].shape for name in node.inputs]
    lengths = [size(graph.tensors[name].shape) for name in node.outputs]
    scratch = plan.scratch.get(node.name)
    values = {
        "inputs": [names[name] for name in node.inputs],
        "outputs": [names[name] for name in node.outputs],
        "input_shapes": input_shapes,
        "input_lengths": [size(shape) for shape in input_shapes],
        "output_lengths": lengths,
        "scratch": place(scratch) if scratch else "",
        "attributes": node.attributes,
        "activation": node.attributes.get(ACTIVATION, IDENTITY),
    }
    code = render(f"ops/{node.op}.c.j2", values).strip("\n")
    about = layer_line(graph, node)
    return {"about": about, "code": code, "output": names[node.outputs[0]], "length": lengths[0]}


def network_name(text: str) -> str:
    """Return the C name for a network called ``text``; lower case, so that the macros' upper case stays apart."""
    return c_identifier(text.lower())
