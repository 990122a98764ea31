"""ATen calls that work element by element: activations, arithmetic, comparisons with a bound."""

import math

import numpy as np

from nn4mc.importers.torch_call import LARGEST_FLOAT32, Call, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import Network, Reader, scalar

_UNARY = {
    "abs": "abs",
    "erf": "erf",
    "exp": "exp",
    "hardsigmoid": "hard_sigmoid6",
    "hardswish": "hard_swish",
    "log": "log",
    "mish": "mish",
    "neg": "neg",
    "reciprocal": "reciprocal",
    "relu": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "sqrt": "sqrt",
    "tanh": "tanh",
}
_BINARY = {"maximum": "maximum", "minimum": "minimum", "max.other": "maximum", "min.other": "minimum", "mul": "mul"}
_SOFTPLUS_LINEAR = 15.0


def _unary(op: str) -> Reader:
    return lambda net, call: net.op(op, [call.tensor("self")])


def _binary(op: str) -> Reader:
    return lambda net, call: net.op(op, [call.tensor("self"), call.tensor("other")])


def _scaled(net: Network, x: Value, factor: float) -> Value:
    return x if factor == 1.0 else net.op("mul", [x, scalar(factor)])


def _add(net: Network, call: Call) -> Value:
    return net.op("add", [call.tensor("self"), _scaled(net, call.tensor("other"), call.number("alpha", 1.0))])


def _sub(net: Network, call: Call) -> Value:
    return net.op("sub", [call.tensor("self"), _scaled(net, call.tensor("other"), call.number("alpha", 1.0))])


def _rsub(net: Network, call: Call) -> Value:
    return net.op("sub", [call.tensor("other"), _scaled(net, call.tensor("self"), call.number("alpha", 1.0))])


def _div(net: Network, call: Call) -> Value:
    if call.given("rounding_mode"):
        raise Refused(f"rounding_mode '{call.text('rounding_mode', '')}'")
    a, b = call.tensor("self"), call.tensor("other")
    if isinstance(a, Variable) or isinstance(b, Variable):
        return net.op("div", [a, b])
    return net.op("div", [a.astype(np.float32), b.astype(np.float32)])


def _pow(net: Network, call: Call) -> Value:
    x, exponent = call.tensor("self"), call.number("exponent")
    if exponent == 0.5:
        return net.op("sqrt", [x])
    if exponent == -0.5:
        return _rsqrt(net, call)
    if exponent == -1.0:
        return net.op("reciprocal", [x])
    if not (exponent.is_integer() and 1.0 <= exponent <= 8.0):
        raise Refused(f"exponent {exponent:g}. Supported: 1 to 8, -1, 0.5, -0.5")
    y = x
    for _ in range(int(exponent) - 1):
        y = net.op("mul", [y, x])
    return y


def _square(net: Network, call: Call) -> Value:
    return net.op("mul", [call.tensor("self"), call.tensor("self")])


def _rsqrt(net: Network, call: Call) -> Value:
    return net.op("reciprocal", [net.op("sqrt", [call.tensor("self")])])


def _gelu(net: Network, call: Call) -> Value:
    kind = call.text("approximate", "none")
    if kind not in ("none", "tanh"):
        raise Refused(f"approximate '{kind}'. Supported: none, tanh")
    return net.op("gelu" if kind == "none" else "gelu_tanh", [call.tensor("self")])


def _softplus(net: Network, call: Call) -> Value:
    beta, threshold = call.number("beta", 1.0), call.number("threshold", 20.0)
    if threshold < _SOFTPLUS_LINEAR or beta == 0.0:
        raise Refused(f"beta {beta:g}, threshold {threshold:g}. Supported: thresholds from {_SOFTPLUS_LINEAR:g} on")
    return _scaled(net, net.op("softplus", [_scaled(net, call.tensor("self"), beta)]), 1.0 / beta)


def _log_sigmoid(net: Network, call: Call) -> Value:
    return net.op("neg", [net.op("softplus", [net.op("neg", [call.tensor("self")])])])


