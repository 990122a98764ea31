"""ONNX pools over one, two and three spatial axes, and over all of them."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from nn4mc.importers.onnx_convolution import channels_first, channels_last
from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import Made, Site
from nn4mc.importers.onnx_window import UNTOUCHED, AxisWindow, pair, windows_of
from nn4mc.ir import Shape

_MAX, _AVERAGE = "max", "average"


def _windows(site: Site) -> list[AxisWindow]:
    shape = site.shape(0)
    if len(shape) not in (3, 4, 5):
        raise site.refusal(f"pools an input of shape {shape}; one to three spatial axes have kernels")
    return windows_of(site, shape, site.integers("kernel_shape"))


def _pool(site: Site, x: str, windows: list[AxisWindow], kind: str, include_pad: bool) -> str:
    """Return a pool of (N, C, ...) with ONNX' meaning of padding."""
    shape = site.shape_of(x)
    if len(windows) < 3:
        made = _pool_2d(site, channels_last(site, x), pair(windows), kind, include_pad)
        return channels_first(site, made, len(shape))
    n, c, depth, height, width = shape
    first = _pool_2d(site, site.reshape(x, (n * c * depth, height, width, 1)), pair(windows[1:]), kind, include_pad)
    _, high, wide, _ = site.shape_of(first)
    columns = site.reshape(first, (n * c, depth, high * wide, 1))
    second = _pool_2d(site, columns, (windows[0], UNTOUCHED), kind, include_pad)
    return site.reshape(second, (n, c, site.shape_of(second)[1], high, wide))


def _pool_2d(site: Site, x: str, windows: tuple[AxisWindow, AxisWindow], kind: str, include_pad: bool) -> str:
    """Pool (N, H, W, C).

    What ceil_mode looks at beyond the padding counts for nothing; padding that does count is then made real.
    """
    h, w = windows
    pads = (h.before, w.before, h.after, w.after)
    if include_pad and (h.beyond or w.beyond) and any(pads):
        x = site.make("pad", x, before=(0, *pads[:2], 0), after=(0, *pads[2:], 0), value=0.0, mode="constant")
        pads, include_pad = (0, 0, 0, 0), False
    include_pad = include_pad and any(pads)
    return site.make(
        "pool",
        x,
        kind=kind,
        kernel=(h.kernel, w.kernel),
        strides=(h.stride, w.stride),
        dilations=(h.dilation, w.dilation),
        pads=(pads[0], pads[1], pads[2] + h.beyond, pads[3] + w.beyond),
        count_include_pad=include_pad,
    )


def _max_pool(site: Site) -> Made:
    if any(site.used[1:]):
        raise site.refusal("its second output, the indices, has no kernel")
    return _pool(site, site.live(0), _windows(site), _MAX, include_pad=False)


def _average_pool(site: Site) -> Made:
    return _pool(site, site.live(0), _windows(site), _AVERAGE, bool(site.integer("count_include_pad", 0)))


def _lp_pool(site: Site) -> Made:
    """The norm of each window: from the average over all of it, padding included, of |x| or x x."""
    p, x, windows = site.integer("p", 2), site.live(0), _windows(site)
    if p not in (1, 2):
        raise site.refusal(f"p is {p}; 1 and 2 have kernels")
    windows = [replace(one, after=one.after + one.beyond, beyond=0) for one in windows]
    terms = site.make("abs", x) if p == 1 else site.make("mul", x, x)
    average = _pool(site, terms, windows, _AVERAGE, include_pad=True)
    total = site.make("mul", average, site.scalar(prod(one.kernel for one in windows)))
    return total if p == 1 else site.make("sqrt", total)


def _spatial(site: Site) -> tuple[int, ...]:
    shape: Shape = site.shape(0)
    if len(shape) < 3:
        raise site.fault(f"pools an input of shape {shape}, expected (N, C, ...)")
    return tuple(range(2, len(shape)))


def _global(op: str) -> Reader:
    return lambda site: site.make(op, site.live(0), axes=_spatial(site), keepdims=True)


READERS: Mapping[str, Reader] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global("reduce_mean"),
    "GlobalMaxPool": _global("reduce_max"),
    "LpPool": _lp_pool,
    "MaxPool": _max_pool,
}
"""By ONNX operator."""
