"""ATen convolutions and pools. torch has channels first, the kernels channels last: transposes go around each."""

from collections.abc import Sequence
from math import prod

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Refused, Value, shape_of
from nn4mc.importers.torch_network import Made, Network, Reader
from nn4mc.ir import Attribute, Shape


def _channels_last(net: Network, call: Call, x: Value, axes: int) -> tuple[Value, bool]:
    """Return ``x`` as (batch, height, width, channels), a height of 1 in 1D; and whether it came without a batch."""
    shape = shape_of(x)
    single = len(shape) == axes + 1
    if not single and len(shape) != axes + 2:
        raise ModelError(f"{call.where}: input of shape {shape}, expected {axes + 1} or {axes + 2} axes")
    x = net.reshape(x, (1, *shape)) if single else x
    shape = shape_of(x)
    if axes == 2:
        return net.transpose(x, (0, 2, 3, 1)), single
    turned = net.transpose(x, (0, 2, 1))
    return net.reshape(turned, (shape[0], 1, shape[2], shape[1])), single


def _channels_first(net: Network, y: Value, axes: int, single: bool) -> Value:
    """Return what `_channels_last` made of a tensor to torch's order and number of axes."""
    if axes == 1:
        n, _, width, channels = shape_of(y)
        y = net.transpose(net.reshape(y, (n, width, channels)), (0, 2, 1))
    else:
        y = net.transpose(y, (0, 3, 1, 2))
    return net.reshape(y, shape_of(y)[1:]) if single else y


def _on_plane(values: Sequence[int], missing: int) -> tuple[int, int]:
    """Return (height, width): ``missing`` for the height that 1D lacks."""
    return (missing, values[0]) if len(values) == 1 else (values[0], values[1])


def _pads(before: Sequence[int], after: Sequence[int]) -> tuple[int, ...]:
    return (*_on_plane(before, 0), *_on_plane(after, 0))


def _padding(call: Call, axes: int, kernel: Shape, dilations: Shape, strides: Shape) -> tuple[Shape, Shape]:
    """Return the padding before and after each axis; "same" puts the odd one behind."""
    if not isinstance(call.arguments.get("padding"), str):
        both = call.pair("padding", axes, (0,))
        return both, both
    if call.text("padding", "") == "valid":
        return (0,) * axes, (0,) * axes
    if call.text("padding", "") != "same" or any(one != 1 for one in strides):
        raise call.fault("padding", "'valid', or 'same' with a stride of 1")
    totals = [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]
    return tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)


def _conv(net: Network, call: Call) -> Value:
    weights, bias = call.constant("weight"), call.variable_or_constant("bias")
    axes = weights.ndim - 2
    if call.flag("transposed", False):
        raise Refused("transposed convolution")
    if axes not in (1, 2):
        raise Refused(f"convolution over {axes} axes. Supported: 1 and 2")
    strides, dilations = call.pair("stride", axes, (1,)), call.pair("dilation", axes, (1,))
    before, after = _padding(call, axes, weights.shape[2:], dilations, strides)
    x, single = _channels_last(net, call, call.tensor("input"), axes)
    kernel = np.moveaxis(weights, 1, -1)
    kernel = kernel.reshape(kernel.shape[0], 1, *kernel.shape[1:]) if axes == 1 else kernel
    zeros = np.zeros(weights.shape[:1], np.float32)
    inputs = [x, net.constant(kernel, "weights"), net.constant(zeros if bias is None else bias, "bias")]
    attributes: dict[str, Attribute] = {
        "strides": _on_plane(strides, 1),
        "dilations": _on_plane(dilations, 1),
        "pads": _pads(before, after),
        "groups": call.integer("groups", 1),
    }
    return _channels_first(net, net.op("conv", inputs, attributes), axes, single)


