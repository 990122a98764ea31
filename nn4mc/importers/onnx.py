"""ONNX models: read as protobuf, checked, and built node by node; what needs no input is computed while reading.

Only the protobuf is read: no file that it names, and no code. An operator without a reader of its own that ONNX
defines by others, such as Attention, is read as these.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import cap
from nn4mc.importers.onnx_attributes import attributes_of
from nn4mc.importers.onnx_constants import EVALUATORS
from nn4mc.importers.onnx_file import array_of, check_well_formed, content_of, first_line, opset_of, parse
from nn4mc.importers.onnx_functions import body, definition, is_defined, schema_of
from nn4mc.importers.onnx_interface import check_float32, input_shapes
from nn4mc.importers.onnx_nodes import READERS
from nn4mc.importers.onnx_package import onnx
from nn4mc.importers.onnx_site import Made, Refusal, Site, Value, Workshop
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Graph, Source


@dataclass(frozen=True)
class _Refused:
    """Stands for the outputs of a node that was refused, so that what follows it is not reported as well."""


_REFUSED = _Refused()
_Scope = dict[str, Value | _Refused | None]


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read an ONNX model (opset 13 and newer, float32 in and out) into a graph.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming all nodes without a kernel,
    ToolMissingError when the package onnx is not installed.
    """
    where = str(path)
    content = content_of(path, options.limits)
    model = parse(content, where, options.limits)
    opset = opset_of(model, where)
    if all(schema_of(node, opset) is not None and _no_kernel(node, opset) is None for node in model.graph.node):
        check_well_formed(model, where)
    builder = GraphBuilder(name, where)
    walk = _Walk(Workshop(builder, options))
    scope = _opening_scope(model, builder, walk.workshop)
    nodes = _needed(model.graph.node, [output.name for output in model.graph.output])
    walk.read_all(nodes, scope, opset, {output.name for output in model.graph.output})
    outputs = _outputs(model, scope, walk.workshop)
    graph = builder.finish(outputs, Source("onnx", hashlib.sha256(content).hexdigest()))
    _check_outputs_computed(graph, where)
    return graph


def _opening_scope(model: onnx.ModelProto, builder: GraphBuilder, workshop: Workshop) -> _Scope:
    """Return the values there are before the first node: inputs and initialisers."""
    scope: _Scope = {"": None}
    for name, shape in input_shapes(model, builder.where, workshop.options).items():
        scope[name] = builder.input(name, shape)
    for tensor in model.graph.initializer:
        scope[tensor.name] = array_of(tensor, builder.where, workshop.limits)
    return scope


def _outputs(model: onnx.ModelProto, scope: _Scope, workshop: Workshop) -> list[str]:
    workshop.builder.raise_refusals()
    found = []
    for output in model.graph.output:
        check_float32(output, workshop.where, "output")
        value = scope.get(output.name)
        if value is None or isinstance(value, _Refused):
            raise ModelError(f"{workshop.where}: no node makes the output '{output.name[:80]}'")
        if not isinstance(value, str):
            raise UnsupportedError(f"{workshop.where}: output '{output.name[:80]}' depends on no input of the model")
        found.append(value)
    return found


def _check_outputs_computed(graph: Graph, where: str) -> None:
    """Raise UnsupportedError for an output that nodes make of constants alone."""
    computed = {*graph.inputs, *(state.before for state in graph.states)}
    for node in graph.nodes:
        if not computed.isdisjoint(node.inputs):
            computed.update(node.outputs)
    for name in graph.outputs:
        if name not in computed:
            raise UnsupportedError(f"{where}: output '{name[:80]}' depends on no input of the model")


