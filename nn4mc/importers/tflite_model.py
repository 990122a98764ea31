"""A TensorFlow Lite file as plain data: the tensors and operators of its main subgraph."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import tflite_schema as schema
from nn4mc.importers.limits import Limits, cap, cap_elements
from nn4mc.importers.tflite_flatbuffer import Table, root
from nn4mc.ir import Quantization, Shape

_MOST_AXES = 8
_MOST_INPUTS = 256
"""Inputs or outputs of one operator, or of the model."""
_NO_OPTIONS = Table(b"\x04\x00\x04\x00\x04\x00\x00\x00", 4, {}, "no options")
"""A table that stores nothing: every option has its default."""


@dataclass(frozen=True)
class TfliteTensor:
    """A tensor of the file; ``data`` makes it a constant, ``kind`` is its type's name in the schema.

    ``where`` opens messages: the file and the place in it.
    """

    index: int
    name: str
    shape: Shape
    kind: str
    data: npt.NDArray[Any] | None
    quantization: Quantization | None
    free_axes: tuple[int, ...]
    where: str


@dataclass(frozen=True)
class TfliteOperator:
    """An operator of the file: its builtin name, tensors by index (-1 is an input left out), and its options."""

    index: int
    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table

    def option(self, name: str, kind: str = "b", default: float = 0) -> Any:
        """Return an option of a struct format, or its default; ModelError for NaN and Inf."""
        value = self.options.number(name, kind, default)
        if kind == "f" and not isfinite(value):
            raise ModelError(f"{self.options.where}: {name} is {value}")
        return value


@dataclass(frozen=True)
class TfliteModel:
    """The main subgraph: tensors by index, operators in the order they run, inputs and outputs by tensor index.

    ``subgraphs`` counts all there are: the others are loop bodies, or further signatures.
    """

    tensors: Mapping[int, TfliteTensor]
    operators: tuple[TfliteOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int


def read_model(data: bytes, where: str, limits: Limits) -> TfliteModel:
    """Read a file's bytes; ModelError, opening with ``where`` (the file), when it is damaged or over the limits."""
    model = root(data, schema.IDENTIFIER, schema.MODEL, where)
    version = model.number("version", "I")
    if version != schema.VERSION:
        raise ModelError(f"{where}: schema version {version}, expected {schema.VERSION}")
    subgraphs = model.tables("subgraphs", schema.SUBGRAPH, limits.nodes)
    if not subgraphs:
        raise ModelError(f"{where}: holds no subgraph")
    main = subgraphs[0]
    buffers = model.tables("buffers", schema.BUFFER, 4 * limits.nodes)
    codes = [_code(one) for one in model.tables("operator_codes", schema.OPERATOR_CODE, limits.nodes)]
    tensors = _tensors(main, buffers, limits)
    listed = main.tables("operators", schema.OPERATOR, limits.nodes)
    operators = tuple(_operator(i, one, codes, len(tensors)) for i, one in enumerate(listed))
    inputs = _indices(main, "inputs", len(tensors), 0)
    outputs = _indices(main, "outputs", len(tensors), 0)
    return TfliteModel(tensors, operators, inputs, outputs, len(subgraphs))


def _tensors(main: Table, buffers: list[Table], limits: Limits) -> dict[int, TfliteTensor]:
    """Return the tensors by index; their constants are views of the file, capped together as they come."""
    found: dict[int, TfliteTensor] = {}
    values = 0
    for index, table in enumerate(main.tables("tensors", schema.TENSOR, 4 * limits.nodes)):
        found[index] = _tensor(index, table, buffers, limits)
        data = found[index].data
        values += 0 if data is None else data.size
        cap(values, limits.parameters, "the number of constant values", main.where)
    return found


def _code(table: Table) -> str:
    """Return an operator's name; files older than schema 3a keep its number in one byte."""
    number = max(table.number("builtin_code", "i"), table.number("deprecated_builtin_code", "b"))
    if not 0 <= number < len(schema.BUILTIN_OPERATORS):
        return f"builtin operator {number}"
    name = schema.BUILTIN_OPERATORS[number]
    return f"CUSTOM '{table.text('custom_code')[:60]}'" if name == "CUSTOM" else name


def _indices(table: Table, name: str, count: int, least: int) -> tuple[int, ...]:
    stored = table.numbers(name, "<i4")
    cap(stored.size, _MOST_INPUTS, f"the number of {name}", table.where)
    found = tuple(stored.tolist())
    for i in found:
        if not least <= i < count:
            raise ModelError(f"{table.where}.{name}: tensor {i}, but there are {count}")
    return found


