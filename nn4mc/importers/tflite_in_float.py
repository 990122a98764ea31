"""Builtins of int8 without an integer kernel here: dequantised, computed in float32, and quantised again.

Where the scales are the same (maximum, minimum) that is exact; elsewhere the result is nearer to the real one than the
interpreter's, which rounds in between, and may lie a step from it.
"""

from collections.abc import Callable

from nn4mc.importers import tflite_elementwise, tflite_products
from nn4mc.importers.tflite_int8 import meaning, scale_of
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading
from nn4mc.ir import FLOAT32, INT8

_NAMES = (
    "MAXIMUM",
    "MINIMUM",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "SUM",
    "DIV",
    "SQUARED_DIFFERENCE",
    "L2_NORMALIZATION",
    "LOG_SOFTMAX",
    "BATCH_MATMUL",
    "PRELU",
)
_FLOAT = {**tflite_elementwise.READERS, **tflite_products.READERS}


def _in_float(reading: Reading, one: TfliteOperator) -> str:
    """Read an operator as if its int8 inputs were float32, and quantise what it makes."""
    output = reading.output(one)
    scale, zero = scale_of(output)
    real = {}
    for position, index in enumerate(one.inputs):
        if index not in real and reading.is_computed(one, position) and reading.tensor(one, position).kind == "INT8":
            own_scale, own_zero = scale_of(reading.tensor(one, position))
            attributes = {"scale": own_scale, "zero_point": own_zero}
            real[index] = reading.node("dequantize", [reading.name(one, position)], attributes, FLOAT32)
    before = reading.replace(real)
    try:
        made = _FLOAT[one.code](reading, one)
    finally:
        reading.replace(before)
    return reading.node("quantize", [made], {"scale": scale, "zero_point": zero}, INT8, meaning(output))


READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = dict.fromkeys(_NAMES, _in_float)