def _needed(nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """Return the nodes that some output depends on, in their order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(filter(None, node.output)):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


@dataclass(frozen=True)
class _Walk:
    """Reads nodes in order, into a scope of values by name."""

    workshop: Workshop

    def read_all(
        self, nodes: Sequence[onnx.NodeProto], scope: _Scope, opset: int, outputs: set[str], depth: int = 0
    ) -> None:
        """Read nodes; what one makes is used when another reads it or it is among ``outputs``."""
        cap(depth, self.workshop.limits.depth, "the depth of operators defined by operators", self.workshop.where)
        used = outputs.union(*(node.input for node in nodes)) - {""}
        for node in nodes:
            made = self._read_or_refuse(node, scope, opset, used, depth)
            if len(made) < sum(1 for name in node.output if name in used):
                raise ModelError(f"{self.workshop.where}: {_label(node)} has more outputs than it makes")
            scope.update((name, value) for name, value in zip(node.output, made, strict=False) if name)

    def _read_or_refuse(
        self, node: onnx.NodeProto, scope: _Scope, opset: int, used: set[str], depth: int
    ) -> Sequence[Value | _Refused | None]:
        builder = self.workshop.builder
        refused = [_REFUSED] * len(node.output)
        why = _no_kernel(node, opset)
        if why is not None:
            builder.refuse(f"{_label(node)}: {why}")
            return refused
        inputs = [self._lookup(scope, name, node) for name in node.input]
        if any(isinstance(one, _Refused) for one in inputs):
            return refused
        try:
            given = [one for one in inputs if not isinstance(one, _Refused)]
            attributes = attributes_of(node, self.workshop)
            name = node.name or next(filter(None, node.output), node.op_type)
            site = Site(self.workshop, name, node.op_type, given, attributes, [one in used for one in node.output])
            return self._read(node, site, opset, depth)
        except Refusal as refusal:
            builder.refuse(str(refusal))
            return refused

    def _read(self, node: onnx.NodeProto, site: Site, opset: int, depth: int) -> Sequence[Value | _Refused | None]:
        known = bool(site.inputs) and not any(isinstance(one, str) for one in site.inputs)
        read = EVALUATORS.get(node.op_type) if known else None
        read = read or READERS.get(node.op_type)
        if read is None:
            return self._defined(node, site, opset, depth)
        made = _guarded(site, read)
        return made if isinstance(made, tuple) else (made,)

    def _defined(self, node: onnx.NodeProto, site: Site, opset: int, depth: int) -> Sequence[Value | _Refused | None]:
        """Read an operator as those that ONNX defines it by."""
        function = definition(node, opset, site)
        if function is None:
            raise site.refusal("has a reader for constant inputs only, and these depend on an input of the model")
        missing = [None] * (len(function.input) - len(site.inputs))
        inner: _Scope = {"": None, **dict(zip(function.input, (*site.inputs, *missing), strict=False))}
        formal = [name for name, used in zip(function.output, site.used, strict=False) if used]
        nodes = _needed(body(function, node, opset), formal)
        versions = [one.version for one in function.opset_import if not one.domain]
        self.read_all(nodes, inner, versions[0] if versions else opset, set(formal), depth + 1)
        return [inner.get(name) for name in function.output]

    def _lookup(self, scope: _Scope, name: str, node: onnx.NodeProto) -> Value | _Refused | None:
        if name not in scope:
            raise ModelError(
                f"{self.workshop.where}: {_label(node)} reads '{name[:80]}', which nothing before it makes"
            )
        return scope[name]


def _label(node: onnx.NodeProto) -> str:
    name = node.name or next(filter(None, node.output), "")
    return f"node '{name[:80]}' ({node.op_type[:80]})"


def _no_kernel(node: onnx.NodeProto, opset: int) -> str | None:
    """Return why a node cannot be read whatever its inputs are, or None."""
    if node.domain not in ("", "ai.onnx"):
        return f"operators of the domain '{node.domain[:80]}' have no kernels"
    if any(one.HasField("g") or one.graphs for one in node.attribute):
        return "graphs inside a node (If, Loop, Scan) have no kernel. Export with fixed sizes and without branches."
    if node.op_type in READERS or node.op_type in EVALUATORS or is_defined(node, opset):
        return None
    return "no such operator has a kernel"


def _guarded(site: Site, read: Callable[[Site], Made]) -> Made:
    """Read one node; what numpy raises on sizes that do not fit becomes a ModelError naming the node."""
    try:
        with np.errstate(all="ignore"):
            return read(site)
    except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError, MemoryError) as error:
        raise site.fault(first_line(error)) from error
