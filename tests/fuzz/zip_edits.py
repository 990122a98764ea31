"""Edits of archives: members renamed, doubled, lost, repacked, and their content edited with the checksums made right."""

import io
import warnings
import zipfile
from collections.abc import Callable
from random import Random

from tests.fuzz.bytes_edits import NUMBERS, edit_bytes
from tests.fuzz.hdf5_edits import edit_hdf5
from tests.fuzz.json_edits import edit_json

_NAMES = ("../../escaped", "/tmp/escaped", "", "a" * 3000, "config.json", "data.pkl", "models/other.json", "\u00e9/\n*/")
_Members = list[tuple[str, bytes]]


def _edit_content(members: _Members, rng: Random) -> None:
    at = rng.randrange(len(members))
    name, data = members[at]
    if name.endswith(".json") and rng.random() < 0.85:
        data = edit_json(data, rng)
    elif name.endswith(".h5") and rng.random() < 0.7:
        data = edit_hdf5(data, rng)
    elif data:
        data = edit_bytes(data, rng)
    members[at] = (name, data)


def _rename(members: _Members, rng: Random) -> None:
    at = rng.randrange(len(members))
    members[at] = (rng.choice((*_NAMES, members[at][0] + "x")), members[at][1])


def _double(members: _Members, rng: Random) -> None:
    members.append(rng.choice(members))


def _drop(members: _Members, rng: Random) -> None:
    if len(members) > 1:
        members.pop(rng.randrange(len(members)))


def _swap(members: _Members, rng: Random) -> None:
    a, b = rng.randrange(len(members)), rng.randrange(len(members))
    members[a], members[b] = (members[a][0], members[b][1]), (members[b][0], members[a][1])


def _inflate(members: _Members, rng: Random) -> None:
    at = rng.randrange(len(members))
    members[at] = (members[at][0], members[at][1] + b" " * rng.choice((1, 1 << 16, 8 << 20)))


_EDITS: tuple[Callable[[_Members, Random], None], ...] = (
    *((_edit_content,) * 12),
    *(_rename, _double, _drop, _swap, _inflate),
)


def _pack(members: _Members, rng: Random) -> bytes:
    packed = rng.random() < 0.1
    how = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)) if packed else zipfile.ZIP_STORED
    memory = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(memory, "w", how) as archive:
        warnings.simplefilter("ignore")  # two members of one name is what is wanted
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=how)
    return memory.getvalue()


def _edit_directory(content: bytes, rng: Random) -> bytes:
    """Write a number into an entry of the directory: sizes, offsets, flags, methods and dates are all there."""
    entries = [at for at in range(len(content)) if content.startswith((b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"), at)]
    at = rng.choice(entries) + 4 + 2 * rng.randrange(20)
    width = rng.choice((2, 4))
    return content[:at] + (rng.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little") + content[at + width :]


def edit_zip(content: bytes, rng: Random) -> bytes:
    """Return an archive with members or its directory edited."""
    if rng.random() < 0.1:
        return _edit_directory(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(_EDITS)(members, rng)
    return _pack(members, rng)
