"""The index arithmetic of Slice, Split and Pad, the same for known arrays and live tensors."""

from nn4mc.importers.onnx_site import Site
from nn4mc.ir import Shape


def slice_bounds(site: Site, shape: Shape) -> list[tuple[int, int, int]]:
    """Return (start, count, step) of each axis of a Slice; counts may be 0, steps negative."""
    starts, ends = site.known_ints(1, "starts"), site.known_ints(2, "ends")
    axes = site.known_ints(3, "axes") if site.has(3) else tuple(range(len(starts)))
    steps = site.known_ints(4, "steps") if site.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise site.fault(f"{len(starts)} starts, {len(ends)} ends, {len(axes)} axes and {len(steps)} steps")
    bounds = [(0, n, 1) for n in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step == 0:
            raise site.fault("a step is 0")
        here = site.axis(axis, len(shape))
        taken = range(*slice(start, end, step).indices(shape[here]))
        bounds[here] = (taken.start if taken else 0, len(taken), step)
    return bounds


def split_sizes(site: Site, shape: Shape) -> tuple[int, tuple[int, ...]]:
    """Return the axis of a Split and the size of each part."""
    axis = site.axis(site.integer("axis", 0), len(shape))
    length = shape[axis]
    parts = site.integer("num_outputs", len(site.used))
    if site.has(1):
        sizes = site.known_ints(1, "split")
    else:
        if parts != len(site.used) or parts < 1:
            raise site.fault(f"num_outputs is {parts}, and there are {len(site.used)} outputs")
        chunk = -(-length // parts)
        sizes = tuple(max(0, min(chunk, length - i * chunk)) for i in range(parts))
    if sum(sizes) != length or len(sizes) != len(site.used) or min(sizes) < 0:
        raise site.fault(f"parts of sizes {sizes[:16]} along an axis of {length}, for {len(site.used)} outputs")
    return axis, sizes


def pad_sizes(site: Site, shape: Shape) -> tuple[list[int], list[int]]:
    """Return how many entries a Pad adds before and after each axis; a negative number cuts off."""
    axes = site.known_ints(3, "axes") if site.has(3) else tuple(range(len(shape)))
    pads = site.known_ints(1, "pads")
    if len(pads) != 2 * len(axes):
        raise site.fault(f"{len(pads)} pads for {len(axes)} axes")
    before, after = [0] * len(shape), [0] * len(shape)
    for i, axis in enumerate(axes):
        here = site.axis(axis, len(shape))
        before[here], after[here] = pads[i], pads[i + len(axes)]
    return before, after
