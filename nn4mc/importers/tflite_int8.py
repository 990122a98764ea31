"""Quantised builtins: scales and zero points become the fixed-point factors of TensorFlow Lite's reference kernels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError
from nn4mc.fixed_point import INT8_MAX, INT8_MIN, quantize_multiplier, round_half_away
from nn4mc.importers.tflite_elementwise import reduced_axes
from nn4mc.importers.tflite_model import TfliteOperator, TfliteTensor
from nn4mc.importers.tflite_products import conv_weights, dense_input, dilations_of, window
from nn4mc.importers.tflite_reading import Reading, activation, real_values, refuse
from nn4mc.ir import FLOAT32, INT8, Attribute, Quantization
from nn4mc.ops.q_add import LEFT_SHIFT

Attributes = dict[str, Attribute]
_INT32_MAX = 2**31 - 1
_LARGEST_STEP = 255
"""The largest |x - zero_point|."""
_SCALES = (1e-12, 1e12)
"""What a scale can sensibly be; products and quotients of a few stay within float32."""
_BOUNDS = {"RELU": (0.0, None), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}


def scale_of(tensor: TfliteTensor) -> tuple[float, int]:
    """Return the one scale and zero point of an int8 tensor; ModelError when it has none that int8 can have."""
    found = tensor.quantization
    if found is None or len(found.scale) != 1:
        raise ModelError(f"{tensor.where}: is {tensor.kind} without one scale")
    if not _SCALES[0] <= found.scale[0] <= _SCALES[1] or not INT8_MIN <= found.zero_point[0] <= INT8_MAX:
        raise ModelError(f"{tensor.where}: scale {found.scale[0]:g}, zero point {found.zero_point[0]}")
    return found.scale[0], found.zero_point[0]


def meaning(tensor: TfliteTensor) -> Quantization:
    """Return what a tensor's integers stand for, checked."""
    scale, zero = scale_of(tensor)
    return Quantization((scale,), (zero,))


def factor(one: TfliteOperator, real: float) -> tuple[int, int]:
    """Return a real factor as (multiplier, shift); refuses what fixed-point arithmetic cannot hold."""
    try:
        return quantize_multiplier(real)
    except (ValueError, OverflowError) as error:
        raise ModelError(f"{one.options.where}: {error}") from error


def bounds(one: TfliteOperator, output: TfliteTensor, code: str | None = None) -> Attributes:
    """Return the int8 range that a fused activation leaves of an output."""
    scale, zero = scale_of(output)
    name = activation(one) if code is None else code
    if name == "NONE":
        return {"minimum": INT8_MIN, "maximum": INT8_MAX}
    if name not in _BOUNDS:
        refuse(f"fused activation {name} of int8 has no C kernel")
    low, high = _BOUNDS[name]
    step = _in_steps(low, scale, zero)
    return {
        "minimum": min(max(INT8_MIN, step), INT8_MAX),
        "maximum": INT8_MAX if high is None else max(INT8_MIN, min(INT8_MAX, _in_steps(high, scale, zero))),
    }


def _in_steps(real: float, scale: float, zero: int) -> int:
    steps = np.clip(np.float32(real) / np.float32(scale), np.float32(-1e6), np.float32(1e6))
    return zero + int(round_half_away(steps))


def _finish(reading: Reading, one: TfliteOperator, op: str, inputs: list[str], attributes: Attributes) -> str:
    return reading.node(op, inputs, attributes, INT8, meaning(reading.output(one)))


def _x(reading: Reading, one: TfliteOperator, position: int = 0) -> tuple[str, float, int]:
    """Return an int8 input with its scale and zero point."""
    tensor = reading.tensor(one, position)
    if tensor.kind != "INT8":
        refuse(f"{tensor.kind} meets int8 in one operator")
    return (reading.name(one, position), *scale_of(tensor))


def _layer(
    reading: Reading, one: TfliteOperator, weights: npt.NDArray[Any], scales: npt.NDArray[np.float64]
) -> tuple[list[str], Attributes]:
    """Return the constants of a dense layer or convolution (weights by output first), and its scaling.

    ``scales`` are those of the products x * w: one, or one an output channel.
    """
    channels = weights.shape[0]
    zero = _x(reading, one)[2]
    out_scale, out_zero = scale_of(reading.output(one))
    bias = _bias(reading, one, channels)
    sums = np.abs(weights.astype(np.int64)).reshape(channels, -1).sum(axis=1) * _LARGEST_STEP + np.abs(bias)
    if sums.size and sums.max() > _INT32_MAX:
        raise ModelError(f"{one.options.where}: its sums can leave int32 (up to {int(sums.max()):,})")
    factors = np.array([factor(one, real / out_scale) for real in scales.tolist()], np.int32).reshape(-1, 2)
    wide = np.broadcast_to(factors, (channels, 2)) if len(factors) == 1 else factors
    if wide.shape != (channels, 2):
        raise ModelError(f"{one.options.where}: {len(factors)} scales for {channels} channels")
    arrays = (("weights", weights), ("bias", bias.astype(np.int32)), ("multiplier", wide[:, 0]), ("shift", wide[:, 1]))
    constants = [reading.store(suffix, np.array(values)) for suffix, values in arrays]
    return constants, {"input_zero": zero, "output_zero": out_zero, **bounds(one, reading.output(one))}


