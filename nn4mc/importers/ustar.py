"""Reads a tar archive as untrusted data: plain files of the POSIX format (ustar), in memory, nothing unpacked to disk.

No links, devices, folders, long-name or pax records, no compression; a name is a path of letters, digits, ``_`` and
``-``; no name twice. Archives may end with or without their two empty blocks: RLtools writes both.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from nn4mc.errors import ModelError
from nn4mc.importers.limits import cap
from nn4mc.importers.messages import quoted

BLOCK = 512
_MOST_ENTRIES = 20_000
_NAME = slice(0, 100)
_SIZE = slice(124, 136)
_CHECKSUM = slice(148, 156)
_TYPE = slice(156, 157)
_MAGIC = slice(257, 265)
_PREFIX = slice(345, 500)
_USTAR = b"ustar\x0000"
_REGULAR = b"0"
_KINDS: Mapping[bytes, str] = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
    b"g": "a pax record",
    b"x": "a pax record",
    b"K": "a long link name",
    b"L": "a long name",
    b"S": "a sparse file",
}
_PACKED: Mapping[bytes, str] = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_PATH = re.compile(rb"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")


def entries(data: bytes, where: str) -> dict[str, memoryview]:
    """Return the content of every entry of an archive by name; ModelError, opening with ``where``, for anything else.

    >>> entries(bytes(1024), "empty.tar")
    {}
    """
    for signature, packing in _PACKED.items():
        if data.startswith(signature):
            raise ModelError(f"{where}: is packed with {packing}; unpack it to a plain tar archive first")
    found: dict[str, memoryview] = {}
    for name, content in islice(_walk(data, where), _MOST_ENTRIES + 1):
        if name in found:
            raise ModelError(f"{where}: the entry '{name}' is there twice")
        found[name] = content
        cap(len(found), _MOST_ENTRIES, "the number of entries", where)
    return found


def _walk(data: bytes, where: str) -> Iterator[tuple[str, memoryview]]:
    view, at = memoryview(data), 0
    while at < len(data):
        header = data[at : at + BLOCK]
        if not any(header):
            if any(view[at:]):
                raise ModelError(f"{where}: damaged: data after the archive's end at byte {at}")
            return
        place = f"{where}: the entry at byte {at}"
        name, length = _parse(header, place)
        start = at + BLOCK
        at = start + -(-length // BLOCK) * BLOCK
        if at > len(data):
            raise ModelError(f"{place}, '{name}', is cut: {length} bytes declared, {len(data) - start} left")
        yield name, view[start : start + length]


def _parse(header: bytes, place: str) -> tuple[str, int]:
    """Return the name and the size that a header declares."""
    if len(header) < BLOCK:
        raise ModelError(f"{place} is cut: {len(header)} bytes left, a header has {BLOCK}")
    if header[_MAGIC] != _USTAR:
        raise ModelError(f"{place} is damaged or not of the POSIX format (tar --format=ustar)")
    blank = header[: _CHECKSUM.start] + b" " * 8 + header[_CHECKSUM.stop :]
    if _octal(header[_CHECKSUM], place) != sum(blank):
        raise ModelError(f"{place} is damaged: its checksum is wrong")
    if header[_TYPE] != _REGULAR:
        kind = _KINDS.get(header[_TYPE], f"of type {header[_TYPE]!r}")
        raise ModelError(f"{place} is {kind}: only plain files are read")
    name, _, rest = header[_NAME].partition(b"\0")
    if any(header[_PREFIX]) or any(rest) or not _PATH.fullmatch(name):
        raise ModelError(f"{place}: name {quoted(name.decode('latin-1'))}, expected a short path of plain names")
    return name.decode("ascii"), _octal(header[_SIZE], place)


def _octal(field: bytes, place: str) -> int:
    match = _OCTAL.fullmatch(field)
    if match is None:
        raise ModelError(f"{place} is damaged: {quoted(field.decode('latin-1'))} is no octal number")
    return int(match[1], 8)
