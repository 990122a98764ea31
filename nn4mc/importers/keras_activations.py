"""Activations: the names that layers carry, and the layers that are one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from nn4mc.errors import UnsupportedError
from nn4mc.importers.keras_layer import Kind, Layer, LayerConfig, Variable, require, single
from nn4mc.ir import Attribute, Shape

Activation = Callable[[Layer, str], str]
"""Adds an activation behind a tensor, and returns the new tensor."""

_PLAIN = {
    "relu": "relu",
    "relu6": "relu6",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "swish": "silu",
    "softplus": "softplus",
    "softsign": "softsign",
    "mish": "mish",
    "selu": "selu",
    "gelu": "gelu",
    "exponential": "exp",
    "hard_silu": "hard_swish",
    "hard_swish": "hard_swish",
    "sparse_plus": "sparse_plus",
}
_WITH_ATTRIBUTES: dict[str, tuple[str, dict[str, Attribute]]] = {
    "elu": ("elu", {"alpha": 1.0}),
    "celu": ("celu", {"alpha": 1.0}),
    "leaky_relu": ("leaky_relu", {"alpha": 0.2}),
    "hard_tanh": ("clip", {"minimum": -1.0, "maximum": 1.0}),
}
_RECURRENT = {"tanh": "tanh", "sigmoid": "sigmoid", "relu": "relu", "linear": "identity", "softsign": "softsign"}


def activation(config: LayerConfig, version: int, key: str = "activation") -> Activation:
    """Return the activation that ``key`` of a layer names; UnsupportedError for one without a C kernel."""
    value = config.values.get(key)
    if isinstance(value, dict):
        return _from_object(config, value, version)
    name = "linear" if value is None else value
    if not isinstance(name, str):
        raise config.error(f"{key} is {str(value)[:60]}, expected a name")
    return named_activation(name, version)


def named_activation(name: str, version: int) -> Activation:
    """Return an activation by the name Keras gives it; UnsupportedError lists the known ones."""
    if name == "linear":
        return lambda _layer, x: x
    if name == "hard_sigmoid":
        return _node("hard_sigmoid6") if version >= 3 else _node("hard_sigmoid", {"alpha": 0.2, "beta": 0.5})
    if name in _PLAIN:
        return _node(_PLAIN[name])
    if name in _WITH_ATTRIBUTES:
        return _node(*_WITH_ATTRIBUTES[name])
    if name in _COMPOSED:
        return _COMPOSED[name]
    raise UnsupportedError(f"activation '{name[:60]}' has no C kernel. Supported: {', '.join(names())}")


def names() -> list[str]:
    """Return the names of all activations."""
    return sorted(["linear", "hard_sigmoid", *_PLAIN, *_WITH_ATTRIBUTES, *_COMPOSED])


def recurrent_activation(config: LayerConfig, version: int, key: str, default: str) -> str:
    """Return the operator's name of an activation inside a recurrent layer; UnsupportedError for another one."""
    value = config.values.get(key, default)
    name = "linear" if value is None else value
    if name == "hard_sigmoid":
        return "hard_sigmoid6" if version >= 3 else "hard_sigmoid"
    if not isinstance(name, str) or name not in _RECURRENT:
        shown = name if isinstance(name, str) else "of a class of its own"
        known = ", ".join([*_RECURRENT, "hard_sigmoid"])
        raise UnsupportedError(f"{key} {shown[:60]!r} has no C kernel inside a recurrent layer. Supported: {known}")
    return _RECURRENT[name]


def _node(op: str, attributes: dict[str, Attribute] | None = None) -> Activation:
    return lambda layer, x: layer.node(op, [x], attributes, op)


def _from_object(config: LayerConfig, value: Mapping[str, Any], version: int) -> Activation:
    """Return the activation that is a layer of its own inside another: Dense(activation=LeakyReLU(0.1))."""
    kind, values, module = value.get("class_name"), value.get("config"), value.get("module")
    ours = module is None or str(module).startswith(("keras", "tf_keras"))
    if not isinstance(kind, str) or kind not in _OBJECTS or not isinstance(values, dict) or not ours:
        raise UnsupportedError("activation is a function or class of its own, whose code is never run; use a named one")
    inner = replace(config, kind=kind, values=values, module=None)
    return _OBJECTS[kind](inner, version)


