"""A `.pt2` as untrusted data: a zip of stored members, read by name, with every size capped before reading."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.torch_advice import EXPORT_ADVICE

_MEMBERS = 20_000
_JSON_BYTES = 32 << 20
_JSON_VALUES = 1_000_000
_ENTRY = b"PK\x01\x02"
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    KeyError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    EOFError,
    IndexError,
    MemoryError,
)
_T = TypeVar("_T", bound=msgspec.Struct)


class Archive:
    """The members of one archive, by their names under its root folder."""

    def __init__(self, data: bytes, path: Path, limits: Limits) -> None:
        """Read the table of members; ModelError when ``data`` is no zip or has too many of them."""
        self.where, self._limits = str(path), limits
        # The number of entries bounds the memory that the table takes; it is counted before the table is read.
        cap(data.count(_ENTRY), _MEMBERS, "the number of members", self.where)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except _ZIP_ERRORS as error:
            raise ModelError(f"{self.where}: damaged or not a zip archive ({_reason(error)})") from error
        self._infos = {info.filename.partition("/")[2] or info.filename: info for info in infos}
        self._bytes_left = limits.file_bytes

    @property
    def names(self) -> list[str]:
        """The names of all members, without the root folder that torch puts them in."""
        return list(self._infos)

    def read(self, name: str, limit: int) -> bytes:
        """Return a member of at most ``limit`` bytes; ModelError when it is missing, packed, damaged or larger."""
        info = self._infos.get(name)
        where = f"{self.where}: {name[:80]}"
        if info is None:
            raise ModelError(f"{where}: no such member in the archive")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ModelError(f"{where}: is compressed or encrypted; torch.export.save stores members as they are")
        cap(info.file_size, limit, "the size in bytes", where)
        cap(info.file_size, self._bytes_left, "the size in bytes of all members read so far", where)
        self._bytes_left -= info.file_size
        try:
            return self._zip.read(info)
        except _ZIP_ERRORS as error:
            raise ModelError(f"{where}: damaged ({_reason(error)})") from error

    def json(self, name: str, kind: type[_T]) -> _T:
        """Return a JSON member as ``kind``; ModelError says where it differs from torch's schema."""
        data = self.read(name, _JSON_BYTES)
        # Every object and list costs far more memory than its two bytes of text.
        cap(
            data.count(b"{") + data.count(b"["),
            _JSON_VALUES,
            "the number of JSON objects",
            f"{self.where}: {name[:80]}",
        )
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise ModelError(f"{self.where}: {name[:80]}: not what torch.export writes ({_reason(error)})") from error


def model_name(archive: Archive) -> str:
    """Return the name of the one model in the archive; errors for none, several, and formats with pickled weights."""
    models = [one[7:-5] for one in archive.names if one.startswith("models/") and one.endswith(".json")]
    if len(models) == 1:
        return models[0]
    if models:
        listed = ", ".join(one[:40] for one in models[:8])
        raise ModelError(f"{archive.where}: holds {len(models)} models ({listed}): save the one to compile on its own")
    names = {Path(name).name for name in archive.names}
    if names & {"serialized_exported_program.json", "serialized_state_dict.pt", "serialized_state_dict.json"}:
        raise UnsupportedError(
            f"{archive.where}: written by torch 2.8 or older, its weights are a pickle\n{EXPORT_ADVICE}"
        )
    if names & {"data.pkl", "constants.pkl"}:
        raise UnsupportedError(
            f"{archive.where}: is a pickle (torch.save or torch.jit.save), no torch.export program\n{EXPORT_ADVICE}"
        )
    raise ModelError(f"{archive.where}: no models/NAME.json inside: not written by torch.export.save")


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
