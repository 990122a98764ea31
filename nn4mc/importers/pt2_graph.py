"""From the program in a `.pt2` to a graph: inputs, one ATen call after the other, outputs."""

import operator
from collections.abc import Callable, Mapping

import numpy as np

from nn4mc.errors import GraphError, ModelError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import cap
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.pt2_arguments import argument_value, output_names
from nn4mc.importers.pt2_inputs import InputReader
from nn4mc.importers.pt2_names import layer_of, node_name, operator_name
from nn4mc.importers.pt2_schema import Node, OutputSpec, Program
from nn4mc.importers.pt2_weights import FLOAT, Weights, type_name
from nn4mc.importers.torch_call import Call, Given, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_memory import Memory
from nn4mc.importers.torch_network import Made, Network
from nn4mc.importers.torch_operators import CHECKS, SHARED_MEMORY, is_in_place, reader
from nn4mc.ir import Graph, Source

_SIZES: Mapping[str, Callable[..., int]] = {
    "_operator.add": operator.add,
    "_operator.floordiv": operator.floordiv,
    "_operator.mul": operator.mul,
    "_operator.neg": operator.neg,
    "_operator.sub": operator.sub,
}
"""Arithmetic on sizes, as a dynamic batch axis brings it."""
_LARGEST_SIZE = 1 << 40
_DECOMPOSED = " (in a decomposed program; as torch.export.export returns it, it may compile)"


def read_program(
    program: Program, weights: Weights, builder: GraphBuilder, options: ImportOptions, digest: str
) -> Graph:
    """Return the graph of an exported program, made with an empty ``builder``.

    Raises ModelError for a program that contradicts itself, UnsupportedError naming everything without a C kernel.
    """
    cap(len(program.graph_module.graph.nodes), options.limits.nodes, "the number of nodes", builder.where)
    walk = _Walk(program, weights, builder, options)
    try:
        for node in program.graph_module.graph.nodes:
            walk.node(node)
        return walk.finish(Source("torch.export", digest))
    except (ModelError, GraphError):
        # What follows from a refused layer must not hide that it was refused.
        walk.builder.raise_refusals()
        raise


