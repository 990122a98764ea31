"""How far C may lie from the float64 reference for other reasons than its roundings, measured on the network itself.

A float32 rounding costs more than itself where a graph rounds floats to steps: a value near a half goes the other way.

A quantised layer that reads float32 rounds it to int16 steps. C computes that float in float32 and the reference in
float64; where the two lie on either side of a half, the results differ by a step times a weight, not by a rounding. How
much that is depends on the network, so it is measured: the reference runs again with every such rounding moved by a
few float32 roundings, and the largest difference is the margin.

tanh and sigmoid may be asked to err by more than a rounding. The reference runs again with them moved by that error.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from nn4mc.ir import FLOAT32, Array, Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.approximate import Move, moved
from nn4mc.reference import initial_state, step

_MOVES = (2e-6, -2e-6, 5e-7, -5e-7)
"""Relative: up to some thirty float32 roundings of 6e-8."""
_SAFETY = 4.0
"""The roundings of C fall otherwise than those of any trial."""
_SMALL_ERROR = 1e-6
"""Of an activation: what the tolerance for roundings covers."""
_SHAPES: tuple[Move, ...] = (np.ones_like, lambda x: -np.ones_like(x), lambda x: np.sin(37.0 * x), np.tanh)
"""How the error of an activation may lie over its argument, within -1..1."""
_STATE_STEPS, _STEPS = "h_per_unit", "per_unit"


def margins(graph: Graph, inputs: npt.NDArray[np.generic], activation_error: float = 0.0) -> Mapping[str, float]:
    """Return by float32 tensor how far C may lie from the reference over ``inputs`` (steps, in), besides roundings.

    That is where floats are rounded to steps, and where tanh and sigmoid may err by ``activation_error``, if that is
    more than a few roundings. {} where neither is the case.
    """
    exact = _exact_floats(graph)
    trials: list[Callable[[], Mapping[str, Array]]] = []
    if any(_rounded(node, exact) for node in graph.nodes):
        trials += [partial(_tensors, _moved(graph, exact, move), inputs) for move in _MOVES]
    if activation_error > _SMALL_ERROR:
        trials += [partial(_coarse, graph, inputs, _scaled(shape, activation_error)) for shape in _SHAPES]
    if not trials:
        return {}
    expected = _tensors(graph, inputs)
    found: dict[str, float] = {}
    for trial in trials:
        for name, values in trial().items():
            difference = _SAFETY * float(np.abs(values - expected[name]).max(initial=0.0))
            found[name] = max(found.get(name, 0.0), difference)
    return found


def _scaled(shape: Move, error: float) -> Move:
    return lambda x: error * shape(x)


def _coarse(graph: Graph, inputs: npt.NDArray[np.generic], by: Move) -> Mapping[str, Array]:
    with moved(by):
        return _tensors(graph, inputs)


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
