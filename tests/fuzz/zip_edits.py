"""Edits of archives: members renamed, doubled, lost, repacked, and edited with their checksums made right."""

import io
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.fuzz.bytes_edits import NUMBERS, edit_bytes
from tests.fuzz.hdf5_edits import edit_hdf5
from tests.fuzz.json_edits import edit_json

_NAMES = (
    "../../escaped",
    "/tmp/escaped",
    "",
    "a" * 3000,
    "config.json",
    "data.pkl",
    "models/other.json",
    "\u00e9/\n*/",
)
_HDF5 = b"\x89HDF"


@dataclass
class _Member:
    """A member of an archive; once bytes of it are damaged, no library is asked to edit it again."""

    name: str
    data: bytes
    sound: bool = True


_Members = list[_Member]


def _edit_content(members: _Members, rng: Random) -> None:
    one = rng.choice(members)
    if one.sound and one.data.startswith(b"{") and rng.random() < 0.85:
        one.data = edit_json(one.data, rng)
    elif one.sound and one.data.startswith(_HDF5) and rng.random() < 0.7:
        one.data = edit_hdf5(one.data, rng)
    else:
        one.data, one.sound = edit_bytes(one.data, rng), False


def _rename(members: _Members, rng: Random) -> None:
    one = rng.choice(members)
    one.name = rng.choice((*_NAMES, one.name + "x"))


def _double(members: _Members, rng: Random) -> None:
    members.append(replace(rng.choice(members)))


def _drop(members: _Members, rng: Random) -> None:
    if len(members) > 1:
        members.pop(rng.randrange(len(members)))


def _swap(members: _Members, rng: Random) -> None:
    one, other = rng.choice(members), rng.choice(members)
    one.name, other.name = other.name, one.name


def _inflate(members: _Members, rng: Random) -> None:
    rng.choice(members).data += b" " * rng.choice((1, 1 << 16, 8 << 20))


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
        for one in members:
            archive.writestr(zipfile.ZipInfo(one.name), one.data, compress_type=how)
    return memory.getvalue()


def _edit_directory(content: bytes, rng: Random) -> bytes:
    """Write a number into an entry of the directory: sizes, offsets, flags, methods and dates are all there."""
    entries = [
        at for at in range(len(content)) if content.startswith((b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"), at)
    ]
    at = rng.choice(entries) + 4 + 2 * rng.randrange(20)
    width = rng.choice((2, 4))
    return content[:at] + (rng.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little") + content[at + width :]


def edit_zip(content: bytes, rng: Random) -> bytes:
    """Return an archive with members or its directory edited."""
    if rng.random() < 0.1:
        return _edit_directory(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [_Member(one.filename, archive.read(one)) for one in archive.infolist()]
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(_EDITS)(members, rng)
    return _pack(members, rng)