def _softmax(layer: Layer, x: str) -> str:
    return layer.node("softmax", [x], {"axis": layer.axis(-1, x)}, "softmax")


def _log_sigmoid(layer: Layer, x: str) -> str:
    return _node("neg")(layer, _node("softplus")(layer, _node("neg")(layer, x)))


def _tanh_shrink(layer: Layer, x: str) -> str:
    return layer.node("sub", [x, _node("tanh")(layer, x)], None, "shrink")


def _squareplus(layer: Layer, x: str) -> str:
    """Return (x + sqrt(x x + 4)) / 2, Keras' squareplus with its default b = 4."""
    square = layer.node("mul", [x, x], None, "square")
    root = _node("sqrt")(layer, layer.node("add", [square, layer.number("four", 4.0)], None, "shift"))
    return layer.node("mul", [layer.node("add", [x, root], None, "sum"), layer.number("half", 0.5)], None, "half")


_COMPOSED: dict[str, Activation] = {
    "softmax": _softmax,
    "log_sigmoid": _log_sigmoid,
    "tanh_shrink": _tanh_shrink,
    "squareplus": _squareplus,
}


def _relu(config: LayerConfig, _version: int) -> Activation:
    slope, threshold = _optional(config, "negative_slope", 0.0), _optional(config, "threshold", 0.0)
    largest = config.values.get("max_value")
    if slope == 0.0 and threshold == 0.0 and largest is None:
        return _node("relu")
    attributes: dict[str, Attribute] = {"negative_slope": slope, "threshold": threshold}
    if largest is not None:
        attributes["max_value"] = config.number("max_value", 0.0)
    return _node("relu_general", attributes)


def _optional(config: LayerConfig, key: str, default: float) -> float:
    return default if config.values.get(key) is None else config.number(key, default)


def _leaky_relu(config: LayerConfig, _version: int) -> Activation:
    """Keras 2 calls the slope alpha, Keras 3 negative_slope; both start from 0.3."""
    key = "negative_slope" if "negative_slope" in config.values else "alpha"
    return _node("leaky_relu", {"alpha": config.number(key, 0.3)})


def _elu(config: LayerConfig, _version: int) -> Activation:
    return _node("elu", {"alpha": config.number("alpha", 1.0)})


def _thresholded(config: LayerConfig, _version: int) -> Activation:
    """ThresholdedReLU, which Keras 3 dropped: x above theta, else 0."""
    return _node("relu_general", {"negative_slope": 0.0, "threshold": config.number("theta", 1.0)})


def _softmax_layer(config: LayerConfig, _version: int) -> Activation:
    axes = config.wholes("axis", least=-16, default=-1)
    require(len(axes) == 1, f"softmax over {len(axes)} axes at once has no C kernel; over one it has")
    return lambda layer, x: layer.node("softmax", [x], {"axis": layer.axis(axes[0], x)})


_OBJECTS: dict[str, Callable[[LayerConfig, int], Activation]] = {
    "Activation": activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax_layer,
    "ThresholdedReLU": _thresholded,
}


def _layer_of(make: Callable[[LayerConfig, int], Activation]) -> Kind:
    def read(layer: Layer, x: str) -> str:
        return make(layer.config, layer.context.version)(layer, x)

    def check(config: LayerConfig, version: int) -> None:
        make(config, version)

    return Kind(single(read), check, stepwise=True)


def _prelu(layer: Layer, x: str) -> str:
    shape: list[int] = list(layer.own_shape(x))
    shared = layer.config.wholes("shared_axes", least=1, default=())
    for axis in shared:
        if axis > len(shape):
            raise layer.config.error(f"shared axis {axis} of {len(shape)}")
        shape[axis - 1] = 1
    own_steps = layer.timed and 1 not in shared
    require(not own_steps, "has a slope for each time step; compile the window, without --stateful")
    slope: Shape = tuple(shape)
    return layer.node("prelu", [x, layer.constant("slope", lambda: layer.weight("alpha", slope))])


KINDS: dict[str, Kind] = {
    **{name: _layer_of(make) for name, make in _OBJECTS.items()},
    "PReLU": Kind(single(_prelu), variables=lambda _config: (Variable(("alpha",)),), stepwise=True),
}
"""The layers that are an activation."""