def _bias(reading: Reading, one: TfliteOperator, channels: int) -> npt.NDArray[np.int64]:
    if not reading.given(one, 2):
        return np.zeros(channels, np.int64)
    bias = reading.constant(one, 2, "bias")
    if bias.dtype != np.int32 or bias.size != channels:
        raise ModelError(f"{one.options.where}: bias is {bias.dtype} {bias.shape}, expected int32 ({channels},)")
    return bias.reshape(channels).astype(np.int64)


def _weights(reading: Reading, one: TfliteOperator) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    tensor, weights = reading.tensor(one, 1), reading.constant(one, 1, "weights")
    scales = tensor.quantization
    if weights.dtype != np.int8 or scales is None:
        refuse(f"weights of {tensor.kind}: expected int8 with scales")
    if any(scales.zero_point):
        refuse("weights with a zero point other than 0 have no C kernel; convert again with a newer TensorFlow")
    return weights, np.array(scales.scale)


def _fully_connected(reading: Reading, one: TfliteOperator) -> str:
    if one.option("weights_format"):
        refuse("shuffled weights have no C kernel; convert with the default weights format")
    weights, scales = _weights(reading, one)
    if weights.ndim != 2:
        raise ModelError(f"{one.options.where}: weights of shape {weights.shape}, expected (out, in)")
    x, scale, _ = _x(reading, one)
    products = scales * scale
    if len(scales) == 1:  # the reference kernel multiplies the two scales in float32 where it has only one
        products = products.astype(np.float32).astype(np.float64)
    constants, scaling = _layer(reading, one, weights, products)
    x = dense_input(reading, one, x, weights.shape[1])
    return _finish(reading, one, "q_dense", [x, *constants], scaling)


def _conv(reading: Reading, one: TfliteOperator) -> str:
    stored, scales = _weights(reading, one)
    x, scale, _ = _x(reading, one)
    shape = reading.builder.shape(x)
    weights, groups = conv_weights(one, stored, shape[-1] if shape else 1)
    constants, scaling = _layer(reading, one, weights, scales * scale)
    dilations = dilations_of(one)
    taps = (weights.shape[1], weights.shape[2])
    attributes: Attributes = {**window(one, shape, taps, dilations), "dilations": dilations, "groups": groups}
    return _finish(reading, one, "q_conv", [x, *constants], {**attributes, **scaling})


def _pool(reading: Reading, one: TfliteOperator) -> str:
    x, scale, zero = _x(reading, one)
    if (scale, zero) != scale_of(reading.output(one)):
        refuse("int8 pooling between different scales has no C kernel; convert again with a newer TensorFlow")
    kernel = (one.option("filter_h", "i"), one.option("filter_w", "i"))
    attributes: Attributes = {
        **window(one, reading.builder.shape(x), kernel),
        "kind": "max" if one.code == "MAX_POOL_2D" else "average",
        "kernel": kernel,
        "dilations": (1, 1),
        **bounds(one, reading.output(one)),
    }
    return _finish(reading, one, "q_pool", [x], attributes)


def _softmax(reading: Reading, one: TfliteOperator) -> str:
    x, scale, _ = _x(reading, one)
    out_scale, out_zero = scale_of(reading.output(one))
    step = np.float32(-scale) * np.float32(one.option("beta", "f"))
    powers = np.exp((step * np.arange(256, dtype=np.float32)).astype(np.float64))
    if not 0.0 <= -step < np.inf:
        raise ModelError(f"{one.options.where}: beta {one.option('beta', 'f')}")
    table = reading.store("powers", powers)
    return _finish(reading, one, "q_softmax", [x, table], {"scale": out_scale, "zero_point": out_zero})


def _add(reading: Reading, one: TfliteOperator) -> str:
    (a, scale_1, zero_1), (b, scale_2, zero_2) = _x(reading, one, 0), _x(reading, one, 1)
    out_scale, out_zero = scale_of(reading.output(one))
    common = 2.0 * max(scale_1, scale_2)
    first, second = factor(one, scale_1 / common), factor(one, scale_2 / common)
    output = factor(one, common / (2.0**LEFT_SHIFT * out_scale))
    attributes: Attributes = {
        "zero_1": zero_1,
        "multiplier_1": first[0],
        "shift_1": first[1],
        "zero_2": zero_2,
        "multiplier_2": -second[0] if one.code == "SUB" else second[0],
        "shift_2": second[1],
        "multiplier": output[0],
        "shift": output[1],
        "output_zero": out_zero,
        **bounds(one, reading.output(one)),
    }
    return _finish(reading, one, "q_add", [a, b], attributes)