def _rounded_up(length: int, kernel: int, stride: int, dilation: int, pad: int) -> int:
    """Return the padding that a size rounded up needs behind; the last window starts before the padding ends."""
    reach = dilation * (kernel - 1) + 1
    steps = -(-(length + 2 * pad - reach) // stride)
    if steps * stride >= length + pad:
        steps -= 1
    return max(pad, steps * stride + reach - length - pad)


def _pool(net: Network, call: Call, axes: int, kind: str) -> Value:
    x = call.tensor("self")
    kernel = call.pair("kernel_size", axes)
    strides = call.pair("stride", axes, kernel) if call.integers("stride", ()) else kernel
    before, dilations = call.pair("padding", axes, (0,)), call.pair("dilation", axes, (1,))
    if min((*kernel, *strides, *dilations)) < 1 or len(shape_of(x)) < axes:
        raise call.fault("kernel_size", "positive sizes, strides and dilations")
    after = before
    if call.flag("ceil_mode", False):
        sizes = zip(shape_of(x)[-axes:], kernel, strides, dilations, before, strict=True)
        after = tuple(_rounded_up(*size) for size in sizes)
        if kind == "average" and after != before:
            raise Refused("ceil_mode that adds a window of its own. Supported: pads that fill the last window")
    if call.given("divisor_override"):
        raise Refused("divisor_override")
    x, single = _channels_last(net, call, x, axes)
    attributes: dict[str, Attribute] = {
        "kind": kind,
        "kernel": _on_plane(kernel, 1),
        "strides": _on_plane(strides, 1),
        "dilations": _on_plane(dilations, 1),
        "pads": _pads(before, after),
        "count_include_pad": kind == "average" and call.flag("count_include_pad", True),
    }
    return _channels_first(net, net.op("pool", [x], attributes), axes, single)


def _adaptive(net: Network, call: Call, axes: int, kind: str) -> Value:
    x, wanted = call.tensor("self"), call.pair("output_size", axes)
    shape = shape_of(x)
    if len(shape) < axes or min(wanted) < 1:
        raise call.fault("output_size", "positive sizes")
    if prod(wanted) == 1:
        return net.reduce("max" if kind == "max" else "mean", x, tuple(range(len(shape) - axes, len(shape))))
    sizes = shape[-axes:]
    if any(size % target for size, target in zip(sizes, wanted, strict=True)):
        raise Refused(f"from {sizes} to {wanted} elements. Supported: sizes that divide, or 1")
    window = tuple(size // target for size, target in zip(sizes, wanted, strict=True))
    fixed = {"self": x, "kernel_size": window, "stride": window}
    return _pool(net, Call(call.op, call.where, fixed), axes, kind)


def _pooling(axes: int, kind: str) -> Reader:
    return lambda net, call: _pool(net, call, axes, kind)


def _pooling_with_indices(axes: int) -> Reader:
    def read(net: Network, call: Call) -> Made:
        return _pool(net, call, axes, "max"), None

    return read


def _adaptive_average(axes: int) -> Reader:
    return lambda net, call: _adaptive(net, call, axes, "average")


def _adaptive_maximum(axes: int) -> Reader:
    def read(net: Network, call: Call) -> Made:
        return _adaptive(net, call, axes, "max"), None

    return read


READERS: dict[str, Reader] = {
    "adaptive_avg_pool1d": _adaptive_average(1),
    "adaptive_avg_pool2d": _adaptive_average(2),
    "_adaptive_avg_pool2d": _adaptive_average(2),
    "adaptive_max_pool1d": _adaptive_maximum(1),
    "adaptive_max_pool2d": _adaptive_maximum(2),
    "avg_pool1d": _pooling(1, "average"),
    "avg_pool2d": _pooling(2, "average"),
    "conv1d": _conv,
    "conv2d": _conv,
    "convolution": _conv,
    "max_pool1d": _pooling(1, "max"),
    "max_pool1d_with_indices": _pooling_with_indices(1),
    "max_pool2d": _pooling(2, "max"),
    "max_pool2d_with_indices": _pooling_with_indices(2),
}
