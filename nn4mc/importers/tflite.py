"""TensorFlow Lite models: float32, float16 and dynamic-range weights, and fully quantised int8.

The flatbuffer is read as data (tflite_flatbuffer, tflite_model); each builtin operator has one reader in a table here.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from nn4mc.errors import GraphError, ModelError, UnsupportedError
from nn4mc.gate import check
from nn4mc.importers import (
    tflite_blocks,
    tflite_elementwise,
    tflite_folding,
    tflite_in_float,
    tflite_int8,
    tflite_products,
    tflite_recurrent,
    tflite_select,
    tflite_shapes,
    tflite_tables,
)
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.tflite_model import TfliteOperator, TfliteTensor, read_model
from nn4mc.importers.tflite_reading import GRAPH_TYPES, Reading, Refusal, check_shape
from nn4mc.ir import FLOAT32, INT8, Graph, Quantization, Source

Reader = Callable[[Reading, TfliteOperator], str | None]

FLOAT_READERS: Mapping[str, Reader] = {
    **tflite_products.READERS,
    **tflite_elementwise.READERS,
    **tflite_shapes.READERS,
    **tflite_blocks.READERS,
    **tflite_recurrent.READERS,
    **tflite_select.READERS,
    **tflite_int8.CONVERSIONS,
}
"""What reads each builtin operator of float32."""
INT8_READERS: Mapping[str, Reader] = {
    **tflite_in_float.READERS,
    **tflite_shapes.READERS,
    **tflite_blocks.READERS,
    **tflite_int8.READERS,
    **tflite_tables.READERS,
    **tflite_int8.CONVERSIONS,
}
"""What reads each builtin operator of int8."""

ADVICE: Mapping[str, str] = {
    "WHILE": "loops have no C kernel. Convert Keras recurrent layers with unroll=True, or import the .keras file.",
    "IF": "branches have no C kernel. Remove the condition before converting.",
    "CALL_ONCE": "initialisers have no C kernel. Convert a model without variables (stateful=False).",
    "VAR_HANDLE": "variables have no C kernel. Convert a model without variables (stateful=False).",
    "READ_VARIABLE": "variables have no C kernel. Convert a model without variables (stateful=False).",
    "ASSIGN_VARIABLE": "variables have no C kernel. Convert a model without variables (stateful=False).",
    "CUSTOM": "custom operators have no C kernel. Convert with the builtin operators only (TFLITE_BUILTINS).",
}
"""What to do about builtin operators that are not read; those neither here nor in a table have no C kernel."""
_INT8_ADVICE = "has no C kernel of int8; keep this part float32, or import the .keras file"
_TYPE_ADVICE = {
    "UINT8": "convert with int8: converter.inference_input_type = tf.int8",
    "INT16": "16-bit activations have no C kernel; convert with 8-bit ones",
}


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read a .tflite file into a graph; inputs and outputs are those of its main subgraph, in the file's order.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming every operator without a C kernel.
    """
    data = path.read_bytes()
    model = read_model(data, str(path), options.limits)
    builder = GraphBuilder(name, str(path))
    reading = Reading(model, builder, options.limits, options.stateful)
    for index in model.inputs:
        _declare(reading, model.tensors[index])
    for one in model.operators:
        _take(reading, one)
    outputs = [_output(reading, model.tensors[index]) for index in model.outputs]
    graph = builder.finish(outputs, Source("tflite", hashlib.sha256(data).hexdigest()))
    if model.subgraphs > 1:
        raise UnsupportedError(
            f"{path}: {model.subgraphs} subgraphs, of which one is read. Convert one signature alone."
        )
    if options.stateful and not graph.states:
        raise UnsupportedError(f"{path}: --stateful, but no operator of the model carries a state. Leave it out.")
    _check_interface(graph, path)
    return graph


