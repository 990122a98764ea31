"""Convolutions over one and two axes: plain, by groups, depthwise and separable."""

from collections.abc import Callable

import numpy as np

from nn4mc.importers.keras_core import bias, check_activation, finish, with_bias
from nn4mc.importers.keras_layer import Kind, Layer, LayerConfig, Variable, single
from nn4mc.importers.keras_spatial import CAUSAL, SAME, VALID, from_planes, pads_of, space_of, to_planes
from nn4mc.ir import Float32Array

_DEPTHWISE = ("depthwise_kernel", "kernel")
_POINTWISE = ("pointwise_kernel",)


def _conv(layer: Layer, x: str, dims: int) -> str:
    config = layer.config
    filters, groups = config.whole("filters"), config.whole("groups", default=1)
    planes = to_planes(layer, x, dims)
    channels = layer.shape(planes)[-1]
    if channels % groups or filters % groups:
        raise config.error(f"{channels} channels and {filters} filters are not multiples of {groups} groups")
    size = config.wholes("kernel_size", dims)

    def weights() -> Float32Array:
        kernel = layer.weight("kernel", (*size, channels // groups, filters))
        return kernel.reshape(*space_of(size), channels // groups, filters).transpose(3, 0, 1, 2)

    inputs = [planes, layer.constant("weights", weights), bias(layer, filters)]
    y = layer.node("conv", inputs, _window(layer, planes, dims, groups))
    return finish(layer, from_planes(layer, y, dims, layer.shape(x)[: layer.lead]))


def _window(layer: Layer, planes: str, dims: int, groups: int) -> dict[str, int | tuple[int, ...]]:
    config = layer.config
    kernel = space_of(config.wholes("kernel_size", dims))
    strides = space_of(config.wholes("strides", dims, default=1))
    dilations = space_of(config.wholes("dilation_rate", dims, default=1))
    allowed = (VALID, SAME, CAUSAL) if dims == 1 else (VALID, SAME)
    pads = pads_of(config.choice("padding", allowed, VALID), layer.shape(planes), kernel, strides, dilations)
    return {"strides": strides, "dilations": dilations, "pads": pads, "groups": groups}


def _depthwise_weights(layer: Layer, dims: int, channels: int, multiplier: int) -> Float32Array:
    """Return (C M, kh, kw, 1) of Keras' (kh, kw, C, M): each channel is a group with M filters."""
    size = layer.config.wholes("kernel_size", dims)
    kernel = layer.weight("depthwise_kernel", (*size, channels, multiplier))
    height, width = space_of(size)
    kernel = kernel.reshape(height, width, channels, multiplier).transpose(2, 3, 0, 1)
    return kernel.reshape(channels * multiplier, height, width, 1)


def _depthwise(layer: Layer, x: str, dims: int) -> str:
    planes = to_planes(layer, x, dims)
    channels, multiplier = layer.shape(planes)[-1], layer.config.whole("depth_multiplier", default=1)
    weights = layer.constant("weights", lambda: _depthwise_weights(layer, dims, channels, multiplier))
    inputs = [planes, weights, bias(layer, channels * multiplier)]
    y = layer.node("conv", inputs, _window(layer, planes, dims, channels))
    return finish(layer, from_planes(layer, y, dims, layer.shape(x)[: layer.lead]))


def _separable(layer: Layer, x: str, dims: int) -> str:
    planes = to_planes(layer, x, dims)
    channels, multiplier = layer.shape(planes)[-1], layer.config.whole("depth_multiplier", default=1)
    filters, middle = layer.config.whole("filters"), channels * multiplier
    depthwise = layer.constant("depthwise", lambda: _depthwise_weights(layer, dims, channels, multiplier))
    zeros = layer.constant("zeros", lambda: np.zeros(middle))
    deep = layer.node("conv", [planes, depthwise, zeros], _window(layer, planes, dims, channels), "depthwise")

    def pointwise() -> Float32Array:
        kernel = layer.weight("pointwise_kernel", (*(1 for _ in range(dims)), middle, filters))
        return kernel.reshape(1, 1, middle, filters).transpose(3, 0, 1, 2)

    ones: dict[str, int | tuple[int, ...]] = {
        "strides": (1, 1),
        "dilations": (1, 1),
        "pads": (0, 0, 0, 0),
        "groups": 1,
    }
    y = layer.node("conv", [deep, layer.constant("weights", pointwise), bias(layer, filters)], ones)
    return finish(layer, from_planes(layer, y, dims, layer.shape(x)[: layer.lead]))


def _kind(read: Callable[[Layer, str, int], str], dims: int, *names: tuple[str, ...]) -> Kind:
    def variables(config: LayerConfig) -> tuple[Variable, ...]:
        return with_bias(config, *names)

    return Kind(single(lambda layer, x: read(layer, x, dims)), check_activation, variables)


KINDS: dict[str, Kind] = {
    kind: _kind(read, dims, *names)
    for dims in (1, 2)
    for kind, read, names in (
        (f"Conv{dims}D", _conv, (("kernel",),)),
        (f"Convolution{dims}D", _conv, (("kernel",),)),
        (f"DepthwiseConv{dims}D", _depthwise, (_DEPTHWISE,)),
        (f"SeparableConv{dims}D", _separable, (_DEPTHWISE, _POINTWISE)),
    )
}
"""The convolutions, by class name."""