def _operator(index: int, table: Table, codes: list[str], tensors: int) -> TfliteOperator:
    number = table.number("opcode_index", "I")
    if number >= len(codes):
        raise ModelError(f"{table.where}: operator code {number}, but there are {len(codes)}")
    code = codes[number]
    options = table.table("builtin_options", schema.OPTIONS.get(code, {})) or _NO_OPTIONS
    options = Table(options.data, options.position, schema.OPTIONS.get(code, {}), f"{table.where} ({code})")
    inputs, outputs = _indices(table, "inputs", tensors, -1), _indices(table, "outputs", tensors, 0)
    if not outputs:
        raise ModelError(f"{table.where} ({code}): has no output")
    return TfliteOperator(index, code, inputs, outputs, options)


def _tensor(index: int, table: Table, buffers: list[Table], limits: Limits) -> TfliteTensor:
    kind = _kind(table)
    sizes = table.numbers("shape", "<i4")
    cap(len(sizes), _MOST_AXES, "the number of axes", table.where)
    shape = tuple(int(n) for n in sizes)
    if any(n < 0 for n in shape):
        raise ModelError(f"{table.where}: shape {shape} has a negative size")
    if table.has("sparsity") or table.number("external_buffer", "I"):
        raise UnsupportedError(f"{table.where}: sparse and external weights are not read. Convert without them.")
    cap_elements(shape, limits, table.where)
    signature = table.numbers("shape_signature", "<i4")
    free = tuple(i for i, n in enumerate(signature) if n < 0)
    data = _data(table, kind, shape, buffers)
    name = table.text("name")
    where = f"{table.where} ('{name[:80]}')"
    return TfliteTensor(index, name, shape, kind, data, _quantization(table, data), free, where)


def _kind(table: Table) -> str:
    number = table.number("type", "b")
    if not 0 <= number < len(schema.TENSOR_TYPES):
        raise ModelError(f"{table.where}: tensor type {number} is unknown")
    return schema.TENSOR_TYPES[int(number)]


def _data(table: Table, kind: str, shape: Shape, buffers: list[Table]) -> npt.NDArray[Any] | None:
    """Return a constant's values, or None for a tensor that is computed."""
    number = table.number("buffer", "I")
    if number >= len(buffers):
        raise ModelError(f"{table.where}: buffer {number}, but there are {len(buffers)}")
    if buffers[number].number("offset", "Q") > 1:
        raise UnsupportedError(f"{table.where}: weights outside the flatbuffer (a model over 2 GB) are not read")
    raw = buffers[number].numbers("data", "u1")
    if raw.size == 0 or kind not in schema.NUMPY_TYPES:
        return None
    dtype = np.dtype(schema.NUMPY_TYPES[kind])
    if raw.size != prod(shape) * dtype.itemsize:
        raise ModelError(
            f"{table.where}: {raw.size} bytes of data, expected {prod(shape) * dtype.itemsize} for {shape}"
        )
    return np.asarray(raw.view(dtype).reshape(shape))


def _quantization(table: Table, data: npt.NDArray[Any] | None) -> Quantization | None:
    """Return a tensor's scale and zero point, or those along one axis of a constant."""
    stored = table.table("quantization", schema.QUANTIZATION)
    scale = stored.numbers("scale", "<f4") if stored else np.zeros(0)
    if stored is None or scale.size == 0:
        return None
    zero = stored.numbers("zero_point", "<i8")
    axis = stored.number("quantized_dimension", "i")
    along = data.shape[axis] if data is not None and 0 <= axis < data.ndim else 1
    if scale.size not in (1, along):
        raise ModelError(f"{stored.where}: {scale.size} scales, expected 1 or {along}")
    if zero.size not in (0, 1, scale.size):
        raise ModelError(f"{stored.where}: {zero.size} zero points for {scale.size} scales")
    if not (np.isfinite(scale).all() and (scale >= 0.0).all()) or (np.abs(zero.astype(np.float64)) > 2**31).any():
        raise ModelError(f"{stored.where}: a scale or zero point is not a sensible number")
    if stored.number("details_type", "B"):
        raise UnsupportedError(f"{stored.where}: custom quantisation is not read")
    zeros = np.broadcast_to(zero if zero.size else np.zeros(1, np.int64), scale.shape)
    return Quantization(tuple(scale.tolist()), tuple(zeros.tolist()), axis if scale.size > 1 else None)
