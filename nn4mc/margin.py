"""What a float32 rounding may cost where a graph rounds floats to steps: a value near a half goes the other way.

A quantised layer that reads float32 rounds it to int16 steps. C computes that float in float32 and the reference in
float64; where the two lie on either side of a half, the results differ by a step times a weight, not by a rounding. How
much that is depends on the network, so it is measured: the reference runs again with every such rounding moved by a
few float32 roundings, and the largest difference is the margin.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from nn4mc.ir import FLOAT32, Array, Graph, Node
from nn4mc.ops import operator
from nn4mc.reference import initial_state, step

_MOVES = (2e-6, -2e-6, 5e-7, -5e-7)
"""Relative: up to some thirty float32 roundings of 6e-8."""
_SAFETY = 4.0
"""The roundings of C fall otherwise than those of any trial."""
_STATE_STEPS, _STEPS = "h_per_unit", "per_unit"


def margins(graph: Graph, inputs: npt.NDArray[np.generic]) -> Mapping[str, float]:
    """Return by float32 tensor how far float32 may lie from the reference over ``inputs`` (steps, in); {} if exact."""
    exact = _exact_floats(graph)
    if not any(_rounded(node, exact) for node in graph.nodes):
        return {}
    expected = _tensors(graph, inputs)
    found: dict[str, float] = {}
    for move in _MOVES:
        for name, values in _tensors(_moved(graph, exact, move), inputs).items():
            difference = _SAFETY * float(np.abs(values - expected[name]).max(initial=0.0))
            found[name] = max(found.get(name, 0.0), difference)
    return found


def _exact_floats(graph: Graph) -> set[str]:
    """Return the float tensors that C and the reference hold alike: the inputs, and what only moves their elements."""
    exact = set(graph.inputs)
    for node in graph.nodes:
        if operator(node.op).view and node.inputs[0] in exact:
            exact |= set(node.outputs)
    return exact


def _rounded(node: Node, exact: set[str]) -> tuple[str, ...]:
    """Return the attributes by which a node rounds floats that are not exact."""
    names = [_STATE_STEPS] if _STATE_STEPS in node.attributes else []
    if _STEPS in node.attributes and node.inputs[0] not in exact:
        names.append(_STEPS)
    return tuple(names)


def _moved(graph: Graph, exact: set[str], by: float) -> Graph:
    nodes = []
    for node in graph.nodes:
        changed = {name: float(node.attributes[name]) * (1.0 + by) for name in _rounded(node, exact)}  # type: ignore[arg-type]
        nodes.append(replace(node, attributes={**node.attributes, **changed}))
    return replace(graph, nodes=tuple(nodes))


def _tensors(graph: Graph, inputs: npt.NDArray[np.generic]) -> Mapping[str, Array]:
    """Return what every float32 tensor held at each step."""
    names = [name for node in graph.nodes for name in node.outputs if graph.tensors[name].dtype == FLOAT32]
    rows: dict[str, list[Array]] = {name: [] for name in names}
    state: Mapping[str, Array] = initial_state(graph)
    for row in inputs:
        done = step(graph, np.asarray(row, np.float64), state)
        state = done.state
        for name in names:
            rows[name].append(done.tensors[name].ravel())
    return {name: np.array(values) for name, values in rows.items()}
