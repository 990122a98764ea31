"""The window that convolutions and pools slide: sizes of each axis from ONNX' attributes."""

from dataclasses import dataclass, replace

from nn4mc.importers.onnx_site import Site
from nn4mc.ir import Shape

_AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class AxisWindow:
    """A window along one axis: entries before and after are padding; ``beyond`` is what ceil_mode looks past that."""

    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    beyond: int = 0

    @property
    def span(self) -> int:
        """How many entries the window covers, its gaps included."""
        return self.dilation * (self.kernel - 1) + 1


UNTOUCHED = AxisWindow(1, 1, 1, 1, 0, 0)
"""An axis of length 1 that a window does not see: what a 1D convolution has above and below."""


def windows_of(site: Site, shape: Shape, kernel: Shape) -> list[AxisWindow]:
    """Return the window along each spatial axis of an input (N, C, ...); ModelError when sizes do not fit."""
    lengths = shape[2:]
    rank = len(lengths)
    ones, zeros = (1,) * rank, (0,) * (2 * rank)
    strides, dilations = site.integers("strides", ones), site.integers("dilations", ones)
    pads = site.integers("pads", zeros)
    if (len(kernel), len(strides), len(dilations), len(pads)) != (rank, rank, rank, 2 * rank):
        raise site.fault(f"kernel, strides, dilations or pads do not have {rank} axes")
    if min(*kernel, *strides, *dilations, 1) < 1 or min(pads, default=0) < 0:
        raise site.fault("a kernel, stride or dilation is below 1, or a pad is negative")
    mode = site.text("auto_pad", "NOTSET")
    if mode not in _AUTO_PADS:
        raise site.fault(f"auto_pad is '{mode[:40]}', expected one of {', '.join(_AUTO_PADS)}")
    found = [AxisWindow(lengths[i], kernel[i], strides[i], dilations[i], pads[i], pads[i + rank]) for i in range(rank)]
    return [_fitting(site, one) for one in (_auto_padded(window, mode) for window in found)]


def _auto_padded(window: AxisWindow, mode: str) -> AxisWindow:
    if mode == "NOTSET":
        return window
    if mode == "VALID":
        return replace(window, before=0, after=0)
    steps = -(-window.length // window.stride)
    total = max(0, (steps - 1) * window.stride + window.span - window.length)
    smaller, larger = total // 2, total - total // 2
    before, after = (smaller, larger) if mode == "SAME_UPPER" else (larger, smaller)
    return replace(window, before=before, after=after)


def _fitting(site: Site, window: AxisWindow) -> AxisWindow:
    room = window.before + window.length + window.after - window.span
    if room < 0:
        raise site.fault(f"a window of {window.span} does not fit into an axis of {window.length} and its padding")
    if not site.integer("ceil_mode", 0):
        return window
    count = -(-room // window.stride) + 1
    if (count - 1) * window.stride >= window.before + window.length:
        count -= 1
    return replace(window, beyond=max(0, (count - 1) * window.stride - room))


def pair(windows: list[AxisWindow]) -> tuple[AxisWindow, AxisWindow]:
    """Return the windows along height and width; one axis is a width."""
    height, width = windows if len(windows) == 2 else (UNTOUCHED, windows[0])
    return height, width
