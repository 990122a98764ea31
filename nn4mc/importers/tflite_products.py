"""Float32 products and windows: dense, convolution, pooling, matrix product."""

from collections.abc import Callable

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, choice, refuse
from nn4mc.importers.tflite_schema import PADDINGS
from nn4mc.ir import Attribute, Shape

Window = dict[str, Attribute]


def window(one: TfliteOperator, image: Shape, taps: tuple[int, int], dilations: tuple[int, int] = (1, 1)) -> Window:
    """Return strides and pads of a window over an image (N, H, W, C), as the graph's operators name them."""
    if len(image) != 4:
        raise ModelError(f"{one.options.where}: input of shape {image}, expected (N, H, W, C)")
    strides = (one.option("stride_h", "i"), one.option("stride_w", "i"))
    if min(*strides, *taps, *dilations) < 1 or max(*strides, *dilations) > 2**16:
        raise ModelError(f"{one.options.where}: window {taps}, strides {strides}, dilations {dilations}")
    before, after = [0, 0], [0, 0]
    if choice(one, "padding", PADDINGS) == "SAME":
        for axis in (0, 1):
            reach = (taps[axis] - 1) * dilations[axis] + 1
            places = -(-image[1 + axis] // strides[axis])
            total = max(0, (places - 1) * strides[axis] + reach - image[1 + axis])
            before[axis], after[axis] = total // 2, total - total // 2
    return {"strides": strides, "pads": (*before, *after)}


def dilations_of(one: TfliteOperator) -> tuple[int, int]:
    """Return a convolution's dilations (down, across)."""
    return one.option("dilation_h", "i", 1), one.option("dilation_w", "i", 1)


def dense_input(reading: Reading, one: TfliteOperator, x: str, columns: int) -> str:
    """Return a dense layer's input with its last axis the layer's, all others merged unless they are kept."""
    shape = reading.builder.shape(x)
    if one.option("keep_num_dims", "?") and shape and shape[-1] == columns:
        return x
    total = int(np.prod(shape, dtype=np.int64))
    if columns == 0 or total % columns:
        raise ModelError(f"{one.options.where}: input of shape {shape} for weights of {columns} columns")
    return reading.reshape(x, (total // columns, columns))


def _fully_connected(reading: Reading, one: TfliteOperator) -> str:
    if one.option("weights_format"):
        refuse("shuffled weights have no C kernel; convert with the default weights format")
    x = reading.real_name(one, 0)
    if reading.is_computed(one, 1):
        made = _computed_weights(reading, one, x)
        return reading.fused(one, made)
    weights = reading.real_constant(one, 1, "weights")
    if weights.ndim != 2:
        raise ModelError(f"{one.options.where}: weights of shape {weights.shape}, expected (out, in)")
    inputs = (
        dense_input(reading, one, x, weights.shape[1]),
        reading.store("weights", weights),
        _bias(reading, one, weights.shape[0]),
    )
    return reading.fused(one, reading.node("dense", inputs))


def _computed_weights(reading: Reading, one: TfliteOperator, x: str) -> str:
    weights = reading.name(one, 1)
    shape = reading.builder.shape(weights)
    if len(shape) != 2:
        raise ModelError(f"{one.options.where}: weights of shape {shape}, expected (out, in)")
    turned = reading.node("transpose", [weights], {"perm": (1, 0)})
    made = reading.node("matmul", [dense_input(reading, one, x, shape[1]), turned])
    return reading.node("add", [made, reading.real_name(one, 2)]) if reading.given(one, 2) else made


def _bias(reading: Reading, one: TfliteOperator, channels: int) -> str:
    if not reading.given(one, 2):
        return reading.zeros((channels,), "bias")
    bias = reading.real_constant(one, 2, "bias")
    return reading.store("bias", bias.reshape(bias.size))


def conv_weights(one: TfliteOperator, weights: np.ndarray, channels: int) -> tuple[np.ndarray, int]:
    """Return weights as (O, kh, kw, C / groups), and the groups; depthwise ones are stored as (1, kh, kw, O)."""
    if weights.ndim != 4:
        raise ModelError(f"{one.options.where}: weights of shape {weights.shape}, expected four axes")
    if one.code == "DEPTHWISE_CONV_2D":
        if weights.shape[0] != 1 or weights.shape[3] % channels:
            raise ModelError(f"{one.options.where}: weights of shape {weights.shape} for {channels} channels")
        return np.ascontiguousarray(weights.transpose(3, 1, 2, 0)), channels
    if weights.shape[3] == 0 or channels % weights.shape[3]:
        raise ModelError(f"{one.options.where}: weights of shape {weights.shape} for {channels} channels")
    return weights, channels // weights.shape[3]


def _conv(reading: Reading, one: TfliteOperator) -> str:
    x = reading.real_name(one, 0)
    shape = reading.builder.shape(x)
    weights, groups = conv_weights(one, reading.real_constant(one, 1, "weights"), shape[-1] if shape else 1)
    dilations = dilations_of(one)
    attributes = {
        **window(one, shape, (weights.shape[1], weights.shape[2]), dilations),
        "dilations": dilations,
        "groups": groups,
    }
    constant = reading.store("weights", weights)
    made = reading.node("conv", [x, constant, _bias(reading, one, weights.shape[0])], attributes)
    return reading.fused(one, made)


def _pool(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    kernel = (one.option("filter_h", "i"), one.option("filter_w", "i"))
    attributes: Window = {
        **window(one, reading.builder.shape(x), kernel),
        "kind": "max" if one.code == "MAX_POOL_2D" else "average",
        "kernel": kernel,
        "dilations": (1, 1),
        "count_include_pad": False,
    }
    return reading.fused(one, reading.node("pool", [x], attributes))


def _batch_matmul(reading: Reading, one: TfliteOperator) -> str:
    factors = []
    for position, option in ((0, "adj_x"), (1, "adj_y")):
        name = reading.real_name(one, position)
        rank = len(reading.builder.shape(name))
        if one.option(option, "?") and rank >= 2:
            name = reading.node("transpose", [name], {"perm": (*range(rank - 2), rank - 1, rank - 2)})
        factors.append(name)
    return reading.node("matmul", factors)


READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = {
    "FULLY_CONNECTED": _fully_connected,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _conv,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "BATCH_MATMUL": _batch_matmul,
}