def _declare(reading: Reading, tensor: TfliteTensor) -> None:
    """Declare a model input; what cannot be one is refused and stands in as float32, so that all faults are found."""
    label = f"input '{tensor.name[:80]}'"
    if reading.known(tensor.index) is not None or tensor.index in reading.constants:
        raise ModelError(f"{reading.builder.where}: {label} is listed twice, or is a constant")
    if any(axis > 0 for axis in tensor.free_axes):
        reading.builder.refuse(f"{label}: axes of unknown size {tensor.free_axes}. Convert with a fixed input shape.")
    check_shape(tensor.shape, reading.limits, tensor.where)
    kind = GRAPH_TYPES.get(tensor.kind)
    if kind is None:
        advice = _TYPE_ADVICE.get(tensor.kind, "supported are FLOAT32 and INT8")
        reading.builder.refuse(f"{label} is {tensor.kind}: {advice}")
    meaning: Quantization | None = tflite_int8.meaning(tensor) if kind == INT8 else None
    given = tensor.name[:80] or f"input_{tensor.index}"
    reading.declare(tensor.index, reading.builder.input(given, tensor.shape, kind or FLOAT32, meaning))


def _take(reading: Reading, one: TfliteOperator) -> None:
    """Add one operator to the graph; what it makes stands in as an input where it has no C kernel."""
    label = f"operator {one.index} {one.code} ('{reading.output(one).name[:80]}')"
    reading.start(one)
    try:
        _read(reading, one)
    except Refusal as refusal:
        reading.builder.refuse(f"{label}: {refusal}")
        _skip(reading, one)
    except ModelError:
        reading.builder.raise_refusals()  # an operator behind one that was refused may not fit its stand-in
        raise


def _read(reading: Reading, one: TfliteOperator) -> None:
    if tflite_folding.fold(reading, one):
        return
    kinds = [reading.model.tensors[i].kind for i in one.inputs if reading.known(i) is not None]
    quantised = (kinds or [reading.output(one).kind])[0] == "INT8"
    reader = (INT8_READERS if quantised else FLOAT_READERS).get(one.code)
    if reader is None:
        raise Refusal(_advice(one))
    made = reader(reading, one)
    if made is not None:
        reading.put(one, made)


def _advice(one: TfliteOperator) -> str:
    return _INT8_ADVICE if one.code in FLOAT_READERS else ADVICE.get(one.code.split()[0], "has no C kernel")


def _skip(reading: Reading, one: TfliteOperator) -> None:
    """Declare what a refused operator would make, so that those behind it can be read."""
    for position, index in enumerate(one.outputs):
        tensor = reading.output(one, position)
        if reading.known(index) is None and index not in reading.constants:
            kind = GRAPH_TYPES.get(tensor.kind, FLOAT32)
            reading.declare(index, reading.builder.input(reading.label("missing"), tensor.shape, kind))


def _output(reading: Reading, tensor: TfliteTensor) -> str:
    if tensor.kind not in GRAPH_TYPES:
        advice = _TYPE_ADVICE.get(tensor.kind, "supported are FLOAT32 and INT8")
        reading.builder.refuse(f"output '{tensor.name[:80]}' is {tensor.kind}: {advice}")
    name = reading.known(tensor.index)
    if name is None:
        reading.builder.raise_refusals()
        raise ModelError(f"{reading.builder.where}: output '{tensor.name[:80]}' does not depend on an input")
    return name


def _check_interface(graph: Graph, path: Path) -> None:
    """Raise UnsupportedError for inputs or outputs of mixed types, ModelError when the graph is not sound."""
    for what, names in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        types = sorted({graph.tensors[name].dtype for name in names})
        if len(types) > 1:
            raise UnsupportedError(f"{path}: {what} are of types {', '.join(types)}. Convert with one type for all.")
    _check_live(graph, path)
    try:
        check(graph, "loading")
    except GraphError as error:
        raise ModelError(f"{path}: {error}") from error


def _check_live(graph: Graph, path: Path) -> None:
    """Raise ModelError when an output is the same whatever the inputs."""
    live = {*graph.inputs, *(state.before for state in graph.states)}
    for node in graph.nodes:
        if not live.isdisjoint(node.inputs):
            live.update(node.outputs)
    for name in graph.outputs:
        if name not in live:
            raise ModelError(f"{path}: output '{name[:80]}' does not depend on an input")
