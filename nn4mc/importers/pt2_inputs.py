"""The inputs of an exported program: those of the caller, and what the archive stores for it.

A batch axis that the export left open is 1. A buffer that the program updates is a state of the graph.
"""

import re

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.limits import cap, cap_elements
from nn4mc.importers.pt2_names import operator_name
from nn4mc.importers.pt2_schema import GraphModule, InputSpec, StoredInput, SymInt, TensorMeta
from nn4mc.importers.pt2_weights import FLOAT, Weights, type_name
from nn4mc.importers.torch_call import Refused, Value, Variable
from nn4mc.importers.torch_memory import Memory
from nn4mc.importers.torch_network import Network
from nn4mc.importers.torch_operators import is_in_place

_RANK = 8
_SYMBOL = re.compile(r"(?:Symbol\(')?(\w{1,40})(?:'(?:, \w{1,20}=True)*\))?")
"""As sympy writes one: Symbol('s0', positive=True, integer=True)."""


class InputReader:
    """Declares inputs, reads constants, and remembers which symbols are 1 and which stored tensors are states."""

    def __init__(self, program: GraphModule, weights: Weights, net: Network, memory: Memory) -> None:
        """Read nothing yet."""
        self.program, self.weights, self.net, self.memory = program, weights, net, memory
        self._ones: set[str] = set()
        self._buffers: dict[str, Variable] = {}
        self._stored: dict[str, str] = {}
        self._after: dict[str, str] = {}

    def read(self) -> None:
        """Give every input of the program its value."""
        updated = self._updated()
        self._find_batch()
        for index, spec in enumerate(self.program.signature.input_specs):
            stored = spec.parameter or spec.buffer or spec.tensor_constant
            if stored is not None:
                self._store(stored, stored.arg.name in updated)
            elif spec.user_input is not None:
                self._declare(spec)
            elif spec.constant_input is None:
                self.net.builder.refuse(f"input {index}: of a kind that is not read")

    def dimension(self, size: SymInt) -> int | None:
        """Return a size: an open batch axis is 1, and None is one that is not known beforehand."""
        if size.as_int is not None:
            return size.as_int
        return 1 if _symbol(size) in self._ones else None

    def _updated(self) -> set[str]:
        """Return the names of inputs that calls overwrite, or that the signature says are updated."""
        specs = [one.buffer_mutation for one in self.program.signature.output_specs if one.buffer_mutation is not None]
        self._after = {spec.buffer_name: spec.arg.name for spec in specs}
        buffers = [one.buffer for one in self.program.signature.input_specs if one.buffer is not None]
        named = {buffer.arg.name for buffer in buffers if buffer.key in self._after}
        for node in self.program.graph.nodes:
            if is_in_place(operator_name(node.target).removeprefix("aten.")) and node.inputs:
                tensor = node.inputs[0].arg.as_tensor
                named |= {tensor.name} if tensor is not None else set()
        return named

    def _find_batch(self) -> None:
        for spec in self.program.signature.input_specs:
            if spec.user_input is not None and spec.user_input.arg.as_tensor is not None:
                sizes = self._meta(spec.user_input.arg.as_tensor.name).sizes
                open_axes = sizes if self.net.options.stateful else sizes[:1]
                self._ones |= {symbol for symbol in map(_symbol, open_axes) if symbol is not None}

    def _meta(self, name: str) -> TensorMeta:
        meta = self.program.graph.tensor_values.get(name)
        if meta is None:
            raise ModelError(f"{self.net.builder.where}: input '{name[:80]}' has no declared type and shape")
        cap(len(meta.sizes), _RANK, "the number of axes", f"{self.net.builder.where}: '{name[:80]}'")
        return meta

    def _declare(self, spec: InputSpec) -> None:
        tensor = spec.user_input.arg.as_tensor if spec.user_input is not None else None
        if tensor is None:
            return
        meta, builder = self._meta(tensor.name), self.net.builder
        if meta.dtype != FLOAT:
            found = type_name(meta.dtype)
            builder.refuse(f"input '{tensor.name[:80]}': {found}. Supported: float32 (export module.float())")
        for axis, size in enumerate(meta.sizes):
            if self.dimension(size) is None:
                builder.refuse(
                    f"input '{tensor.name[:80]}': axis {axis} is dynamic. Supported: a dynamic first axis, which "
                    "becomes a batch of 1; export the others with fixed sizes"
                )
        self._define(tensor.name, self.stand_in(tensor.name, meta))

    def stand_in(self, name: str, meta: TensorMeta) -> Variable:
        """Declare a graph input of a tensor's declared shape, sizes that are not known being 1."""
        shape = tuple(1 if size is None else size for size in map(self.dimension, meta.sizes))
        where = f"{self.net.builder.where}: '{name[:80]}'"
        cap(len(shape), _RANK, "the number of axes", where)
        if any(size < 1 for size in shape):
            raise ModelError(f"{where}: shape {shape}, every axis must be at least 1")
        cap_elements(shape, self.net.options.limits, where)
        return Variable(self.net.builder.input(name[:120], shape), shape)

    def _store(self, stored: StoredInput, updated: bool) -> None:
        data = self.weights.read(stored.key)
        self._stored[stored.key] = stored.arg.name
        if not updated:
            self._define(stored.arg.name, data)
        elif data.dtype != np.float32:
            self.net.builder.refuse(
                f"buffer '{stored.key[:80]}': the module updates it, and it is {data.dtype}, not float32"
            )
            self._define(stored.arg.name, data)
        else:
            self.net.begin(stored.key[:120].replace(".", "_"))
            self._buffers[stored.key] = self.net.state(data.astype(np.float32))
            self._define(stored.arg.name, self._buffers[stored.key])

    def _define(self, name: str, value: Value) -> None:
        if name in self.memory:
            raise ModelError(f"{self.net.builder.where}: '{name[:80]}' is made twice")
        self.memory.define(name, value)

    def carry_buffers(self) -> None:
        """Close the states: what each updated buffer holds at the end is what it holds in the next step."""
        for key, name in self._stored.items():
            before = self._buffers.get(key)
            try:
                after = self.memory.read(self._after.get(key, name))
            except (Refused, KeyError) as fault:
                self.net.builder.refuse(f"buffer '{key[:80]}': the update is lost: {fault}")
                continue
            if before is None:
                continue
            if isinstance(after, Variable) and after.shape == before.shape:
                self.net.carry(before, after)
            else:
                self.net.builder.refuse(f"buffer '{key[:80]}': its next value does not depend on the input")


def _symbol(size: SymInt) -> str | None:
    """Return the name of a size that is one symbol, not a number and not a formula of symbols."""
    found = _SYMBOL.fullmatch(size.as_expr.expr_str) if size.as_expr is not None else None
    return found.group(1) if found is not None else None
