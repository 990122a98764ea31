"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: how converters write a dilated convolution of one axis."""

from collections.abc import Callable

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading
from nn4mc.importers.tflite_shapes import padded, slice_of


def _blocks(reading: Reading, one: TfliteOperator) -> tuple[str, tuple[int, ...], list[tuple[int, int]]]:
    """Return the input, the block sizes of the axes behind the batch, and what is added to or cut off each."""
    x = reading.name(one, 0)
    blocks, edges = reading.wholes(one, 1, "block shape"), reading.wholes(one, 2, "paddings or crops")
    fits = len(edges) == 2 * len(blocks) and 1 <= len(blocks) < len(reading.builder.shape(x))
    if not fits or min(blocks) < 1 or min(edges) < 0:
        raise ModelError(f"{one.options.where}: blocks {blocks} with edges {edges}")
    return x, blocks, list(zip(edges[::2], edges[1::2], strict=True))


def _space_to_batch(reading: Reading, one: TfliteOperator) -> str:
    """Interleaved parts of the axes become batches."""
    x, blocks, edges = _blocks(reading, one)
    count, rank = len(blocks), len(reading.builder.shape(x))
    before, after = ((0, *side, *((0,) * (rank - count - 1))) for side in zip(*edges, strict=True))
    if any((*before, *after)):
        x = padded(reading, x, before, after)
    shape = reading.builder.shape(x)
    if any(n % block for n, block in zip(shape[1:], blocks, strict=False)):
        raise ModelError(f"{one.options.where}: blocks {blocks} do not divide {shape}")
    pairs = [size for n, block in zip(shape[1:], blocks, strict=False) for size in (n // block, block)]
    x = reading.reshape(x, (shape[0], *pairs, *shape[1 + count :]))
    inner, outer = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    x = reading.node("transpose", [x], {"perm": (*inner, 0, *outer, *range(2 * count + 1, rank + count))})
    smaller = (n // block for n, block in zip(shape[1:], blocks, strict=False))
    return reading.reshape(x, (shape[0] * int(np.prod(blocks)), *smaller, *shape[1 + count :]))


def _batch_to_space(reading: Reading, one: TfliteOperator) -> str:
    """The way back: batches become interleaved parts of the axes, then the edges are cut off."""
    x, blocks, edges = _blocks(reading, one)
    shape, count = reading.builder.shape(x), len(blocks)
    batch = shape[0] // int(np.prod(blocks))
    x = reading.reshape(x, (*blocks, batch, *shape[1:])) if batch * int(np.prod(blocks)) == shape[0] else x
    if len(reading.builder.shape(x)) != len(shape) + count:
        raise ModelError(f"{one.options.where}: blocks {blocks} do not divide a batch of {shape[0]}")
    woven = [axis for i in range(count) for axis in (count + 1 + i, i)]
    x = reading.node("transpose", [x], {"perm": (count, *woven, *range(2 * count + 1, count + len(shape)))})
    wide = (batch, *(n * block for n, block in zip(shape[1:], blocks, strict=False)), *shape[1 + count :])
    x = reading.reshape(x, wide)
    starts = (0, *(first for first, _ in edges), *((0,) * (len(wide) - count - 1)))
    sizes = (batch, *(n - sum(cut) for n, cut in zip(wide[1:], edges, strict=False)), *wide[1 + count :])
    return slice_of(reading, x, starts, sizes)


READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = {
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "BATCH_TO_SPACE_ND": _batch_to_space,
}
