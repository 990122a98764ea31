"""Small models through the real converter, and what the real interpreter answers: for the tests of the importer."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import numpy.typing as npt
import tensorflow as tf

Values = npt.NDArray[Any]
REFERENCE = tf.lite.experimental.OpResolverType.BUILTIN_REF
PLAIN = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
"""The optimised kernels: for float models, since the reference ones lack ELU."""


def function(compute: Callable[..., Any], *shapes: tuple[int, ...]) -> Any:
    """Return a concrete function of float32 inputs of fixed shapes."""
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    return tf.function(compute, autograph=False).get_concrete_function(*specs)


def keras_function(model: Any) -> Any:
    """Return a Keras model's concrete function, its batch fixed to 1; it keeps the model, whose variables it needs."""
    shapes = [(1, *one.shape[1:]) for one in model.inputs]
    concrete = function(lambda *x: model(list(x) if len(x) > 1 else x[0], training=False), *shapes)
    concrete.model = model
    return concrete


def convert(concrete: Any, kind: str = "float") -> bytes:
    """Return the flatbuffer of a concrete function.

    ``kind`` is float, dynamic (int8 weights), float16 (weights), int8, or int8_float_io.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    if kind != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind.startswith("int8"):
        shapes = [tuple(tensor.shape) for tensor in concrete.inputs if tensor.dtype == tf.float32]
        converter.representative_dataset = lambda: _samples(shapes)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if kind == "int8":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _samples(shapes: list[tuple[int, ...]]) -> Any:
    rng = np.random.default_rng(1)
    for _ in range(30):
        yield [rng.uniform(-1.0, 1.0, shape).astype(np.float32) for shape in shapes]


def interpret(content: bytes, rows: Values, batched: bool = False, kernels: Any = PLAIN, reset: bool = True) -> Values:
    """Return the interpreter's outputs (steps, out) for inputs (steps, in), flat and in the model's order.

    ``batched`` resizes the one input to all rows at once, for models whose layers take any batch; without ``reset``
    state tensors live on from row to row.
    """
    interpreter = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=kernels)
    inputs = interpreter.get_input_details()
    if batched:
        (detail,) = inputs
        interpreter.resize_tensor_input(detail["index"], (len(rows), *detail["shape"][1:]))
    interpreter.allocate_tensors()
    outputs = [one["index"] for one in interpreter.get_output_details()]
    if batched:
        shape = (len(rows), *inputs[0]["shape"][1:])
        interpreter.set_tensor(inputs[0]["index"], rows.reshape(shape).astype(inputs[0]["dtype"]))
        interpreter.invoke()
        return np.concatenate([interpreter.get_tensor(i).reshape(len(rows), -1) for i in outputs], axis=1)
    found = []
    for row in rows:
        if reset:
            interpreter.reset_all_variables()
        found.append(_once(interpreter, inputs, outputs, row))
    return np.array(found)


def _once(interpreter: Any, inputs: list[Any], outputs: list[int], row: Values) -> Values:
    at = 0
    for one in inputs:
        count = int(np.prod(one["shape"]))
        interpreter.set_tensor(one["index"], row[at : at + count].reshape(one["shape"]).astype(one["dtype"]))
        at += count
    interpreter.invoke()
    return np.concatenate([interpreter.get_tensor(i).ravel() for i in outputs])


def save(folder: Path, name: str, content: bytes) -> Path:
    """Write a model file and return its path."""
    path = folder / f"{name}.tflite"
    path.write_bytes(content)
    return path
