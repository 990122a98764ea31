"""Edits of tar archives: entries renamed, doubled, lost, rewritten, headers changed with their checksums made right."""

import gzip
import io
import struct
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from tests.fuzz.bytes_edits import NUMBERS, edit_bytes

_NAMES = ("../../escaped", "/tmp/escaped", "", "a" * 100, "actor", "actor/layers/0/meta/x", "actor//meta", "\u00e9\n*/")
_FIELDS = {"mode": (100, 8), "size": (124, 12), "mtime": (136, 12), "type": (156, 1), "link": (157, 100)}
_FIELDS |= {"magic": (257, 8), "device": (329, 8), "prefix": (345, 155), "padding": (500, 12)}
_CHECKSUM = slice(148, 156)
_FORMATS = (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT)
_WORDS = ("", "0", "-1", "3", "48", "1000000000000", "float64", "gru", "lstm", "TANH", "tensor", "matrix", "x" * 5000)


@dataclass
class _Entry:
    """An entry, and the header fields that are written otherwise."""

    name: str
    data: bytes
    fields: dict[str, bytes] = field(default_factory=dict)


_Entries = list[_Entry]


def _meta(entries: _Entries, rng: Random) -> None:
    """Change a line of a description: its value, its key, its place, or whether it is there."""
    one = rng.choice([entry for entry in entries if entry.name.endswith("meta")] or entries)
    lines = one.data.decode("utf-8", "replace").split("\n")
    at = rng.randrange(len(lines))
    key, _, _ = lines[at].partition(": ")
    changed = (f"{key}: {rng.choice(_WORDS)}", f"{key}_2: 1", lines[at] + "\r", f"{key} \x1b[2J", rng.choice(lines))
    lines[at : at + 1] = rng.choice(([rng.choice(changed)], [rng.choice(changed)], [lines[at]] * 2, []))
    one.data = "\n".join(lines).encode()


def _values(entries: _Entries, rng: Random) -> None:
    one = rng.choice([entry for entry in entries if entry.name.endswith("data") and len(entry.data) > 3] or entries)
    at = rng.randrange(len(one.data) // 4 + 1) * 4
    value = rng.choice((float("nan"), float("inf"), 3e38, -3e38, 1e-45, 0.0))
    one.data = one.data[:at] + struct.pack("<f", value) + one.data[at + 4 :]


def _resize(entries: _Entries, rng: Random) -> None:
    one = rng.choice(entries)
    one.data = rng.choice(
        (one.data[:-1], one.data[:-4], b"", one.data * 2, one.data + bytes(4), one.data + bytes(1 << 20))
    )


def _bytes(entries: _Entries, rng: Random) -> None:
    one = rng.choice(entries)
    one.data = edit_bytes(one.data, rng)


def _rename(entries: _Entries, rng: Random) -> None:
    one, other = rng.choice(entries), rng.choice(entries)
    one.name = rng.choice((*_NAMES, one.name + "x", one.name + "/meta", other.name, one.name.rpartition("/")[0]))


def _swap(entries: _Entries, rng: Random) -> None:
    one, other = rng.choice(entries), rng.choice(entries)
    one.name, other.name = other.name, one.name


def _double(entries: _Entries, rng: Random) -> None:
    one = rng.choice(entries)
    entries.append(replace(one, name=rng.choice((one.name, f"x/{one.name}")), fields=dict(one.fields)))


def _drop(entries: _Entries, rng: Random) -> None:
    del entries[rng.randrange(len(entries))]


def _field(entries: _Entries, rng: Random) -> None:
    name, (_, width) = rng.choice(list(_FIELDS.items()))
    if name == "type":
        content = rng.choice((b"\0", b"1", b"2", b"3", b"5", b"g", b"x", b"L", b"K", b"S", b"7"))
    elif name == "size":
        content = b"%o" % rng.choice(NUMBERS)
    else:
        content = rng.choice((b"", b"/etc/passwd", b"ustar  \0", b"-1", b" 7 ", b"\x80\xff", rng.randbytes(width)))
    rng.choice(entries).fields[name] = content


_EDITS: tuple[Callable[[_Entries, Random], None], ...] = (
    *((_meta,) * 6),
    *(_values, _values, _resize, _resize, _bytes, _rename, _rename, _swap, _double, _drop, _field, _field),
)


def _header(entry: _Entry) -> bytes:
    header = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    content = {(0, 100): entry.name.encode(), _FIELDS["size"]: b"%011o" % len(entry.data)}
    content |= {_FIELDS[name]: value for name, value in entry.fields.items()}
    for (at, width), value in content.items():
        header[at : at + width] = value[:width].ljust(width, b"\0")
    header[_CHECKSUM] = b" " * 8
    header[_CHECKSUM] = b"%07o\0" % sum(header)
    return bytes(header)


def _pack(entries: _Entries, rng: Random) -> bytes:
    end = rng.choice((bytes(1024), bytes(1024), b"", bytes(10240), bytes(512), bytes(300), bytes(512) + b"more"))
    return b"".join(_header(one) + one.data + bytes(-len(one.data) % 512) for one in entries) + end


def _repack(entries: _Entries, rng: Random) -> bytes:
    """Write the archive as another program would: other formats, folders, links, compression."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w", format=rng.choice(_FORMATS)) as archive:
        if rng.random() < 0.5:
            extra = tarfile.TarInfo("actor")
            extra.type, extra.linkname = rng.choice((tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)), "/etc/passwd"
            archive.addfile(extra)
        for one in entries:
            info = tarfile.TarInfo(one.name)
            info.size = len(one.data)
            archive.addfile(info, io.BytesIO(one.data))
    return gzip.compress(memory.getvalue()) if rng.random() < 0.2 else memory.getvalue()


def edit_tar(content: bytes, rng: Random) -> bytes:
    """Return an archive with entries or their headers edited."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        listed = [(info.name, archive.extractfile(info)) for info in archive]
        entries = [_Entry(name, file.read()) for name, file in listed if file is not None]
    if rng.random() < 0.05:
        return _repack(entries, rng)
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(_EDITS)(entries, rng)
    return _pack(entries, rng)
