"""Pools, crops, paddings and nearest upsampling over one and two axes of space."""

import math
from collections.abc import Callable

from nn4mc.importers.keras_layer import Kind, Layer, LayerConfig, require, single
from nn4mc.importers.keras_spatial import SAME, VALID, channels_first, from_planes, pads_of, space_of, to_planes
from nn4mc.importers.limits import cap
from nn4mc.ir import Attribute

_MOST_TAPS = 1 << 16


def _pool(layer: Layer, x: str, dims: int, kind: str) -> str:
    config = layer.config
    kernel = space_of(config.wholes("pool_size", dims, default=2))
    cap(math.prod(kernel), _MOST_TAPS, f"{config.label}: the number of elements under its kernel", config.file)
    own = config.values.get("strides")
    strides = kernel if own is None else space_of(config.wholes("strides", dims))
    padding = config.choice("padding", (VALID, SAME), VALID)
    planes = to_planes(layer, x, dims)
    pads = pads_of(padding, layer.shape(planes), kernel, strides, (1, 1))
    window: dict[str, Attribute] = {"kernel": kernel, "strides": strides, "dilations": (1, 1), "pads": pads}
    y = layer.node("pool", [planes], {"kind": kind, **window, "count_include_pad": False})
    return from_planes(layer, y, dims, layer.shape(x)[: layer.lead])


def _global_pool(layer: Layer, x: str, dims: int, op: str) -> str:
    layer.rank(x, dims + 1)
    first = layer.lead + (1 if channels_first(layer.config) else 0)
    axes = tuple(range(first, first + dims))
    return layer.node(op, [x], {"axes": axes, "keepdims": layer.config.flag("keepdims")})


def _ends(config: LayerConfig, key: str, dims: int) -> list[tuple[int, int]]:
    """Return (before, after) for each axis of space; Keras takes one number, one for an axis, or a pair for an axis."""
    value = config.values.get(key)
    if isinstance(value, (list, tuple)) and dims == 2 and all(isinstance(one, (list, tuple)) for one in value):
        pairs = list(value)
    elif dims == 2:
        pairs = [[one, one] for one in config.wholes(key, 2, least=0)]
    else:
        pairs = [config.wholes(key, 2, least=0)]
    good = len(pairs) == dims and all(len(pair) == 2 for pair in pairs)
    if not good or not all(type(one) is int and 0 <= one < 1 << 20 for pair in pairs for one in pair):
        raise config.error(f"{key} is {str(value)[:60]}, expected whole numbers for {dims} axes")
    return [(pair[0], pair[1]) for pair in pairs]


def _on_axes(layer: Layer, x: str, dims: int, ends: list[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Spread what is before and after each axis of space over all axes of ``x``."""
    layer.rank(x, dims + 1)
    first = layer.lead + (1 if channels_first(layer.config) else 0)
    before, after = [0] * len(layer.shape(x)), [0] * len(layer.shape(x))
    for i, (one, other) in enumerate(ends):
        before[first + i], after[first + i] = one, other
    return tuple(before), tuple(after)


def _zero_padding(layer: Layer, x: str, dims: int) -> str:
    before, after = _on_axes(layer, x, dims, _ends(layer.config, "padding", dims))
    return layer.node("pad", [x], {"before": before, "after": after, "value": 0.0, "mode": "constant"})


def _cropping(layer: Layer, x: str, dims: int) -> str:
    before, after = _on_axes(layer, x, dims, _ends(layer.config, "cropping", dims))
    sizes = tuple(n - one - other for n, one, other in zip(layer.shape(x), before, after, strict=True))
    if min(sizes) < 1:
        raise layer.config.error(f"crops {layer.shape(x)} to nothing")
    return layer.node("slice", [x], {"starts": before, "sizes": sizes, "steps": tuple(1 for _ in sizes)})


def _upsampling(layer: Layer, x: str, dims: int) -> str:
    times = layer.config.wholes("size", dims)
    layer.rank(x, dims + 1)
    cap(
        math.prod(times) * math.prod(layer.shape(x)),
        layer.context.limits.parameters,
        f"{layer.config.label}: the number of values of its output",
        layer.config.file,
    )
    first = layer.lead + (1 if channels_first(layer.config) else 0)
    for i, many in enumerate(times):
        if many > 1:
            indices = tuple(at // many for at in range(many * layer.shape(x)[first + i]))
            x = layer.node("gather", [x], {"axis": first + i, "indices": indices})
    return x


def _check_upsampling(config: LayerConfig, _version: int) -> None:
    mode = config.text("interpolation", "nearest")
    require(mode == "nearest", f"interpolation '{mode[:40]}' has no C kernel; 'nearest' has")


def _kind(read: Callable[..., str], *more: object) -> Kind:
    return Kind(single(lambda layer, x: read(layer, x, *more)))


KINDS: dict[str, Kind] = {}
"""The layers over space without weights, by class name."""

for _dims in (1, 2):
    for _name, _op in (("Max", "max"), ("Average", "average")):
        KINDS[f"{_name}Pooling{_dims}D"] = _kind(_pool, _dims, _op)
        _reduce = "reduce_max" if _op == "max" else "reduce_mean"
        KINDS[f"Global{_name}Pooling{_dims}D"] = _kind(_global_pool, _dims, _reduce)
    KINDS[f"ZeroPadding{_dims}D"] = _kind(_zero_padding, _dims)
    KINDS[f"Cropping{_dims}D"] = _kind(_cropping, _dims)
    KINDS[f"UpSampling{_dims}D"] = Kind(
        single(lambda layer, x, dims=_dims: _upsampling(layer, x, dims)),  # type: ignore[misc]
        _check_upsampling,
    )
