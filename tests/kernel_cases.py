"""One-operator networks for tests: compiled in batches, run, and held against the float64 reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.api import Network, compile_graph
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Attribute, Float32Array, Node, Source
from nn4mc.ops import operator
from tests.c_batch import build_batch

SOURCE = Source("test", "0" * 64)


@dataclass(frozen=True)
class Case:
    """An operator with its attributes, variable inputs, constants behind them, and the outputs that are read."""

    op: str
    attributes: Mapping[str, Attribute]
    inputs: Sequence[Float32Array]
    constants: Sequence[Float32Array] = ()
    outputs: Sequence[int] = (0,)

    def reference(self) -> list[Array]:
        """Return all outputs in float64."""
        node = Node(self.op, self.op, (), (), self.attributes)
        arrays = [array.astype(np.float64) for array in (*self.inputs, *self.constants)]
        operator(self.op).shapes(node, [array.shape for array in arrays])
        return list(operator(self.op).reference(node, arrays))

    def network(self, name: str, target: str = "cortex-m4f") -> Network:
        """Return the operator alone, compiled as the network ``name``."""
        builder = GraphBuilder(name, "test")
        inputs = [builder.input(f"x{i}", array.shape) for i, array in enumerate(self.inputs)]
        constants = [builder.constant(f"c{i}", array) for i, array in enumerate(self.constants)]
        builder.node(self.op, "node", [*inputs, *constants], self.attributes)
        made = builder.outputs()
        return compile_graph(builder.finish([made[i] for i in self.outputs], SOURCE), name, target)


def worst_errors(cases: Sequence[Case], folder: Path) -> Array:
    """Return each case's largest error in C relative to the largest value of its outputs, at least 0.1.

    The terms of the sums are about 1, so an output where they nearly cancel is no measure of their rounding.
    """
    networks = [case.network(f"case_{i}") for i, case in enumerate(cases)]
    batch = build_batch(networks, folder)
    errors = []
    for case, network in zip(cases, networks, strict=True):
        flat = np.concatenate([array.ravel() for array in case.inputs])
        (found,) = batch[network.name].run(flat[np.newaxis])
        made = case.reference()
        expected = np.concatenate([made[i].ravel() for i in case.outputs])
        errors.append(np.abs(found - expected).max() / max(np.abs(expected).max(), 0.1))
    return np.array(errors)
