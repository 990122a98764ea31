"""Normalisations with the statistics of training: a shift and a scale by constants, or over the features at hand."""

import numpy as np

from nn4mc.importers.keras_layer import Kind, Layer, LayerConfig, Variable, require, single
from nn4mc.importers.limits import cap_elements
from nn4mc.ir import Array, Shape

_LEAST_DEVIATION = 1e-7  # keras.backend.epsilon(), below which Normalization does not divide


def _along(values: Array, axis: int, rank: int) -> Array:
    """Return a vector shaped to broadcast along ``axis`` of ``rank`` axes."""
    return values.reshape((-1, *(1 for _ in range(rank - axis - 1))))


def _one_axis(config: LayerConfig) -> int:
    axes = config.wholes("axis", least=-16, default=-1)
    require(len(axes) == 1, f"statistics over {len(axes)} axes at once have no C kernel; one axis has")
    return axes[0]


def _batch_norm(layer: Layer, x: str) -> str:
    """y = x * scale + shift, worked out in float64: pass fold_scale takes both into a product before it."""
    config = layer.config
    axis = layer.axis(_one_axis(config), x)
    width, rank = layer.shape(x)[axis], len(layer.shape(x))

    def read(name: str, present: bool, otherwise: float) -> Array:
        return layer.weight(name, (width,)).astype(np.float64) if present else np.full(width, otherwise)

    def scale() -> Array:
        variance = read("moving_variance", True, 1.0) + config.number("epsilon", 1e-3)
        if (variance <= 0.0).any():
            raise config.error("a moving variance plus epsilon is not positive")
        return read("gamma", config.flag("scale", True), 1.0) / np.sqrt(variance)

    def shift() -> Array:
        beta = read("beta", config.flag("center", True), 0.0)
        return beta - read("moving_mean", True, 0.0) * scale()

    scaled = layer.node("mul", [x, layer.constant("scale", lambda: _along(scale(), axis, rank))], None, "scale")
    return layer.node("add", [scaled, layer.constant("shift", lambda: _along(shift(), axis, rank))])


def _check_batch_norm(config: LayerConfig, _version: int) -> None:
    require(not config.flag("renorm"), "renorm has no C kernel; plain batch normalisation has")
    _one_axis(config)


def _scale_and_center(config: LayerConfig) -> tuple[Variable, ...]:
    found = (("gamma", config.flag("scale", True)), ("beta", config.flag("center", True)))
    return tuple(Variable((name,)) for name, present in found if present)


def _batch_norm_variables(config: LayerConfig) -> tuple[Variable, ...]:
    return (*_scale_and_center(config), Variable(("moving_mean",), False), Variable(("moving_variance",), False))


def _layer_norm(layer: Layer, x: str) -> str:
    config, rank = layer.config, len(layer.shape(x))
    axes = sorted(layer.axis(one, x) for one in config.wholes("axis", least=-16, default=-1))
    last = rank - len(axes)
    require(bool(axes) and axes == list(range(last, rank)), "normalises over axes not the last; permute them first")
    shape: Shape = layer.shape(x)[axes[0] :]

    def read(name: str, present: bool, otherwise: float) -> Array:
        return layer.weight(name, shape).astype(np.float64) if present else np.full(shape, otherwise)

    gamma = layer.constant("gamma", lambda: read("gamma", config.flag("scale", True), 1.0))
    beta = layer.constant("beta", lambda: read("beta", config.flag("center", True), 0.0))
    return layer.node("layer_norm", [x, gamma, beta], {"axis": axes[0], "epsilon": config.number("epsilon", 1e-3)})


def _check_layer_norm(config: LayerConfig, _version: int) -> None:
    require(not config.flag("rms_scaling"), "rms_scaling has no C kernel; plain layer normalisation has")


def _given(config: LayerConfig) -> bool:
    """Whether mean and variance are in the configuration, and not among the weights."""
    return config.values.get("mean") is not None


def _normalization_axes(config: LayerConfig) -> tuple[int, ...]:
    if "axis" in config.values and config.values["axis"] is None:
        return ()
    return config.wholes("axis", least=-16, default=-1)


def _listed(layer: Layer, key: str) -> Array:
    """Return a number or nested list of the configuration as an array, the batch axis of 1 in front removed."""
    value = layer.config.values.get(key)
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        value = value["config"].get("value")
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise layer.config.error(f"{key} is no array of numbers") from error
    cap_elements(array.shape, layer.context.limits, f"{layer.config.file}: {layer.config.label}: {key}")
    return array


def _statistics(layer: Layer, x: str) -> tuple[Array, Array]:
    """Return mean and variance in a shape that broadcasts to ``x``."""
    config, own = layer.config, layer.own_shape(x)
    axes = sorted(layer.axis(one, x) - layer.lead for one in _normalization_axes(config))
    kept = tuple(own[axis] for axis in axes)
    spread = tuple(n if axis in axes else 1 for axis, n in enumerate(own))
    if _given(config):
        pair = [_listed(layer, "mean"), _listed(layer, "variance")]
    else:
        pair = [layer.weight(name, kept).astype(np.float64) for name in ("mean", "variance")]
    for i, values in enumerate(pair):
        if values.size not in {1, int(np.prod(spread))}:
            raise config.error(f"mean or variance has {values.size} values, expected {int(np.prod(spread))}")
        pair[i] = np.broadcast_to(values.reshape(-1) if values.size == 1 else values.reshape(spread), spread)
    if (pair[1] < 0.0).any():
        raise config.error("a variance is negative")
    return pair[0], pair[1]


def _normalization(layer: Layer, x: str) -> str:
    """Subtract the mean first, as Keras does: large means would lose digits in a product and a sum."""
    mean, variance = _statistics(layer, x)
    deviation = np.maximum(np.sqrt(variance), _LEAST_DEVIATION)
    if layer.config.flag("invert"):
        scaled = layer.node("mul", [x, layer.constant("deviation", lambda: deviation)], None, "scale")
        return layer.node("add", [scaled, layer.constant("mean", lambda: mean)])
    centred = layer.node("sub", [x, layer.constant("mean", lambda: mean)], None, "mean")
    return layer.node("mul", [centred, layer.constant("scale", lambda: 1.0 / deviation)])


def _normalization_variables(config: LayerConfig) -> tuple[Variable, ...]:
    names = () if _given(config) else ("mean", "variance", "count")
    return tuple(Variable((name,), False) for name in names)


def _rescaling(layer: Layer, x: str) -> str:
    scale, offset = _listed(layer, "scale"), _listed(layer, "offset")
    for values in (scale, offset):
        require(values.ndim <= 1, "scale and offset of more than one axis have no C kernel")
    layer.axis(-1, x)
    scaled = layer.node("mul", [x, layer.constant("scale", lambda: scale.reshape(-1))], None, "scale")
    return layer.node("add", [scaled, layer.constant("offset", lambda: offset.reshape(-1))])


KINDS: dict[str, Kind] = {
    "BatchNormalization": Kind(single(_batch_norm), _check_batch_norm, variables=_batch_norm_variables, stepwise=True),
    "LayerNormalization": Kind(single(_layer_norm), _check_layer_norm, _scale_and_center, stepwise=True),
    "Normalization": Kind(single(_normalization), variables=_normalization_variables, stepwise=True),
    "Rescaling": Kind(single(_rescaling), stepwise=True),
}
KINDS["BatchNormalizationV1"] = KINDS["BatchNormalization"]
"""The normalisations, by class name."""
