"""What convolutions, pools, crops and paddings share: one or two axes of space, channels last or first, padding."""

import math

from nn4mc.importers.keras_core import CHANNELS_FIRST, CHANNELS_LAST, FORMATS
from nn4mc.importers.keras_layer import Layer, LayerConfig

Pads = tuple[int, int, int, int]
SAME, VALID, CAUSAL = "same", "valid", "causal"


def channels_first(config: LayerConfig) -> bool:
    """Return whether the channels stand in front of the space."""
    return config.choice("data_format", FORMATS, CHANNELS_LAST) == CHANNELS_FIRST


def to_planes(layer: Layer, x: str, dims: int) -> str:
    """Return ``x`` as (N, H, W, C): N is the lead, H is 1 where there is only one axis of space."""
    layer.rank(x, dims + 1)
    if channels_first(layer.config):
        lead = layer.lead
        x = layer.transpose(x, (*range(lead), *(lead + i for i in range(1, dims + 1)), lead), "channels_last")
    shape = layer.shape(x)
    height, width = space_of(shape[layer.lead : -1])
    return layer.reshape(x, (math.prod(shape[: layer.lead]), height, width, shape[-1]), "planes")


def from_planes(layer: Layer, y: str, dims: int, lead: tuple[int, ...]) -> str:
    """Return (N, H, W, C) in the layer's own order, behind the axes of ``lead``."""
    _, height, width, channels = layer.shape(y)
    space = (height, width) if dims == 2 else (width,)
    y = layer.reshape(y, (*lead, *space, channels), "out_shape")
    if channels_first(layer.config):
        first = len(lead)
        y = layer.transpose(y, (*range(first), first + dims, *(first + i for i in range(dims))), "channels_first")
    return y


def space_of(values: tuple[int, ...]) -> tuple[int, int]:
    """Return a pair of one or two numbers of space: that of height is 1 where there is none."""
    return (1, values[0]) if len(values) == 1 else (values[0], values[1])


def pads_of(
    padding: str, shape: tuple[int, ...], kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]
) -> Pads:
    """Return (top, left, bottom, right) for planes (N, H, W, C), as TensorFlow counts them."""
    ends = [
        _pad(padding, size, (k - 1) * d + 1, s)
        for size, k, s, d in zip(shape[1:3], kernel, strides, dilations, strict=True)
    ]
    if padding == CAUSAL:
        ends[0] = (0, 0)
    return (ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def _pad(padding: str, size: int, reach: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after one axis, whose kernel reaches over ``reach`` elements."""
    if padding == CAUSAL:
        return (reach - 1, 0)
    if padding == VALID:
        return (0, 0)
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + reach - size, 0)
    return (total // 2, total - total // 2)
