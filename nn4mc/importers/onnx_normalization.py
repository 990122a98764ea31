"""ONNX normalisations: constants where the statistics are known, means and roots where they are computed."""

from collections.abc import Mapping

import numpy as np

from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import AnyArray, Made, Site, Value

_EPSILON = 1e-5


def _vector(site: Site, index: int, what: str, length: int) -> AnyArray:
    found = site.known(index, what)
    if found.shape != (length,) or found.dtype.kind != "f":
        raise site.fault(f"{what} has shape {found.shape} and type {found.dtype}, expected {length} floats")
    return found.astype(np.float64)


def _batch(site: Site) -> Made:
    """y = x factor + offset with the stored statistics, in float64 until the end."""
    if site.integer("training_mode", 0) or any(site.used[1:]):
        raise site.refusal("trains. Export in evaluation mode.")
    shape = site.shape(0)
    if len(shape) < 2:
        raise site.fault(f"normalises an input of shape {shape}, expected (N, C, ...)")
    scale, bias, mean, variance = (
        _vector(site, i, what, shape[1]) for i, what in enumerate(("scale", "bias", "mean", "variance"), 1)
    )
    spread = variance + site.number("epsilon", _EPSILON)
    if not (spread > 0.0).all():
        raise site.fault("a variance is not positive")
    factor = scale / np.sqrt(spread)
    per_channel = (shape[1],) + (1,) * (len(shape) - 2)
    scaled = site.make("mul", site.live(0), site.constant("factor", factor.reshape(per_channel)))
    return site.make("add", scaled, site.constant("offset", (bias - mean * factor).reshape(per_channel)))


def _moments(site: Site, x: str, axes: tuple[int, ...]) -> tuple[str, str, str]:
    """Return the mean, the deviation from it and the standard deviation of a live value, axes kept."""
    mean = site.make("reduce_mean", x, axes=axes, keepdims=True)
    deviation = site.make("sub", x, mean)
    return mean, deviation, _root(site, deviation, axes)


def _root(site: Site, x: str, axes: tuple[int, ...]) -> str:
    """Return sqrt(mean(x x) + epsilon)."""
    square = site.make("reduce_mean", site.make("mul", x, x), axes=axes, keepdims=True)
    return site.make("sqrt", site.make("add", square, site.scalar(site.number("epsilon", _EPSILON))))


def _last_axes(site: Site) -> tuple[int, tuple[int, ...]]:
    rank = len(site.shape(0))
    axis = site.axis(site.integer("axis", -1), rank)
    return axis, tuple(range(axis, rank))


def _layer(site: Site) -> Made:
    axis, axes = _last_axes(site)
    x, shape = site.live(0), site.shape(0)
    scale = site.value(1)
    bias: Value = site.value(2) if site.has(2) else np.zeros(shape[axis:], np.float32)
    statistics = any(site.used[1:])
    if isinstance(scale, str) or isinstance(bias, str):
        mean, deviation, root = _moments(site, x, axes)
        scaled = site.make("mul", site.make("div", deviation, root), site.tensor(scale, "scale"))
        made = site.make("add", scaled, site.tensor(bias, "bias"))
        return (made, mean, site.make("reciprocal", root)) if statistics else made
    gamma, beta = (
        site.constant(what, np.broadcast_to(one, shape[axis:])) for what, one in (("scale", scale), ("bias", bias))
    )
    made = site.make("layer_norm", x, gamma, beta, axis=axis, epsilon=site.number("epsilon", _EPSILON))
    if not statistics:
        return made
    mean, _, root = _moments(site, x, axes)
    return made, mean, site.make("reciprocal", root)


def _root_mean_square(site: Site) -> Made:
    _, axes = _last_axes(site)
    x = site.live(0)
    return site.make("mul", site.make("div", x, _root(site, x, axes)), site.live(1))


def _instance(site: Site) -> Made:
    shape = site.shape(0)
    if len(shape) < 3:
        raise site.fault(f"normalises an input of shape {shape}, expected (N, C, ...)")
    per_channel = (shape[1],) + (1,) * (len(shape) - 2)
    _, deviation, root = _moments(site, site.live(0), tuple(range(2, len(shape))))
    return _scaled_and_shifted(site, site.make("div", deviation, root), per_channel)


def _group(site: Site) -> Made:
    shape, groups = site.shape(0), site.integer("num_groups", 1)
    if len(shape) < 2 or groups < 1 or shape[1] % groups:
        raise site.fault(f"{groups} groups of the channels of an input of shape {shape}")
    parts = site.reshape(site.live(0), (shape[0], groups, site.elements(0) // (shape[0] * groups)))
    _, deviation, root = _moments(site, parts, (2,))
    normalised = site.make("div", deviation, root)
    per_group = site.shape(1) == (groups,) and groups != shape[1]
    if per_group:
        return site.reshape(_scaled_and_shifted(site, normalised, (groups, 1)), shape)
    return _scaled_and_shifted(site, site.reshape(normalised, shape), (shape[1],) + (1,) * (len(shape) - 2))


def _scaled_and_shifted(site: Site, x: str, shape: tuple[int, ...]) -> str:
    """Return x times input 1 plus input 2, both given this shape."""
    scale, bias = (site.reshape(site.live(index), shape) for index in (1, 2))
    return site.make("add", site.make("mul", x, scale), bias)


def _lp(site: Site) -> Made:
    """x over its norm along an axis; 0 where that is 0."""
    p, x = site.integer("p", 2), site.live(0)
    if p not in (1, 2):
        raise site.refusal(f"p is {p}; 1 and 2 have kernels")
    axis = site.axis(site.integer("axis", -1), len(site.shape(0)))
    terms = site.make("abs", x) if p == 1 else site.make("mul", x, x)
    total = site.make("reduce_sum", terms, axes=(axis,), keepdims=True)
    norm = total if p == 1 else site.make("sqrt", total)
    return site.make("div", x, site.make("maximum", norm, site.scalar(float(np.finfo(np.float32).tiny))))


READERS: Mapping[str, Reader] = {
    "BatchNormalization": _batch,
    "GroupNormalization": _group,
    "InstanceNormalization": _instance,
    "LayerNormalization": _layer,
    "LpNormalization": _lp,
    "RMSNormalization": _root_mean_square,
}
"""By ONNX operator."""