def _mul(reading: Reading, one: TfliteOperator) -> str:
    (a, scale_1, zero_1), (b, scale_2, zero_2) = _x(reading, one, 0), _x(reading, one, 1)
    out_scale, out_zero = scale_of(reading.output(one))
    multiplier, shift = factor(one, float(np.float32(scale_1) * np.float32(scale_2) / np.float32(out_scale)))
    attributes: Attributes = {
        "zero_1": zero_1,
        "zero_2": zero_2,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero": out_zero,
        **bounds(one, reading.output(one)),
    }
    return _finish(reading, one, "q_mul", [a, b], attributes)


def _mean(reading: Reading, one: TfliteOperator) -> str:
    x, scale, zero = _x(reading, one)
    out_scale, out_zero = scale_of(reading.output(one))
    axes, shape = reduced_axes(reading, one), reading.builder.shape(x)
    if not axes:
        return requantized(reading, one, 0, reading.output(one))
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    neighbours = axes == tuple(range(axes[0], axes[-1] + 1))
    if not neighbours:
        x = reading.node("transpose", [x], {"perm": (*kept, *axes)})
    count = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
    multiplier, shift = factor(one, scale / out_scale)
    spare = min(count.bit_length() - 1, 32, 31 + shift)  # bits the multiplier gains before it is divided by the count
    attributes: Attributes = {
        "axes": axes if neighbours else tuple(range(len(kept), len(shape))),
        "keepdims": False,
        "input_zero": zero,
        "multiplier": (multiplier << spare) // count,
        "shift": shift - spare,
        "output_zero": out_zero,
    }
    made = _finish(reading, one, "q_mean", [x], attributes)
    if one.option("keep_dims", "?"):
        return reading.reshape(made, tuple(1 if axis in axes else n for axis, n in enumerate(shape)))
    return made


def requantized(reading: Reading, one: TfliteOperator, position: int, output: TfliteTensor) -> str:
    """Return an int8 input in the scale of an output: itself, if that is its own."""
    x, scale, zero = _x(reading, one, position)
    out_scale, out_zero = scale_of(output)
    if (scale, zero) == (out_scale, out_zero):
        return x
    multiplier, shift = factor(one, scale / out_scale)
    attributes: Attributes = {"input_zero": zero, "multiplier": multiplier, "shift": shift, "output_zero": out_zero}
    full: Attributes = {"minimum": INT8_MIN, "maximum": INT8_MAX}
    return reading.node("requantize", [x], {**attributes, **full}, INT8, meaning(output))


def _concatenation(reading: Reading, one: TfliteOperator) -> str:
    if not one.inputs or activation(one) != "NONE":
        refuse("an int8 concatenation without inputs or with a fused activation has no C kernel")
    output = reading.output(one)
    names = [requantized(reading, one, i, output) for i in range(len(one.inputs))]
    rank = len(reading.builder.shape(names[0]))
    axis = one.option("axis", "i")
    return _finish(reading, one, "concat", names, {"axis": axis + rank if axis < 0 else axis})


def _quantize(reading: Reading, one: TfliteOperator) -> str:
    output = reading.output(one)
    if output.kind != "INT8":
        refuse(f"QUANTIZE to {output.kind} has no C kernel; convert with int8")
    if reading.tensor(one, 0).kind == "INT8":
        return requantized(reading, one, 0, output)
    scale, zero = scale_of(output)
    attributes: Attributes = {"scale": scale, "zero_point": zero}
    return reading.node("quantize", [reading.name(one, 0)], attributes, INT8, meaning(output))


def _dequantize(reading: Reading, one: TfliteOperator) -> str | None:
    tensor = reading.tensor(one, 0)
    if tensor.index in reading.constants:
        reading.put_constant(one, real_values(tensor, reading.constants[tensor.index]))
        return None
    x, scale, zero = _x(reading, one)
    return reading.node("dequantize", [x], {"scale": scale, "zero_point": zero}, FLOAT32)


CONVERSIONS: dict[str, Callable[[Reading, TfliteOperator], str | None]] = {
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
}
"""Between float32 and int8, and between int8 of different scales."""

READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = {
    "FULLY_CONNECTED": _fully_connected,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _conv,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "SOFTMAX": _softmax,
    "ADD": _add,
    "SUB": _add,
    "MUL": _mul,
    "MEAN": _mean,
    "CONCATENATION": _concatenation,
}
"""Builtins of int8 that compute; those that only move elements are in tflite_shapes, tables in tflite_tables."""
