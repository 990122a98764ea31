"""The functions of keras.ops that stand as nodes in a Functional model: ``x + y``, ``1.0 - x``, ``x[:, -1]``."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nn4mc.errors import UnsupportedError
from nn4mc.importers.keras_activations import named_activation
from nn4mc.importers.keras_calls import Wire, leaves
from nn4mc.importers.keras_core import filled
from nn4mc.importers.keras_layer import Call, Kind, Layer, LayerConfig, require, single
from nn4mc.importers.keras_merge import concatenate
from nn4mc.ir import Array, Attribute, Shape

_ACTIVATIONS = {
    "Absolute": "abs",
    "Abs": "abs",
    "Erf": "erf",
    "Exp": "exp",
    "Identity": "identity",
    "Log": "log",
    "Mish": "mish",
    "Negative": "neg",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Relu6": "relu6",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
_NAMED = {
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "HardTanh": "hard_tanh",
    "LogSigmoid": "log_sigmoid",
    "TanhShrink": "tanh_shrink",
}
_BINARY = {
    "Add": "add",
    "Divide": "div",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Multiply": "mul",
    "Subtract": "sub",
    "TrueDivide": "div",
}
_REDUCTIONS = {"Mean": "reduce_mean", "Sum": "reduce_sum", "Max": "reduce_max", "Min": "reduce_min"}
_LAMBDAS = {
    "__operators__.add": "Add",
    "math.abs": "Absolute",
    "math.add": "Add",
    "math.divide": "Divide",
    "math.exp": "Exp",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.multiply": "Multiply",
    "math.negative": "Negative",
    "math.sigmoid": "Sigmoid",
    "math.sqrt": "Sqrt",
    "math.square": "Square",
    "math.subtract": "Subtract",
    "math.tanh": "Tanh",
    "math.truediv": "TrueDivide",
    "nn.relu": "Relu",
    "nn.relu6": "Relu6",
}
"""TensorFlow functions in Keras 2 models (TFOpLambda): a name, never code."""


def _operands(call: Call) -> list[Any]:
    """Return what an operation works on: tensors and numbers, whichever way they were passed."""
    named = [call.kwargs[key] for key in ("x1", "x", "x2", "y") if call.kwargs.get(key) is not None]
    return [one for one in (*call.args, *named) if one is not None]


def _unary(op: str) -> Kind:
    def read(layer: Layer, call: Call) -> tuple[str, ...]:
        operands = _operands(call)
        if len(operands) != 1 or not isinstance(operands[0], Wire):
            raise layer.config.error("expected one tensor and nothing else")
        return (layer.node(op, [operands[0].tensor]),)

    return Kind(read, stepwise=True)


def _named(name: str) -> Kind:
    return Kind(single(named_activation(name, 3)), stepwise=True)


def _binary(op: str) -> Kind:
    def read(layer: Layer, call: Call) -> tuple[str, ...]:
        operands = _operands(call)
        if len(operands) != 2:
            raise layer.config.error(f"has {len(operands)} operands, expected 2")
        return (layer.node(op, _together(layer, operands)),)

    return Kind(read, stepwise=True)


def _together(layer: Layer, operands: list[Any]) -> list[str]:
    """Return two operands as tensors of one number of axes; numbers and arrays become constants."""
    shapes = [layer.shape(one.tensor) for one in operands if isinstance(one, Wire)]
    if not shapes:
        raise layer.config.error("has no tensor among its operands")
    require(len({len(one) for one in shapes}) == 1, f"broadcasts shapes {shapes}, without the batch, across the batch")
    return [
        one.tensor
        if isinstance(one, Wire)
        else layer.constant(f"operand_{i}", lambda one=one: _array(layer, one, len(shapes[0])))  # type: ignore[misc]
        for i, one in enumerate(operands)
    ]


def _array(layer: Layer, value: Any, rank: int) -> Array:
    """Return a constant operand without the batch axis, which must be 1."""
    flat = list(leaves(value)) if not isinstance(value, np.ndarray) else []
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in flat):
        raise layer.config.error(f"operand {str(value)[:60]} is no number")
    try:
        array = np.asarray(value, np.float64)
    except (ValueError, OverflowError) as error:
        raise layer.config.error("an operand is no array of numbers") from error
    if array.ndim == rank + 1 and array.shape[0] == 1:
        array = array[0]
    if array.ndim > rank:
        raise layer.config.error(f"an operand of shape {array.shape} has more axes than the other one")
    return array.reshape(1) if array.ndim == 0 else array


def _square(layer: Layer, x: str) -> str:
    return layer.node("mul", [x, x])


def _power(layer: Layer, call: Call) -> tuple[str, ...]:
    operands = _operands(call)
    if len(operands) != 2 or not isinstance(operands[0], Wire):
        raise layer.config.error("expected a tensor and an exponent")
    x, exponent = operands[0].tensor, operands[1]
    if isinstance(exponent, (int, float)) and exponent in {1, 2, 0.5}:
        return ({1: lambda: x, 2: lambda: _square(layer, x), 0.5: lambda: layer.node("sqrt", [x])}[exponent](),)
    raise UnsupportedError("power has a C kernel only for the exponents 1, 2 and 0.5")


def _leaky_relu(layer: Layer, x: str) -> str:
    return layer.node("leaky_relu", [x], {"alpha": layer.config.number("negative_slope", 0.2)})


def _with_alpha(op: str) -> Kind:
    def read(layer: Layer, x: str) -> str:
        return layer.node(op, [x], {"alpha": layer.config.number("alpha", 1.0)})

    return Kind(single(read), stepwise=True)


def _gelu(layer: Layer, x: str) -> str:
    return layer.node("gelu_tanh" if layer.config.flag("approximate", True) else "gelu", [x])


def _clip(layer: Layer, x: str) -> str:
    ends = {"minimum": layer.config.values.get("x_min"), "maximum": layer.config.values.get("x_max")}
    if any(isinstance(one, bool) or not isinstance(one, (int, float, type(None))) for one in ends.values()):
        raise UnsupportedError("clips to arrays; numbers have a C kernel")
    attributes: dict[str, Attribute] = {key: float(one) for key, one in ends.items() if one is not None}
    return layer.node("clip", [x], attributes)


def _softmax(layer: Layer, x: str) -> str:
    return layer.node("softmax", [x], {"axis": layer.axis(layer.config.whole("axis", -16, -1), x)})


def _reduction(op: str) -> Kind:
    def read(layer: Layer, x: str) -> str:
        require(layer.config.values.get("axis") is not None, "reduces over the batch axis too; name the axes")
        axes = tuple(sorted({layer.axis(axis, x) for axis in layer.config.wholes("axis", least=-16)}))
        return layer.node(op, [x], {"axes": axes, "keepdims": layer.config.flag("keepdims")})

    return Kind(single(read), stepwise=True)


def _flip(layer: Layer, x: str) -> str:
    require(layer.config.values.get("axis") is not None, "reverses the batch axis too; name the axis")
    for axis in layer.config.wholes("axis", least=-16):
        x = layer.node("reverse", [x], {"axis": layer.axis(axis, x)})
    return x


def _reshape(layer: Layer, x: str) -> str:
    shape = layer.config.values.get("newshape")
    keeps_batch = isinstance(shape, list) and shape[:1] in ([-1], [1], [None])
    if not isinstance(shape, list) or not keeps_batch or not all(type(one) is int for one in shape[1:]):
        raise UnsupportedError(f"shape {str(shape)[:60]} does not keep the batch as its first axis")
    lead, own = layer.shape(x)[: layer.lead], layer.own_shape(x)
    return layer.reshape(x, (*lead, *filled(layer, tuple(shape[1:]), math.prod(own))))


def _transpose(layer: Layer, x: str) -> str:
    axes = layer.config.wholes("axes", len(layer.own_shape(x)) + 1, least=0)
    require(axes[0] == 0, "moves the batch axis")
    return layer.transpose(x, (*range(layer.lead), *(layer.axis(axis, x) for axis in axes[1:])))


def _expand(layer: Layer, x: str) -> str:
    shape = list(layer.own_shape(x))
    axis = layer.config.whole("axis", least=-16)
    at = axis - 1 if axis >= 0 else axis + len(shape) + 1
    if not 0 <= at <= len(shape):
        raise UnsupportedError(f"adds an axis at {axis}, in front of the batch or beyond the last")
    shape.insert(at, 1)
    return layer.reshape(x, (*layer.shape(x)[: layer.lead], *shape))


def _squeeze(layer: Layer, x: str) -> str:
    require(layer.config.values.get("axis") is not None, "removes axes without naming them")
    gone = {layer.axis(axis, x) for axis in layer.config.wholes("axis", least=-16)}
    return layer.reshape(x, tuple(n for i, n in enumerate(layer.shape(x)) if i not in gone))


def _get_item(layer: Layer, call: Call) -> tuple[str, ...]:
    """Read x[:, a, b:c:d]: the batch whole, then integers and slices."""
    operands = _operands(Call(call.args))
    if len(operands) != 2 or not isinstance(operands[0], Wire):
        raise layer.config.error("expected a tensor and its indices")
    x, keys = operands[0].tensor, operands[1]
    keys = keys if isinstance(keys, (list, tuple)) else (keys,)
    own = layer.own_shape(x)
    require(len(keys) >= 1 and isinstance(keys[0], slice) and keys[0] == slice(None), "takes samples out of the batch")
    if len(keys) > len(own) + 1:
        raise layer.config.error(f"has {len(keys)} indices for {len(own)} axes and the batch")
    ranges = [*_ranges(layer, own, keys[1:]), *(range(n) for n in own[len(keys) - 1 :])]
    lead = layer.shape(x)[: layer.lead]
    picked: dict[str, Attribute] = {
        "starts": (*(0 for _ in lead), *(one.start for one in ranges)),
        "sizes": (*lead, *(len(one) for one in ranges)),
        "steps": (*(1 for _ in lead), *(one.step for one in ranges)),
    }
    kept = tuple(len(one) for i, one in enumerate(ranges) if not (i + 1 < len(keys) and isinstance(keys[i + 1], int)))
    return (layer.reshape(layer.node("slice", [x], picked), (*lead, *kept)),)


def _ranges(layer: Layer, own: Shape, keys: Any) -> Iterator[range]:
    for n, key in zip(own, keys, strict=False):
        if isinstance(key, slice) and key.step != 0:
            found = range(*key.indices(n))
        elif type(key) is int and -n <= key < n:
            found = range(key % n, key % n + 1)
        else:
            raise UnsupportedError(f"index {str(key)[:40]} has no C kernel; integers and slices within {n} have")
        if len(found) == 0:
            raise layer.config.error(f"takes nothing of an axis of {n}")
        yield found


def _matmul(layer: Layer, call: Call) -> tuple[str, ...]:
    operands = _operands(call)
    if len(operands) != 2 or not isinstance(operands[0], Wire):
        raise layer.config.error("expected a tensor and another one or a matrix")
    first, second = operands[0].tensor, operands[1]
    if isinstance(second, Wire):
        ranks = {len(layer.own_shape(one)) for one in (first, second.tensor)}
        require(len(ranks) == 1 and min(ranks) >= 2, "multiplies across the batch")
        return (layer.node("matmul", [first, second.tensor]),)
    matrix = _array(layer, second, 2)
    own = layer.shape(first)
    if matrix.ndim != 2 or own[-1:] != matrix.shape[:1]:
        raise layer.config.error(f"cannot multiply shapes {own} and {matrix.shape}")
    weights = layer.constant("weights", lambda: matrix.T)
    zeros = layer.constant("bias", lambda: np.zeros(matrix.shape[1]))
    return (layer.node("dense", [first, weights, zeros]),)


OPERATIONS: Mapping[str, Kind] = {
    **{name: _unary(op) for name, op in _ACTIVATIONS.items()},
    **{name: _named(activation) for name, activation in _NAMED.items()},
    **{name: _binary(op) for name, op in _BINARY.items()},
    **{name: _reduction(op) for name, op in _REDUCTIONS.items()},
    "Celu": _with_alpha("celu"),
    "Clip": Kind(single(_clip), stepwise=True),
    "Concatenate": Kind(concatenate, stepwise=True),
    "Elu": _with_alpha("elu"),
    "ExpandDims": Kind(single(_expand)),
    "Flip": Kind(single(_flip), stepwise=True),
    "Gelu": Kind(single(_gelu), stepwise=True),
    "GetItem": Kind(_get_item),
    "LeakyRelu": Kind(single(_leaky_relu), stepwise=True),
    "Matmul": Kind(_matmul),
    "Power": Kind(_power, stepwise=True),
    "Reshape": Kind(single(_reshape)),
    "Softmax": Kind(single(_softmax), stepwise=True),
    "Square": Kind(single(_square), stepwise=True),
    "Squeeze": Kind(single(_squeeze)),
    "Transpose": Kind(single(_transpose)),
}
"""The operations, by class name."""


def _of_lambda(config: LayerConfig) -> Kind:
    name = config.text("function", "")
    if name not in _LAMBDAS:
        raise UnsupportedError(f"the function tf.{name[:60]} has no C kernel. Supported: {', '.join(_LAMBDAS)}")
    return OPERATIONS[_LAMBDAS[name]]


def _check_lambda(config: LayerConfig, _version: int) -> None:
    _of_lambda(config)


def _read_lambda(layer: Layer, call: Call) -> tuple[str, ...]:
    return _of_lambda(layer.config).read(layer, call)


KINDS: dict[str, Kind] = {"TFOpLambda": Kind(_read_lambda, _check_lambda, stepwise=True)}
"""The layer that Keras 2 makes of a TensorFlow function."""
