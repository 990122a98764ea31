"""Reads an ONNX file as untrusted data: sizes capped before anything is decoded, no other file ever opened."""

from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.onnx_package import onnx

OLDEST_OPSET = 13
_DOMAINS = ("", "ai.onnx")
_FLOATS = ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16")
_READABLE = (*_FLOATS, "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "BOOL")


def type_name(elem_type: int) -> str:
    """Return the name of an ONNX element type, such as FLOAT; the number itself when it has none."""
    try:
        return str(onnx.TensorProto.DataType.Name(elem_type))
    except ValueError:
        return f"type {elem_type}"


def parse(content: bytes, where: str, limits: Limits) -> onnx.ModelProto:
    """Decode a model and check what needs no look at its operators.

    Raises ModelError when it is damaged, too large, or keeps data outside of the file; UnsupportedError for opsets
    and functions that are not read.
    """
    cap(len(content), limits.file_bytes, "the size in bytes", where)
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's DecodeError differs between its implementations
        raise ModelError(f"{where}: damaged or not ONNX ({first_line(error)})") from error
    cap(len(model.graph.node), limits.nodes, "the number of nodes", where)
    if not all(isinstance(text, str) for text in _names(model)):  # protobuf hands out bytes where it is not UTF-8
        raise ModelError(f"{where}: damaged: a name in it is not UTF-8")
    if not model.graph.output:
        raise ModelError(f"{where}: damaged or not ONNX (its graph has no output)")
    _check_initializers(model.graph, where, limits)
    if model.functions:
        names = ", ".join(sorted({function.name[:60] for function in model.functions})[:8])
        raise UnsupportedError(
            f"{where}: holds functions of its own ({names}). Write them out first: onnx.inliner.inline_local_functions."
        )
    return model


def opset_of(model: onnx.ModelProto, where: str) -> int:
    """Return the version of ONNX' own operators; UnsupportedError when it is not one of those read."""
    versions = {one.version for one in model.opset_import if one.domain in _DOMAINS}
    newest = onnx.defs.onnx_opset_version()
    if model.opset_import and not versions:
        domains = ", ".join(sorted({one.domain[:60] for one in model.opset_import})[:8])
        raise UnsupportedError(f"{where}: holds only operators of the domains {domains}, expected ai.onnx")
    if len(versions) != 1:
        raise ModelError(f"{where}: imports opsets {sorted(versions)} of ai.onnx, expected exactly one")
    version = int(versions.pop())
    if not OLDEST_OPSET <= version <= newest:
        raise UnsupportedError(
            f"{where}: opset {version}, expected {OLDEST_OPSET} to {newest} (the newest that the installed onnx "
            f"{onnx.__version__} knows). Export again with opset_version={newest if version > newest else 18}, or use "
            "onnx.version_converter."
        )
    return version


def check_well_formed(model: onnx.ModelProto, where: str) -> None:
    """Raise ModelError when onnx's own checker finds types, names or the order of nodes wrong.

    It wants a shape of every output, which nothing here needs: an output without one gets an empty one in ``model``.
    """
    del model.graph.value_info[:]
    for output in model.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            output.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # the checker raises its own and C++ exceptions under several names
        raise ModelError(f"{where}: not a valid ONNX model ({first_line(error)})") from error


def _names(model: onnx.ModelProto) -> Iterator[object]:
    graph = model.graph
    yield from (one.domain for one in model.opset_import)
    yield from (one.name for one in (*model.functions, *graph.initializer, *graph.input, *graph.output))
    yield from (one.values.name for one in graph.sparse_initializer)
    yield from (one.tensor_name for one in graph.quantization_annotation)
    yield from (dim.dim_param for one in graph.input for dim in one.type.tensor_type.shape.dim)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (one.name for one in node.attribute)


def _check_initializers(graph: onnx.GraphProto, where: str, limits: Limits) -> None:
    if graph.sparse_initializer:
        names = ", ".join(one.values.name[:60] for one in list(graph.sparse_initializer)[:8])
        raise UnsupportedError(f"{where}: sparse initialisers ({names}). Store them dense.")
    if graph.quantization_annotation:
        names = ", ".join(one.tensor_name[:60] for one in list(graph.quantization_annotation)[:8])
        raise UnsupportedError(f"{where}: quantised initialisers ({names}). Export the float32 model.")
    total = 0
    for tensor in graph.initializer:
        total += declared_size(tensor, where)
        cap(total, limits.parameters, "the number of parameters", where)


def declared_size(tensor: onnx.TensorProto, where: str) -> int:
    """Return how many elements a stored tensor declares, after refusing those that cannot be read safely."""
    what = f"{where}: tensor '{tensor.name[:80]}'"
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ModelError(
            f"{what} keeps its data in another file, which is not opened. Save it whole: torch.onnx.export(..., "
            "external_data=False), or onnx.save(onnx.load(old), new)."
        )
    if tensor.HasField("segment"):
        raise ModelError(f"{what} is stored in segments, which are not read")
    if type_name(tensor.data_type) not in _READABLE:
        raise UnsupportedError(f"{what} has type {type_name(tensor.data_type)}, expected one of {', '.join(_READABLE)}")
    if any(n < 0 for n in tensor.dims):
        raise ModelError(f"{what} has the negative size {min(tensor.dims)}")
    return prod(tensor.dims)


def array_of(tensor: onnx.TensorProto, where: str, limits: Limits) -> npt.NDArray[Any]:
    """Return a stored tensor's values; half-precision floats become float32. ModelError when it is damaged."""
    cap(declared_size(tensor, where), limits.parameters, f"the size of tensor '{tensor.name[:80]}'", where)
    try:
        values = np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, OverflowError, SystemError) as error:
        raise ModelError(f"{where}: tensor '{tensor.name[:80]}' is damaged ({first_line(error)})") from error
    if values.shape != tuple(tensor.dims):
        raise ModelError(f"{where}: tensor '{tensor.name[:80]}' holds {values.shape}, declared {tuple(tensor.dims)}")
    return values.astype(np.float32) if type_name(tensor.data_type) in ("FLOAT16", "BFLOAT16") else values


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's text, at most 200 characters; its class when it has none."""
    lines: Iterable[str] = (line for line in str(error).splitlines() if line.strip())
    return next(iter(lines), type(error).__name__)[:200]


def content_of(path: Path, limits: Limits) -> bytes:
    """Return a file's bytes, its size capped first."""
    cap(path.stat().st_size, limits.file_bytes, "the size in bytes", str(path))
    return path.read_bytes()