class _Walk:
    """The program as it is read, call by call."""

    def __init__(self, program: Program, weights: Weights, builder: GraphBuilder, options: ImportOptions) -> None:
        self.builder, self.memory = builder, Memory()
        self.net = Network(builder, options)
        self.program = program.graph_module
        self.decomposed = bool(program.verifiers) and "TRAINING" not in program.verifiers
        self.inputs = InputReader(self.program, weights, self.net, self.memory)
        self.inputs.read()

    def node(self, node: Node) -> None:
        """Read one call; what has no kernel is noted, and its outputs take the shapes the file declares."""
        name = operator_name(node.target)
        if name.removeprefix("aten.").partition(".")[0] in CHECKS:
            return
        outputs = output_names(node.outputs)
        self.net.begin(node_name(node, outputs))
        try:
            self._run(node, name, outputs)
        except Refused as refused:
            hint = _DECOMPOSED if self.decomposed else ""
            self.builder.refuse(f"{layer_of(node, outputs)}: {name[:80]}: {refused}{hint}")
            self._stand_in(outputs)

    def _run(self, node: Node, name: str, outputs: list[str]) -> None:
        if name in _SIZES or name in ("aten.sym_size.int", "aten.sym_numel.default"):
            self._define(outputs[0] if outputs else "", self._size(node, name))
            return
        read = reader(name.removeprefix("aten.")) if name.startswith("aten.") else None
        if read is None:
            raise Refused(_without_kernel(name))
        arguments = self._arguments(node)
        where = f"{self.builder.where}: {layer_of(node, outputs)}: {name[:80]}"
        made = read(self.net, Call(name.removeprefix("aten."), where, arguments))
        self._bind(node, name, outputs, made)

    def _arguments(self, node: Node) -> dict[str, Given]:
        return {one.name: argument_value(one.arg, self._read) for one in node.inputs}

    def _read(self, name: str) -> Value | int:
        if name not in self.memory:
            raise ModelError(
                f"{self.builder.where}: '{name[:80]}' is read before it is made, or is an output not computed"
            )
        return self.memory.read(name)

    def _size(self, node: Node, name: str) -> int:
        arguments = self._arguments(node)
        call = Call(name, f"{self.builder.where}: {name}", arguments)
        if name.startswith("aten."):
            shape = shape_of(call.tensor("self"))
            return int(np.prod(shape)) if "numel" in name else shape[call.axis("dim", max(len(shape), 1))]
        numbers = [one for one in arguments.values() if isinstance(one, int)]
        try:
            size = _SIZES[name](*numbers)
        except (TypeError, ZeroDivisionError) as error:
            raise ModelError(f"{self.builder.where}: {name} of {numbers[:4]} ({error})") from error
        cap(abs(size), _LARGEST_SIZE, "a size", self.builder.where)
        return size

    def _bind(self, node: Node, name: str, outputs: list[str], made: Made) -> None:
        values = made if isinstance(made, tuple) else (made,)
        if len(values) != len(outputs):
            raise ModelError(
                f"{self.builder.where}: {name[:80]} makes {len(values)} tensors, the file names {len(outputs)}"
            )
        first = _first_tensor(node)
        shared = first if name.removeprefix("aten.").partition(".")[0].removesuffix("_") in SHARED_MEMORY else None
        in_place = is_in_place(name.removeprefix("aten."))
        for output, value in zip(outputs, values, strict=True):
            if value is not None and output:
                self._check_declared(output, value)
                self._define(output, value, first if in_place else shared)
        if in_place:
            self._overwrite(name, first, outputs[0], values[0])

    def _overwrite(self, name: str, target: str | None, output: str, value: Value | None) -> None:
        before = self._read(target) if target is not None else None
        if target is None or value is None or before is None or isinstance(before, int):
            raise ModelError(f"{self.builder.where}: {name[:80]} overwrites nothing")
        if shape_of(before) != shape_of(value):
            raise ModelError(f"{self.builder.where}: {name[:80]} writes {shape_of(value)} over {shape_of(before)}")
        self.memory.overwrite(target, value)
        if output:
            self.memory.refresh(output)

    def _define(self, name: str, value: Value | int, shares_with: str | None = None) -> None:
        if name in self.memory:
            raise ModelError(f"{self.builder.where}: '{name[:80]}' is made twice")
        self.memory.define(name, value, shares_with)

    def _check_declared(self, name: str, value: Value) -> None:
        """What the file says about a tensor's shape and type must be what the operators make of it."""
        meta = self.program.graph.tensor_values.get(name)
        if meta is None:
            return
        if isinstance(value, Variable) and meta.dtype != FLOAT:
            raise Refused(f"makes {type_name(meta.dtype)}. Supported: float32")
        declared, found = [self.inputs.dimension(one) for one in meta.sizes], shape_of(value)
        fits = len(declared) == len(found)
        if not fits or any(a is not None and a != b for a, b in zip(declared, found, strict=True)):
            raise ModelError(f"{self.builder.where}: '{name[:80]}' has shape {found}, the file declares {declared}")

    def _stand_in(self, outputs: list[str]) -> None:
        """Go on after a refusal with inputs of the declared shapes, so that all refusals come at once."""
        for name in outputs:
            meta = self.program.graph.tensor_values.get(name)
            if name and name not in self.memory and meta is not None:
                self.memory.define(name, self.inputs.stand_in(name, meta))

    def finish(self, source: Source) -> Graph:
        """Return the graph once outputs and the buffers that the module updates are known."""
        outputs = []
        for index, spec in enumerate(self.program.signature.output_specs):
            try:
                outputs += self._output(index, spec)
            except Refused as refused:
                self.builder.refuse(f"output {index}: {refused}")
        self.inputs.carry_buffers()
        self.builder.raise_refusals()
        if not outputs:
            raise ModelError(f"{self.builder.where}: the program has no output that depends on its input")
        return self.builder.finish(outputs, source)

    def _output(self, index: int, spec: OutputSpec) -> list[str]:
        if spec.user_output is None:
            if spec.buffer_mutation is None and spec.user_input_mutation is None:
                raise Refused("of a kind that is not read")
            return []
        given = argument_value(spec.user_output.arg, self._read)
        if given is None:
            return []
        if not isinstance(given, Variable):
            raise Refused("does not depend on the input; leave it out of what forward returns")
        return [given.name]


def _first_tensor(node: Node) -> str | None:
    tensors = [one.arg.as_tensor.name for one in node.inputs[:1] if one.arg.as_tensor is not None]
    return tensors[0] if tensors else None


def _without_kernel(name: str) -> str:
    if "higher_order" in name:
        return "control flow; write it without branches or loops that depend on values"
    if not name.startswith("aten."):
        return "a custom operator; write it with torch's own"
    return "no C kernel"
