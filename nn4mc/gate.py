"""The gate: invariants of the IR, checked after loading, after each pass and before emitting.

1. Every tensor a node, an input, an output or a state names exists.
2. A node reads only what is an input, a state, a constant, or made by a node before it; each tensor is one of these,
   and made once.
3. Operators, their number of inputs and their attributes are known, and where an operator wants constants, it has them.
4. Shapes are what the operators say; constants and initial states are finite and of their stated shape and type.
5. A node's variable inputs and its outputs have a type its operator works on, the same one unless it converts; the
   graph's inputs share one type, its outputs too.
6. There is at least one input and one output; a state's two tensors and its initial value have one shape.
"""

from collections.abc import Iterable

import numpy as np

from nn4mc.errors import GraphError
from nn4mc.ir import Graph, Node
from nn4mc.ops import operator


def check(graph: Graph, stage: str) -> Graph:
    """Return ``graph`` if every invariant holds; GraphError names ``stage``, the place and what is wrong."""
    try:
        _check_names(graph)
        _check_constants(graph)
        _check_nodes(graph)
        _check_states(graph)
    except GraphError as error:
        raise GraphError(f"after {stage}: {error}") from error
    return graph


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what)


def _named(graph: Graph) -> Iterable[str]:
    yield from graph.inputs
    yield from graph.outputs
    for state in graph.states:
        yield from (state.before, state.after)
    for node in graph.nodes:
        yield from (*node.inputs, *node.outputs)


def _check_names(graph: Graph) -> None:
    _expect(len(graph.inputs) > 0, "the graph has no input")
    _expect(len(graph.outputs) > 0, "the graph has no output")
    for name in _named(graph):
        _expect(name in graph.tensors, f"tensor '{name}' is used but not declared")
    for name, tensor in graph.tensors.items():
        _expect(name == tensor.name, f"tensor '{tensor.name}' is filed under '{name}'")
        _expect(
            all(n > 0 for n in tensor.shape), f"tensor '{name}' has shape {tensor.shape}: every axis must be at least 1"
        )
    for what, side in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        types = sorted({graph.tensors[name].dtype for name in side})
        _expect(len(types) == 1, f"the {what} have types {', '.join(types)}, expected one for all")
    names = [node.name for node in graph.nodes]
    _expect(len(set(names)) == len(names), f"two nodes share a name among {names}")


def _check_constants(graph: Graph) -> None:
    for tensor in graph.tensors.values():
        if tensor.data is None:
            continue
        _expect(
            tensor.data.dtype == np.dtype(tensor.dtype),
            f"constant '{tensor.name}' is {tensor.data.dtype}, declared {tensor.dtype}",
        )
        _expect(
            tensor.data.shape == tensor.shape,
            f"constant '{tensor.name}' has data of shape {tensor.data.shape}, declared {tensor.shape}",
        )
        _expect(bool(np.isfinite(tensor.data).all()), f"constant '{tensor.name}' holds NaN or Inf")


def _check_nodes(graph: Graph) -> None:
    given = [*graph.inputs, *(state.before for state in graph.states)]
    for name in given:
        _expect(given.count(name) == 1, f"tensor '{name}' is given twice, as an input or a state")
        _expect(graph.tensors[name].data is None, f"tensor '{name}' is an input or a state, and a constant")
    ready = set(given)
    ready |= {tensor.name for tensor in graph.tensors.values() if tensor.data is not None}
    for node in graph.nodes:
        _check_node(graph, node, ready)
        for name in node.outputs:
            _expect(name not in ready, f"tensor '{name}' is made twice, again by node '{node.name}'")
            ready.add(name)
    for name in (*graph.outputs, *(state.after for state in graph.states)):
        _expect(name in ready, f"tensor '{name}' is an output or a next state, and no node makes it")


def _check_node(graph: Graph, node: Node, ready: set[str]) -> None:
    op = operator(node.op)
    where = f"node '{node.name}' ({node.op})"
    least, most = op.arity
    _expect(least <= len(node.inputs) <= most, f"{where} has {len(node.inputs)} inputs, expected {least} to {most}")
    unknown = sorted(set(node.attributes) - set(op.attributes))
    _expect(not unknown, f"{where} has attributes {unknown} that its operator does not know")
    for name in node.inputs:
        _expect(name in ready, f"{where} reads '{name}' before it is made")
    for name in (*node.inputs, *node.outputs):
        tensor = graph.tensors[name]
        _expect(
            tensor.data is not None or tensor.dtype in op.types,
            f"{where}: '{name}' is {tensor.dtype}, expected {' or '.join(op.types)}",
        )
    types = {graph.tensors[name].dtype for name in (*node.inputs, *node.outputs) if graph.tensors[name].data is None}
    _expect(op.converts or len(types) <= 1, f"{where} mixes {' and '.join(sorted(types))}")
    for index in (one for one in op.constants if one < len(node.inputs)):
        _expect(
            graph.tensors[node.inputs[index]].data is not None, f"{where}: '{node.inputs[index]}' must be a constant"
        )
    shapes = op.shapes(node, [graph.tensors[name].shape for name in node.inputs])
    found = tuple(graph.tensors[name].shape for name in node.outputs)
    _expect(found == shapes, f"{where} has outputs of shape {found}, its operator makes {shapes}")


def _check_states(graph: Graph) -> None:
    for state in graph.states:
        shapes = (graph.tensors[state.before].shape, graph.tensors[state.after].shape, state.initial.shape)
        _expect(len(set(shapes)) == 1, f"state '{state.before}': before, after and initial have shapes {shapes}")
        _expect(
            state.initial.dtype == np.float32, f"state '{state.before}' starts as {state.initial.dtype}, not float32"
        )
        _expect(bool(np.isfinite(state.initial).all()), f"state '{state.before}' starts with NaN or Inf")
