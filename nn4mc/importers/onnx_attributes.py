"""The attributes of an ONNX node as Python values."""

from collections.abc import Callable, Mapping
from typing import Any

from nn4mc.errors import ModelError
from nn4mc.importers.onnx_file import array_of
from nn4mc.importers.onnx_package import onnx
from nn4mc.importers.onnx_site import AttributeValue, Refusal, Workshop

_TYPE = onnx.AttributeProto


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


_SIMPLE: Mapping[int, Callable[[Any], AttributeValue]] = {
    _TYPE.FLOAT: lambda one: float(one.f),
    _TYPE.INT: lambda one: int(one.i),
    _TYPE.STRING: lambda one: _text(one.s),
    _TYPE.FLOATS: lambda one: tuple(float(f) for f in one.floats),
    _TYPE.INTS: lambda one: tuple(int(i) for i in one.ints),
    _TYPE.STRINGS: lambda one: tuple(_text(s) for s in one.strings),
}


def attributes_of(node: onnx.NodeProto, workshop: Workshop) -> Mapping[str, AttributeValue]:
    """Return a node's attributes by name; Refusal for one that holds a graph or a sparse tensor."""
    found: dict[str, AttributeValue] = {}
    for one in node.attribute:
        where = f"{workshop.where}: node '{node.name[:80]}' ({node.op_type[:80]}), attribute '{one.name[:80]}'"
        if one.name in found:
            raise ModelError(f"{where} is given twice")
        if one.type in _SIMPLE:
            found[one.name] = _SIMPLE[one.type](one)
        elif one.type == _TYPE.TENSOR:
            found[one.name] = array_of(one.t, where, workshop.limits)
        else:
            raise Refusal(f"node '{node.name[:80]}' ({node.op_type[:80]}): attribute {one.name[:80]} is not read")
    return found
