"""The arrays of constants in generated C: packed for their kernels, as they are for the rest, and initial states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.codegen.identifiers import comment_text
from nn4mc.codegen.literals import rows
from nn4mc.codegen.names import C_TYPES, initial_state_name, unique
from nn4mc.ir import Graph, Node
from nn4mc.ops import operator
from nn4mc.plan import Plan, Region
from nn4mc.target import Target


@dataclass(frozen=True)
class Constant:
    """One array as its declaration shows it; ``nbytes`` is its size on the target."""

    name: str
    about: str
    type: str
    length: int
    rows: list[str]
    nbytes: int


@dataclass(frozen=True)
class PackedName:
    """What a template knows of a packed array: its C name and the layout that the operator chose."""

    name: str
    layout: Any


@dataclass(frozen=True)
class Constants:
    """All arrays in the order they are declared, and the packed ones by node and key."""

    arrays: tuple[Constant, ...]
    packed: Mapping[str, Mapping[str, PackedName]]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(one.nbytes for one in self.arrays)


def make_constants(graph: Graph, plan: Plan, names: Mapping[str, str], taken: set[str], target: Target) -> Constants:
    """Return the arrays of a graph; ``names`` are its tensors' C names, ``taken`` grows by those of packed arrays."""
    plain = _read_plainly(graph, plan)
    arrays = [
        _constant(names[name], f"{comment_text(name)} {tensor.shape}", tensor.data)
        for name, tensor in graph.tensors.items()
        if tensor.data is not None and name in plain
    ]
    packed: dict[str, dict[str, PackedName]] = {}
    for node in graph.nodes:
        inputs = [graph.tensors[name] for name in node.inputs]
        for key, one in operator(node.op).packed(node, inputs, target).items():
            name = unique(f"{node.name}_{key}", taken)
            packed.setdefault(node.name, {})[key] = PackedName(name, one.layout)
            arrays.append(_constant(name, f"{comment_text(node.name)}: {comment_text(one.about)}", one.data))
    for index, state in enumerate(graph.states):
        if state.initial.any():
            about = f"{comment_text(state.before)} before the first step"
            arrays.append(_constant(initial_state_name(index), about, state.initial))
    return Constants(tuple(arrays), packed)


def _read_plainly(graph: Graph, plan: Plan) -> set[str]:
    """Return the constants that C reads as they are: not all of a node's inputs are packed."""
    return {
        *(name for node in graph.nodes for name in _plain_inputs(node)),
        *(copy.tensor for copy in plan.copies if copy.source.region is Region.CONSTANT),
    }


def _plain_inputs(node: Node) -> Iterable[str]:
    packs = operator(node.op).packs
    return (name for index, name in enumerate(node.inputs) if index not in packs)


def _constant(name: str, about: str, data: npt.NDArray[Any]) -> Constant:
    values = np.asarray(data)
    return Constant(name, about, C_TYPES[str(values.dtype)], values.size, rows(values), values.nbytes)
