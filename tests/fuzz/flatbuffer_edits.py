"""Edits of flatbuffers at the places that matter: fields, offsets, vtables and lengths, found without a schema."""

import struct
from collections.abc import Iterator
from random import Random

from tests.fuzz.bytes_edits import NUMBERS

_MOST_PLACES = 20_000


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0]) if 0 <= at <= len(data) - 2 else 0


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0]) if 0 <= at <= len(data) - 4 else 0


def _is_table(data: bytes, at: int) -> bool:
    if not 4 <= at <= len(data) - 4:
        return False
    vtable = at - int(struct.unpack_from("<i", data, at)[0])
    return 0 < vtable < len(data) - 4 and 4 <= _u16(data, vtable) <= 200 and 4 <= _u16(data, vtable + 2) <= 400


def _places(data: bytes) -> Iterator[int]:
    """Yield the positions of vtables, their entries, fields, and the lengths of vectors, from the root down."""
    waiting, seen = [_u32(data, 0)], set()
    while waiting and len(seen) < _MOST_PLACES:
        at = waiting.pop()
        if at in seen or not _is_table(data, at):
            continue
        seen.add(at)
        vtable = at - int(struct.unpack_from("<i", data, at)[0])
        yield from (at, vtable, vtable + 2)
        for entry in range(vtable + 4, vtable + _u16(data, vtable), 2):
            field = at + _u16(data, entry)
            if field == at:
                continue
            yield from (entry, field)
            target = field + _u32(data, field)
            if target >= len(data) - 4:
                continue
            count = _u32(data, target)
            waiting.append(target)
            if 0 < count < 2000:
                yield target
                waiting.extend(target + 4 + 4 * i + _u32(data, target + 4 + 4 * i) for i in range(count))


def edit_flatbuffer(content: bytes, rng: Random) -> bytes:
    """Return a flatbuffer with one to three numbers of its structure changed."""
    data, places = bytearray(content), list(_places(content))
    for _ in range(rng.choice((1, 1, 2, 3))):
        at, width = rng.choice(places), rng.choice((1, 1, 2, 4))
        if at + width > len(data):
            continue
        old = int.from_bytes(data[at : at + width], "little")
        new = rng.choice((old + 1, old - 1, old + 4, old - 4, _u32(data, rng.choice(places)), *NUMBERS))
        data[at : at + width] = (new % (1 << 8 * width)).to_bytes(width, "little")
    return bytes(data)
