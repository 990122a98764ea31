"""ONNX convolutions: channels first outside, channels last inside, as the kernel wants it."""

from collections.abc import Mapping

import numpy as np

from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import Made, Site
from nn4mc.importers.onnx_window import pair, windows_of


def channels_last(site: Site, x: str) -> str:
    """Return (N, C, W) or (N, C, H, W) as (N, H, W, C), with a height of 1 where there was none."""
    shape = site.shape_of(x)
    if len(shape) == 4:
        return site.transpose(x, (0, 2, 3, 1))
    n, c, w = shape
    return site.reshape(site.transpose(x, (0, 2, 1)), (n, 1, w, c))


def channels_first(site: Site, x: str, rank: int) -> str:
    """Return (N, H, W, C) as (N, C, W) or (N, C, H, W), of ``rank`` axes."""
    n, h, w, c = site.shape_of(x)
    if rank == 4:
        return site.transpose(x, (0, 3, 1, 2))
    return site.transpose(site.reshape(x, (n, h * w, c)), (0, 2, 1))


def _conv(site: Site) -> Made:
    x, weights = site.live(0), site.known(1, "weights")
    shape, groups = site.shape(0), site.integer("group", 1)
    if len(shape) not in (3, 4):
        raise site.refusal(f"convolves an input of shape {shape}; one and two spatial axes have kernels")
    if weights.ndim != len(shape) or groups < 1 or shape[1] != groups * weights.shape[1]:
        raise site.fault(f"weights of shape {weights.shape} in {groups} groups on an input of shape {shape}")
    kernel = site.integers("kernel_shape", weights.shape[2:])
    if kernel != weights.shape[2:]:
        raise site.fault(f"kernel_shape is {kernel}, weights have shape {weights.shape}")
    h, w = pair(windows_of(site, shape, kernel))
    bias = site.known(2, "bias") if site.has(2) else np.zeros(weights.shape[0], np.float32)
    wide = weights if weights.ndim == 4 else weights[:, :, np.newaxis, :]
    made = site.make(
        "conv",
        channels_last(site, x),
        site.constant("weights", np.transpose(wide, (0, 2, 3, 1))),
        site.constant("bias", bias),
        strides=(h.stride, w.stride),
        dilations=(h.dilation, w.dilation),
        pads=(h.before, w.before, h.after, w.after),
        groups=groups,
    )
    return channels_first(site, made, len(shape))


READERS: Mapping[str, Reader] = {"Conv": _conv}
"""By ONNX operator."""
