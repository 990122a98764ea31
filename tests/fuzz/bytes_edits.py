"""Damage that knows nothing of a format: flips, bursts, cuts, moved chunks, and numbers parsers trip over."""

from collections.abc import Callable
from random import Random

NUMBERS = (0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
"""Boundaries of integer types, and sizes no small model has."""
WIDE = (*NUMBERS, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def _flip(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _burst(data: bytearray, rng: Random) -> None:
    start = rng.randrange(len(data))
    count = min(rng.choice((2, 4, 8, 32, 200)), len(data) - start)
    data[start : start + count] = rng.choice((rng.randbytes(count), bytes(count), b"\xff" * count))


def _truncate(data: bytearray, rng: Random) -> None:
    del data[rng.randrange(len(data)) :]


def _insert(data: bytearray, rng: Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 64, 1000)))


def _duplicate(data: bytearray, rng: Random) -> None:
    start = rng.randrange(len(data))
    chunk = data[start : start + rng.choice((1, 4, 8, 64, 512))]
    at = rng.choice((start, rng.randrange(len(data))))
    data[at:at] = chunk


def _remove(data: bytearray, rng: Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 4, 8, 64, 512))]


def _number(data: bytearray, rng: Random) -> None:
    width = rng.choice((1, 2, 4, 8))
    if len(data) < width:
        return
    at = rng.randrange(len(data) - width + 1) // width * width
    data[at : at + width] = (rng.choice(WIDE) % (1 << 8 * width)).to_bytes(width, "little")


def _nudge(data: bytearray, rng: Random) -> None:
    at = rng.randrange(len(data))
    data[at] = (data[at] + rng.choice((-2, -1, 1, 2))) % 256


_EDITS: tuple[Callable[[bytearray, Random], None], ...] = (
    *(_flip, _burst, _truncate, _insert, _duplicate, _remove, _number, _number, _nudge, _nudge),
)


def edit_bytes(content: bytes, rng: Random) -> bytes:
    """Return ``content`` with one to three such edits."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if data:
            rng.choice(_EDITS)(data, rng)
    return bytes(data)
