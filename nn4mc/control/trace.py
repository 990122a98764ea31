"""From a graph to its tape: every node by its operator's rule."""

from collections.abc import Sequence

import numpy as np

from nn4mc.control.forms import Form, Writer
from nn4mc.control.rules import ACTIVATIONS, RULES
from nn4mc.control.rules_recurrent import RECURRENT_RULES
from nn4mc.control.tape import Affine, Line, Product, Tape
from nn4mc.errors import UnsupportedError
from nn4mc.ir import Graph, Node
from nn4mc.ops.activation import ACTIVATION, IDENTITY, fused_activation
from nn4mc.ops.base import size

Part = tuple[str, int]


def differentiable(op: str) -> bool:
    """Return whether an operator has a rule."""
    return op in RULES or op in RECURRENT_RULES


def trace(graph: Graph, parts: Sequence[Part]) -> Tape:
    """Return the tape of a graph; ``parts`` are names and lengths that its flat input is divided into.

    Raises UnsupportedError naming all layers without a derivative.
    """
    bad = [f"'{node.name}' ({node.op})" for node in graph.nodes if not differentiable(node.op)]
    if bad:
        raise UnsupportedError(f"model '{graph.name}': {', '.join(bad)} has no derivative, so no predictive controller")
    w = Writer()
    forms = {name: w.constant(tensor.data) for name, tensor in graph.tensors.items() if tensor.data is not None}
    forms |= _inputs(w, graph, parts)
    states = {
        state.before: w.give(f"state{i}", graph.tensors[state.before].shape) for i, state in enumerate(graph.states)
    }
    forms |= states
    for node in graph.nodes:
        forms.update(zip(node.outputs, _apply(w, node, [forms[name] for name in node.inputs]), strict=True))
    return _finish(w, graph, forms, tuple(name for name, _ in parts))


def _inputs(w: Writer, graph: Graph, parts: Sequence[Part]) -> dict[str, Form]:
    given = [w.give(name, (length,)) for name, length in parts if length]
    flat = w.linear(lambda *values: np.concatenate(values), *given)
    forms, at = {}, 0
    for name in graph.inputs:
        shape = graph.tensors[name].shape
        end = at + size(shape)
        forms[name] = w.linear(lambda v, a=at, b=end, s=shape: v[a:b].reshape(s), flat)
        at = end
    return forms


def _apply(w: Writer, node: Node, inputs: list[Form]) -> tuple[Form, ...]:
    if node.op in RECURRENT_RULES:
        return RECURRENT_RULES[node.op](w, node, inputs)
    name = fused_activation(node)
    if name != IDENTITY:
        bare = Node(node.name, node.op, node.inputs, node.outputs, {**node.attributes, ACTIVATION: IDENTITY})
        return (ACTIVATIONS[name](w, RULES[node.op](w, bare, inputs)),)
    return (RULES[node.op](w, node, inputs),)


def _finish(w: Writer, graph: Graph, forms: dict[str, Form], inputs: tuple[str, ...]) -> Tape:
    """Store the new states and the outputs as atoms of their own, and leave out lines that nobody reads.

    An affine line makes the outputs, even where a copy: a controller adds its bias there.
    """
    apart = list(w.given)
    after = {}
    for i, state in enumerate(graph.states):
        stored = w.store(forms[state.after], apart)
        assert stored.stored is not None
        apart.append(stored.stored)
        after[f"state{i}"] = stored.stored
    outputs = w.linear(
        lambda *values: np.concatenate([value.ravel() for value in values]), *(forms[name] for name in graph.outputs)
    )
    curved = [line.out for line in w.lines if not isinstance(line, Affine)]
    output = w.store(outputs, [*apart, *curved]).stored
    assert output is not None
    lines = _read_lines(w.lines, {output, *after.values()})
    lengths = {name: w.lengths[name] for name in (*w.given, *(line.out for line in lines))}
    initial = {f"state{i}": state.initial.astype(np.float64).ravel() for i, state in enumerate(graph.states)}
    return Tape(tuple(lines), lengths, inputs, after, initial, output)


def _read_lines(lines: Sequence[Line], wanted: set[str]) -> list[Line]:
    kept = []
    for line in reversed(lines):
        if line.out in wanted:
            kept.append(line)
            wanted |= reads(line)
    return kept[::-1]


def reads(line: Line) -> set[str]:
    """Return the atoms that a line reads."""
    if isinstance(line, Affine):
        return {term.atom for term in line.terms}
    return {line.a, line.b} if isinstance(line, Product) else {line.x}
