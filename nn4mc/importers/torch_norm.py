"""ATen normalisations. Batch normalisation at inference is a product and a sum by constants."""

from math import prod

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Constant, Refused, Value, shape_of
from nn4mc.importers.torch_network import Made, Network, Reader, scalar
from nn4mc.ir import Array

_FLOAT32_EPSILON = float(np.finfo(np.float32).eps)


def _by_channel(call: Call, values: Constant, x: Value) -> Array:
    """Return one value a channel, shaped so that it broadcasts along axis 1 of ``x``."""
    shape = shape_of(x)
    if len(shape) < 2 or values.shape != (shape[1],):
        raise ModelError(f"{call.where}: {values.shape} values for the channels of shape {shape}")
    return values.astype(np.float64).reshape(-1, *(1 for _ in shape[2:]))


def _affine(net: Network, call: Call, y: Value) -> Value:
    """Return y times weight plus bias, each of one value a channel, where they are given."""
    for op, name in (("mul", "weight"), ("add", "bias")):
        values = call.variable_or_constant(name)
        if values is not None:
            y = net.op(op, [y, _by_channel(call, values, y)])
    return y


def _scaled_by_statistics(net: Network, call: Call) -> Value:
    """(x - mean) / sqrt(variance + eps) * weight + bias, worked out in float64."""
    x = call.tensor("input")
    mean, variance = (_by_channel(call, call.constant(name), x) for name in ("running_mean", "running_var"))
    with_epsilon = variance + call.number("eps", 1e-5)
    if not np.all(with_epsilon > 0.0):
        raise ModelError(f"{call.where}: the running variance plus eps is not positive everywhere")
    weight, bias = call.variable_or_constant("weight"), call.variable_or_constant("bias")
    scale = 1.0 / np.sqrt(with_epsilon)
    scale = scale if weight is None else scale * _by_channel(call, weight, x)
    shift = -mean * scale if bias is None else _by_channel(call, bias, x) - mean * scale
    return net.op("add", [net.op("mul", [x, net.constant(scale, "scale")]), net.constant(shift, "shift")])


def _batch_norm(net: Network, call: Call) -> Value:
    if call.flag("training", False):
        raise Refused(
            "normalises with the statistics of the batch: call module.eval() before the export, and keep "
            "track_running_stats"
        )
    return _scaled_by_statistics(net, call)


def _native_batch_norm(net: Network, call: Call) -> Made:
    return _scaled_by_statistics(net, call), None, None


def _standardised(net: Network, x: Value, axes: tuple[int, ...], epsilon: float) -> Value:
    """Return x less its mean, over its deviation, both along axes."""
    centred = net.op("sub", [x, net.reduce("mean", x, axes)])
    variance = net.reduce("mean", net.op("mul", [centred, centred]), axes)
    return net.op("div", [centred, net.op("sqrt", [net.op("add", [variance, scalar(epsilon)])])])


def _group_norm(net: Network, call: Call) -> Value:
    x = call.tensor("input")
    groups = call.integer("num_groups") if call.given("num_groups") else call.integer("group")
    return _in_groups(net, call, x, groups, call.number("eps", 1e-5))


def _in_groups(net: Network, call: Call, x: Value, groups: int, epsilon: float) -> Value:
    shape = shape_of(x)
    if len(shape) < 2 or groups < 1 or shape[1] % groups:
        raise ModelError(f"{call.where}: {groups} groups for the channels of shape {shape}")
    grouped = net.reshape(x, (shape[0], groups, prod(shape[1:]) // groups))
    return _affine(net, call, net.reshape(_standardised(net, grouped, (2,), epsilon), shape))


def _native_group_norm(net: Network, call: Call) -> Made:
    return _group_norm(net, call), None, None


def _instance_norm(net: Network, call: Call) -> Value:
    if not call.flag("use_input_stats", True):
        return _scaled_by_statistics(net, call)
    x = call.tensor("input")
    if len(shape_of(x)) < 2:
        raise call.fault("input", "at least two axes")
    return _in_groups(net, call, x, shape_of(x)[1], call.number("eps", 1e-5))


def _normalized_shape(call: Call, x: Value) -> tuple[int, ...]:
    shape = call.integers("normalized_shape")
    if not shape or shape_of(x)[-len(shape) :] != shape:
        raise ModelError(f"{call.where}: normalises shape {shape} of {shape_of(x)}")
    return shape


def _layer_norm(net: Network, call: Call) -> Value:
    x = call.tensor("input")
    shape = _normalized_shape(call, x)
    weight, bias = call.variable_or_constant("weight"), call.variable_or_constant("bias")
    gamma = net.constant(np.ones(shape, np.float32) if weight is None else weight, "gamma")
    beta = net.constant(np.zeros(shape, np.float32) if bias is None else bias, "beta")
    attributes = {"axis": len(shape_of(x)) - len(shape), "epsilon": call.number("eps", 1e-5)}
    return net.op("layer_norm", [x, gamma, beta], attributes)


def _native_layer_norm(net: Network, call: Call) -> Made:
    return _layer_norm(net, call), None, None


def _rms_norm(net: Network, call: Call) -> Value:
    x, weight = call.tensor("input"), call.optional("weight")
    shape = _normalized_shape(call, x)
    axes = tuple(range(len(shape_of(x)) - len(shape), len(shape_of(x))))
    mean = net.reduce("mean", net.op("mul", [x, x]), axes)
    root = net.op("sqrt", [net.op("add", [mean, scalar(call.number("eps", _FLOAT32_EPSILON))])])
    y = net.op("div", [x, root])
    return y if weight is None else net.op("mul", [y, weight])


def _weight_norm(_net: Network, call: Call) -> Value:
    """g v / |v|, the length taken over all axes but ``dim``; all of it constant."""
    direction, length = call.constant("v").astype(np.float64), call.constant("g").astype(np.float64)
    axis = call.axis("dim", direction.ndim, 0)
    others = tuple(i for i in range(direction.ndim) if i != axis)
    norm = np.sqrt(np.sum(direction * direction, axis=others, keepdims=True))
    if not np.all(norm > 0.0) or length.shape != norm.shape:
        raise ModelError(f"{call.where}: a weight of length zero, or lengths of shape {length.shape}")
    return np.asarray(direction * (length / norm), np.float32)


READERS: dict[str, Reader] = {
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "_native_batch_norm_legit_no_training": _native_batch_norm,
    "native_group_norm": _native_group_norm,
    "native_layer_norm": _native_layer_norm,
    "rms_norm": _rms_norm,
    "_weight_norm": _weight_norm,
}
