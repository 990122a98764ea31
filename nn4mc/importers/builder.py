"""The graph as an importer makes it: node by node, with names kept apart and shapes worked out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import GraphError, ModelError, UnsupportedError
from nn4mc.importers.limits import cap
from nn4mc.ir import FLOAT32, Attribute, Float32Array, Graph, Node, Quantization, Shape, Source, State, Tensor
from nn4mc.ops import operator
from nn4mc.ops.base import size

MAX_ELEMENTS = 4_000_000
"""Of one tensor: what no microcontroller holds, and no hostile pad or tile may ask us to compute."""


class GraphBuilder:
    """A graph under construction; ``where`` (the file) opens every message."""

    def __init__(self, name: str, where: str) -> None:
        """Start an empty graph called ``name``."""
        self.name, self.where = name, where
        self.tensors: dict[str, Tensor] = {}
        self._nodes: dict[str, Node] = {}
        self._inputs: list[str] = []
        self._states: list[State] = []
        self._refusals: list[str] = []

    def input(self, name: str, shape: Shape, dtype: str = FLOAT32, quantization: Quantization | None = None) -> str:
        """Declare a model input and return its tensor's name."""
        self._inputs.append(self._declare(Tensor(self._free(name), shape, None, dtype, quantization)))
        return self._inputs[-1]

    def constant(self, name: str, data: npt.NDArray[Any], quantization: Quantization | None = None) -> str:
        """Add a constant and return its tensor's name: floats become float32, integers keep int8 or int32."""
        dtype = FLOAT32 if data.dtype.kind == "f" else str(data.dtype)
        array = np.ascontiguousarray(data, dtype).reshape(data.shape)
        if not np.isfinite(array).all():
            raise ModelError(f"{self.where}: '{name[:80]}' holds NaN, Inf or values beyond float32")
        return self._declare(Tensor(self._free(name), array.shape, array, dtype, quantization))

    def state(self, name: str, initial: Float32Array) -> str:
        """Declare a value carried from step to step and return the tensor read; close it with `carry`."""
        before = self._declare(Tensor(self._free(name), initial.shape))
        self._states.append(State(before, "", np.asarray(initial, np.float32)))
        return before

    def carry(self, before: str, after: str) -> None:
        """Say which tensor replaces the state ``before`` after the step."""
        self._states = [State(before, after, one.initial) if one.before == before else one for one in self._states]

    def node(
        self,
        op: str,
        name: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Attribute] | None = None,
        dtype: str | None = None,
        quantization: Quantization | None = None,
    ) -> str:
        """Add a node and return its first output, named after it; see `outputs` for the others.

        The output's type is ``dtype``, by default that of the first input. Raises ModelError, naming the layer, when
        shapes or attributes do not fit the operator.
        """
        made = Node(self._free_node(name), op, tuple(inputs), (), attributes or {})
        try:
            shapes = operator(op).shapes(made, [self.tensors[one].shape for one in inputs])
        except GraphError as error:
            raise ModelError(f"{self.where}: {error}") from error
        for shape in shapes:
            cap(size(shape), MAX_ELEMENTS, f"the number of values that '{made.name}' ({op}) makes", self.where)
        kind = dtype or self.tensors[inputs[0]].dtype
        suffixes = ["out", *(f"out_{i}" for i in range(1, len(shapes)))]
        names = tuple(
            self._declare(Tensor(self._free(f"{made.name}_{suffix}"), shape, None, kind, quantization))
            for suffix, shape in zip(suffixes, shapes, strict=True)
        )
        self._nodes[made.name] = Node(made.name, op, made.inputs, names, made.attributes)
        self._last = self._nodes[made.name]
        return names[0]

    def outputs(self) -> tuple[str, ...]:
        """Return all outputs of the node added last."""
        return self._last.outputs

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        return self.tensors[name].shape

    def refuse(self, what: str) -> None:
        """Note something that has no C kernel; `finish` raises all of it at once."""
        self._refusals.append(what)

    def raise_refusals(self) -> None:
        """Raise UnsupportedError with everything refused so far."""
        if self._refusals:
            unique = list(dict.fromkeys(self._refusals))
            listed = "\n  ".join(unique[:50])
            raise UnsupportedError(f"{self.where}: no C kernel for\n  {listed}\nSee `nn4mc ops` for what is supported.")

    def finish(self, outputs: Sequence[str], source: Source) -> Graph:
        """Return the graph; UnsupportedError when something was refused."""
        self.raise_refusals()
        return Graph(
            name=self.name,
            tensors=self.tensors,
            nodes=tuple(self._nodes.values()),
            inputs=tuple(self._inputs),
            outputs=tuple(outputs),
            states=tuple(self._states),
            source=source,
        )

    def _declare(self, tensor: Tensor) -> str:
        self.tensors[tensor.name] = tensor
        return tensor.name

    def _free(self, name: str) -> str:
        return _numbered(name, self.tensors)

    def _free_node(self, name: str) -> str:
        return _numbered(name, self._nodes)


def _numbered(name: str, taken: Mapping[str, object]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
