"""Operators that ONNX defines by simpler ones; the definitions are the installed onnx', never the model's."""

from collections.abc import Sequence
from typing import Any

from nn4mc.importers.onnx_package import onnx
from nn4mc.importers.onnx_site import Site, Value


def schema_of(node: onnx.NodeProto, opset: int) -> Any:
    """Return ONNX' schema of a node's operator at an opset, or None for one that it does not know.

    Untyped: what onnx declares of its schemas' functions is incomplete.
    """
    try:
        return onnx.defs.get_schema(node.op_type, opset, "")
    except (onnx.defs.SchemaError, TypeError):  # TypeError: a name that is not UTF-8
        return None


def is_defined(node: onnx.NodeProto, opset: int) -> bool:
    """Whether ONNX defines a node's operator by others."""
    schema = schema_of(node, opset)
    return schema is not None and bool(schema.has_function or schema.has_context_dependent_function)


def definition(node: onnx.NodeProto, opset: int, site: Site) -> onnx.FunctionProto | None:
    """Return the nodes an operator stands for, or None when ONNX defines it by itself alone."""
    schema = schema_of(node, opset)
    if schema is None:
        return None
    if schema.has_function:
        function: onnx.FunctionProto = schema.function_body
        return function
    versions = [one for one in schema.context_dependent_function_opset_versions if one <= opset]
    if not versions:
        return None
    types = [_type_of(site, value).SerializeToString() for value in site.inputs]
    content = schema.get_context_dependent_function_with_opset_version(max(versions), node.SerializeToString(), types)
    function = onnx.FunctionProto()
    function.ParseFromString(content)
    return function if function.node else None


def _type_of(site: Site, value: Value | None) -> onnx.TypeProto:
    if value is None:
        return onnx.TypeProto()
    elem = onnx.TensorProto.FLOAT if isinstance(value, str) else onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
    return onnx.helper.make_tensor_type_proto(elem, list(site.shape_of(value)))


def body(function: onnx.FunctionProto, node: onnx.NodeProto, opset: int) -> Sequence[onnx.NodeProto]:
    """Return a function's nodes with the attributes of ``node``, or their defaults, put in."""
    schema = schema_of(node, opset)
    defaults = [one.default_value for one in schema.attributes.values()] if schema is not None else []
    given = {one.name: one for one in (*defaults, *function.attribute_proto, *node.attribute) if one.name}
    return [_written_out(inner, node, given) for inner in function.node]


def _written_out(inner: onnx.NodeProto, node: onnx.NodeProto, given: dict[str, onnx.AttributeProto]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(inner)
    del copy.attribute[:]
    for attribute in inner.attribute:
        if not attribute.ref_attr_name:
            copy.attribute.append(attribute)
        elif attribute.ref_attr_name in given:
            named = onnx.AttributeProto()
            named.CopyFrom(given[attribute.ref_attr_name])
            named.name = attribute.name
            copy.attribute.append(named)
    copy.name = f"{node.name or node.op_type}_{inner.op_type}"
    return copy
