"""ONNX reductions and softmax."""

from collections.abc import Callable, Mapping

from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import Made, Site


def _axes(site: Site) -> tuple[int, ...]:
    """Return the axes to reduce, an attribute before opset 18 and an input since; empty when nothing is to be done."""
    rank = len(site.shape(0))
    found = site.known_ints(1, "axes") if site.has(1) else site.integers("axes", ())
    if found:
        return site.axes(found, rank)
    return () if site.integer("noop_with_empty_axes", 0) else tuple(range(rank))


def _reduced(site: Site, op: str, x: str) -> str:
    """Return a reduction of a live value; the value itself when there are no axes."""
    axes = _axes(site)
    return site.make(op, x, axes=axes, keepdims=bool(site.integer("keepdims", 1))) if axes else x


def _plain(op: str) -> Reader:
    return lambda site: _reduced(site, op, site.live(0))


def _squared(site: Site) -> str:
    return site.make("mul", site.live(0), site.live(0))


def _composed(before: Callable[[Site], str], after: str | None) -> Reader:
    """A sum of a function of the elements, then a function of the sum."""

    def read(site: Site) -> Made:
        total = _reduced(site, "reduce_sum", before(site))
        return total if after is None else site.make(after, total)

    return read


def _log_sum_exp(site: Site) -> Made:
    """max + log(sum(exp(x - max))): no exponential overflows."""
    x, axes = site.live(0), _axes(site)
    if not axes:
        return x
    largest = site.make("reduce_max", x, axes=axes, keepdims=True)
    total = site.make("reduce_sum", site.make("exp", site.make("sub", x, largest)), axes=axes, keepdims=True)
    kept = site.make("add", largest, site.make("log", total))
    shape = site.shape_of(kept)
    if site.integer("keepdims", 1):
        return kept
    return site.reshape(kept, tuple(n for i, n in enumerate(shape) if i not in axes))


def _product(site: Site) -> Made:
    """Multiply halves of an axis with each other until one entry is left."""
    x, axes = site.live(0), _axes(site)
    for axis in axes:
        while (count := site.shape_of(x)[axis]) > 1:
            half = count // 2
            made = site.make("mul", site.crop(x, axis, 0, half), site.crop(x, axis, half, half))
            odd = site.crop(x, axis, 2 * half, 1) if count % 2 else None
            x = made if odd is None else site.make("concat", made, odd, axis=axis)
    if site.integer("keepdims", 1):
        return x
    return site.reshape(x, tuple(n for i, n in enumerate(site.shape_of(x)) if i not in axes))


def _softmax(site: Site) -> Made:
    return site.make("softmax", site.live(0), axis=site.axis(site.integer("axis", -1), len(site.shape(0))))


def _log_softmax(site: Site) -> Made:
    """x - max - log(sum(exp(x - max))): exact where softmax would be 0."""
    x = site.live(0)
    axes = (site.axis(site.integer("axis", -1), len(site.shape(0))),)
    shifted = site.make("sub", x, site.make("reduce_max", x, axes=axes, keepdims=True))
    total = site.make("reduce_sum", site.make("exp", shifted), axes=axes, keepdims=True)
    return site.make("sub", shifted, site.make("log", total))


READERS: Mapping[str, Reader] = {
    "LogSoftmax": _log_softmax,
    "ReduceL1": _composed(lambda site: site.make("abs", site.live(0)), None),
    "ReduceL2": _composed(_squared, "sqrt"),
    "ReduceLogSum": _composed(lambda site: site.live(0), "log"),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceMax": _plain("reduce_max"),
    "ReduceMean": _plain("reduce_mean"),
    "ReduceMin": _plain("reduce_min"),
    "ReduceProd": _product,
    "ReduceSum": _plain("reduce_sum"),
    "ReduceSumSquare": _composed(_squared, None),
    "Softmax": _softmax,
}
"""By ONNX operator."""
