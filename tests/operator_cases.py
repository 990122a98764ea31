"""Graphs around one operator, and how far their C is from the float64 reference: many in one library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.api import compile_graph
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import FLOAT32, INT8, Attribute, Graph, Node, Shape, Source
from nn4mc.ops import operator
from nn4mc.reference import run
from tests.c_batch import build_batch

STEPS = 4
Constant = npt.NDArray[Any]


@dataclass(frozen=True)
class Case:
    """One operator: ``inputs`` are shapes of variables, drawn from ``low`` to ``high``, or constants."""

    op: str
    inputs: tuple[Shape | Constant, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    low: float = -3.0
    high: float = 3.0
    dtype: str = FLOAT32
    inside: bool = False
    """Put a node before and behind it, so that it works in the arena, in place where it may."""


def graph_of(case: Case, name: str, seed: int = 0) -> Graph:
    """Return the graph of a case; its examples are what `worst_errors` runs it on."""
    builder = GraphBuilder(name, "test")
    names = []
    for index, one in enumerate(case.inputs):
        if isinstance(one, np.ndarray):
            names.append(builder.constant(f"constant_{index}", one))
        else:
            names.append(builder.input(f"x{index}", one, case.dtype))
    if case.inside:
        names = [one if builder.tensors[one].data is not None else builder.node("neg", "a", [one]) for one in names]
    out = builder.node(case.op, "tested", names, case.attributes)
    if case.inside:
        out = builder.node("neg", "z", [out])
    return builder.finish([out], Source("test", "0" * 64, examples(case, seed)))


def examples(case: Case, seed: int) -> npt.NDArray[Any]:
    """Return inputs (steps, in) of the case's type and range; inside, of the opposite sign."""
    rng = np.random.default_rng(seed)
    count = sum(int(np.prod(one)) for one in case.inputs if not isinstance(one, np.ndarray))
    if case.dtype == INT8:
        return rng.integers(-128, 128, (STEPS, count)).astype(np.int8)
    drawn = rng.uniform(case.low, case.high, (STEPS, count)).astype(np.float32)
    return -drawn if case.inside else drawn


def worst_errors(cases: Sequence[Case], folder: Path) -> list[float]:
    """Return the largest error of each case's C relative to the range of its output."""
    graphs = [graph_of(case, f"n{i}_{case.op}", seed=i) for i, case in enumerate(cases)]
    networks = [compile_graph(graph) for graph in graphs]
    built = build_batch(networks, folder)
    return [_error(graph, built[network.name].run) for graph, network in zip(graphs, networks, strict=True)]


def _error(graph: Graph, run_c: Any) -> float:
    inputs = graph.source.examples
    assert inputs is not None
    expected = run(graph, inputs)
    return float(np.abs(run_c(inputs) - expected).max() / max(np.abs(expected).max(), 1e-30))


def reference(op: str, inputs: Sequence[npt.ArrayLike], **attributes: Attribute) -> npt.NDArray[np.float64]:
    """Return output 0 of an operator's reference, its shape checked against what the operator declares."""
    arrays = [np.asarray(one, np.float64) for one in inputs]
    node = Node("tested", op, (), (), attributes)
    shapes = operator(op).shapes(node, [one.shape for one in arrays])
    made = operator(op).reference(node, arrays)
    assert tuple(one.shape for one in made) == shapes
    return made[0]