def _elu(net: Network, call: Call) -> Value:
    """scale * (x > 0 ? x : alpha * (exp(input_scale * x) - 1)): elu, and how selu and celu are decomposed."""
    x, alpha = call.tensor("self"), call.number("alpha", 1.0)
    scale, input_scale = call.number("scale", 1.0), call.number("input_scale", 1.0)
    if input_scale == 1.0:
        return _scaled(net, net.op("elu", [x], {"alpha": alpha}), scale)
    if scale == 1.0 and alpha > 0.0 and math.isclose(alpha * input_scale, 1.0, rel_tol=1e-6):
        return net.op("celu", [x], {"alpha": alpha})
    raise Refused(f"alpha {alpha:g}, scale {scale:g}, input_scale {input_scale:g}. Supported: those of ELU, SELU, CELU")


def _celu(net: Network, call: Call) -> Value:
    return net.op("celu", [call.tensor("self")], {"alpha": call.number("alpha", 1.0)})


def _leaky_relu(net: Network, call: Call) -> Value:
    return net.op("leaky_relu", [call.tensor("self")], {"alpha": call.number("negative_slope", 0.01)})


def _rrelu(net: Network, call: Call) -> Value:
    if call.flag("training", False):
        raise Refused("is in training mode; call module.eval() before the export")
    alpha = (call.number("lower", 0.125) + call.number("upper", 1.0 / 3.0)) / 2.0
    return net.op("leaky_relu", [call.tensor("self")], {"alpha": alpha})


def _prelu(net: Network, call: Call) -> Value:
    x, slope = call.tensor("self"), call.constant("weight").reshape(-1)
    rank = len(shape_of(x))
    if slope.size > 1 and rank >= 2:
        slope = slope.reshape(-1, *(1 for _ in range(rank - 2)))
    return net.op("prelu", [x, slope])


def _clip(net: Network, x: Value, low: float | None, high: float | None) -> Value:
    bounds = {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
    finite = {name: value for name, value in bounds.items() if abs(value) <= LARGEST_FLOAT32}
    if any(math.isnan(value) for value in bounds.values()):
        raise Refused("a bound that is no number")
    return net.op("clip", [x], finite) if finite else x


def _bound(call: Call, name: str) -> float | None:
    value = call.arguments.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _clamp(net: Network, call: Call) -> Value:
    x = _clip(net, call.tensor("self"), _bound(call, "min"), _bound(call, "max"))
    for name, op in (("min", "maximum"), ("max", "minimum")):
        if isinstance(call.arguments.get(name), (Variable, np.ndarray)):
            x = net.op(op, [x, call.tensor(name)])
    return x


def _hardtanh(net: Network, call: Call) -> Value:
    low, high = call.number("min_val", -1.0), call.number("max_val", 1.0)
    x = call.tensor("self")
    return net.op("relu6", [x]) if (low, high) == (0.0, 6.0) else _clip(net, x, low, high)


def _softshrink(net: Network, call: Call) -> Value:
    x, bound = call.tensor("self"), call.number("lambd", 0.5)
    return net.op("sub", [x, _clip(net, x, -bound, bound)])


def _threshold(net: Network, call: Call) -> Value:
    threshold, value = call.number("threshold"), call.number("value")
    if threshold != value:
        raise Refused(f"threshold {threshold:g} with value {value:g}. Supported: both equal")
    return net.op("relu", [call.tensor("self")]) if value == 0.0 else _clip(net, call.tensor("self"), value, None)


def _glu(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    rank = len(shape_of(x))
    axis = call.axis("dim", rank, -1)
    if rank == 0 or shape_of(x)[axis] % 2:
        raise call.fault("dim", "an axis of even length")
    half = shape_of(x)[axis] // 2
    return net.op("mul", [net.cut(x, axis, 0, half), net.op("sigmoid", [net.cut(x, axis, half, half)])])


READERS: dict[str, Reader] = {
    **{name: _unary(op) for name, op in _UNARY.items()},
    **{name: _binary(op) for name, op in _BINARY.items()},
    "add": _add,
    "celu": _celu,
    "clamp": _clamp,
    "clamp_max": _clamp,
    "clamp_min": _clamp,
    "div": _div,
    "elu": _elu,
    "gelu": _gelu,
    "glu": _glu,
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky_relu,
    "log_sigmoid": _log_sigmoid,
    "pow.Tensor_Scalar": _pow,
    "prelu": _prelu,
    "rrelu": _rrelu,
    "rsqrt": _rsqrt,
    "rsub": _rsub,
    "softplus": _softplus,
    "softshrink": _softshrink,
    "square": _square,
    "sub": _sub,
    "threshold": _threshold,
}
"""By the name without "aten."; one with its overload (max.other) goes before one without."""
