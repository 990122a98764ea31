"""The inputs of an ONNX model: float32 tensors, with symbolic sizes settled."""

import re
from math import prod

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.limits import cap
from nn4mc.importers.onnx_file import type_name
from nn4mc.importers.onnx_package import onnx
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Shape

_TIME = re.compile(r"seq|time|len|step|frame|window|^[tl]$", re.IGNORECASE)
_BATCH = re.compile(r"batch|^n$|^b$", re.IGNORECASE)


def input_shapes(model: onnx.ModelProto, where: str, options: ImportOptions) -> dict[str, Shape]:
    """Return the shape of every input that is not an initialiser, in order.

    A symbolic size is 1 when it is the first one of an input or named like a batch, unless its name speaks of time;
    stateful models take one step, so that theirs are all 1. Raises ModelError for the others, with what to do.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in stored]
    batches = {name for one in inputs for name in _first_name(one) if not _TIME.search(name)}
    shapes: dict[str, Shape] = {}
    for one in inputs:
        shape = _shape(one, where, batches, options.stateful)
        cap(prod(shape), options.limits.tensor_values, f"the number of values of input '{one.name[:80]}'", where)
        shapes[one.name] = shape
    return shapes


def check_float32(value: onnx.ValueInfoProto, where: str, what: str) -> None:
    """Raise UnsupportedError unless an input or output is a float32 tensor."""
    kind = value.type.WhichOneof("value")
    found = type_name(value.type.tensor_type.elem_type) if kind == "tensor_type" else f"a {kind}"
    if found != "FLOAT":
        raise UnsupportedError(f"{where}: {what} '{value.name[:80]}' is {found}, expected a float32 tensor (FLOAT)")


def _first_name(value: onnx.ValueInfoProto) -> list[str]:
    """Return the name of the first axis' size, if it has one."""
    return [dim.dim_param for dim in value.type.tensor_type.shape.dim[:1] if dim.dim_param]


def _shape(value: onnx.ValueInfoProto, where: str, batches: set[str], stateful: bool) -> Shape:
    check_float32(value, where, "input")
    if not value.type.tensor_type.HasField("shape"):
        raise ModelError(f"{where}: input '{value.name[:80]}' has no shape. Export with fixed sizes.")
    shape = []
    for axis, dim in enumerate(value.type.tensor_type.shape.dim):
        if dim.WhichOneof("value") == "dim_value":
            shape.append(dim.dim_value)
        elif stateful or _is_batch(axis, dim.dim_param, batches):
            shape.append(1)
        else:
            raise ModelError(
                f"{where}: input '{value.name[:80]}' has the symbolic size '{dim.dim_param[:80]}' on axis {axis}. "
                "Export with fixed sizes (torch: without dynamic_axes and dynamic_shapes), or fix it with "
                "onnx.tools.update_model_dims."
            )
    if min(shape, default=1) < 0:
        raise ModelError(f"{where}: input '{value.name[:80]}' has shape {tuple(shape)}, expected sizes of at least 1")
    if 0 in shape:
        raise UnsupportedError(f"{where}: input '{value.name[:80]}' is empty: its shape is {tuple(shape)}")
    return tuple(shape)


def _is_batch(axis: int, name: str, batches: set[str]) -> bool:
    if _TIME.search(name):
        return False
    return axis == 0 or name in batches or bool(_BATCH.search(name))
