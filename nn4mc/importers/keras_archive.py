"""The parts of a Keras file: its configuration (JSON), the version that wrote it, and its weights (HDF5).

A ``.keras`` file is a zip of which three members are read, by exact name, into memory; nothing is ever unpacked to
disk. A legacy ``.h5`` file holds the configuration in an attribute.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from nn4mc.errors import ModelError
from nn4mc.importers import hdf5
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.messages import quoted

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_CONFIG_BYTES = 16 << 20
_CONFIG_DEPTH = 200
_DIRECTORY_BYTES = 1 << 20
_BYTES_PER_PARAMETER = 32  # float32, two slots of an optimiser, and as much again for HDF5's own tables
_ZIP_ERRORS = (zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError, OverflowError)
_END_OF_DIRECTORY, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"


@dataclass(frozen=True)
class KerasFile:
    """One Keras model: ``config`` as parsed JSON, Keras' major ``version``, weights; ``legacy`` is the HDF5 format."""

    path: Path
    config: Any
    version: int
    weights: h5py.File
    legacy: bool


@contextmanager
def open_keras(path: Path, limits: Limits) -> Iterator[KerasFile]:
    """Open a ``.keras`` or legacy HDF5 file; ModelError when it is damaged, or larger than the limits."""
    if path.suffix.lower() == ".keras":
        with _open_archive(path, limits) as file:
            yield file
    else:
        with _open_legacy(path) as file:
            yield file


@contextmanager
def _open_archive(path: Path, limits: Limits) -> Iterator[KerasFile]:
    parts = _read_members(path, limits)
    config = _json(parts[CONFIG], f"{path}: {CONFIG}")
    metadata = _json(parts.get(METADATA, b"{}"), f"{path}: {METADATA}")
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    where = f"{path}: {WEIGHTS}"
    hdf5.check_heaps(parts[WEIGHTS], where)
    with hdf5.guarded(where, lambda: h5py.File(io.BytesIO(parts[WEIGHTS]), "r")) as weights:
        yield KerasFile(path, config, _major(version, 3, str(path)), weights, legacy=False)


@contextmanager
def _open_legacy(path: Path) -> Iterator[KerasFile]:
    where = str(path)
    with hdf5.guarded(where, lambda: h5py.File(path, "r")) as file:
        config = _json(_text(file, "model_config", where), f"{where}: attribute model_config")
        stated = hdf5.guarded(where, lambda: "keras_version" in file.attrs)
        version = _text(file, "keras_version", where) if stated else None
        yield KerasFile(path, config, _major(version, 2, where), file, legacy=True)


def _text(file: h5py.File, name: str, where: str) -> str:
    """Return a text attribute at the root, which Keras 2 wrote as bytes and Keras 3 writes as text."""
    if not hdf5.guarded(where, lambda: name in file.attrs):
        raise ModelError(f"{where}: attribute '{name}' is missing: is this a whole Keras model, not only its weights?")
    size = hdf5.guarded(where, lambda: file.attrs.get_id(name).get_storage_size())
    cap(size, _CONFIG_BYTES, f"the size in bytes of attribute '{name}'", where)
    value = hdf5.guarded(where, lambda: file.attrs[name])
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise ModelError(f"{where}: attribute '{name}' is {type(value).__name__}, expected text")
    cap(len(value), _CONFIG_BYTES, f"the length of attribute '{name}'", where)
    return value


def _major(version: object, otherwise: int, where: str) -> int:
    """Return Keras' major version, 2 or 3; older ones wrote Keras 2's format or none that is read."""
    if version is None:
        return otherwise
    first = str(version).split(".")[0]
    if first not in {"1", "2", "3"}:
        raise ModelError(f"{where}: written by Keras {str(version)[:20]!r}, expected version 2 or 3")
    return max(2, int(first))


def _json(text: str | bytes, where: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: is no readable JSON ({type(error).__name__})") from error
    level, depth = [value], 0
    while level:
        cap(depth, _CONFIG_DEPTH, "the depth of its JSON", where)
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list)))
        level, depth = [one for values in inner for one in values], depth + 1
    return value


def _read_members(path: Path, limits: Limits) -> dict[str, bytes]:
    data = path.read_bytes()
    _check_directory(data, str(path))
    largest = {CONFIG: _CONFIG_BYTES, METADATA: _CONFIG_BYTES}
    largest[WEIGHTS] = min(limits.file_bytes, _BYTES_PER_PARAMETER * limits.parameters)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [one for one in archive.infolist() if one.filename in largest]
            if len({one.filename for one in found}) != len(found):
                raise ModelError(f"{path}: a member occurs twice")
            parts = {one.filename: _read_member(archive, one, largest[one.filename], path) for one in found}
    except (zipfile.BadZipFile, *_ZIP_ERRORS) as error:
        raise ModelError(f"{path}: damaged or not a .keras archive ({quoted(str(error))})") from error
    for name in (CONFIG, WEIGHTS):
        if name not in parts:
            raise ModelError(f"{path}: '{name}' is missing: is this a model saved by model.save('name.keras')?")
    return parts


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, largest: int, path: Path) -> bytes:
    """Return a member's bytes, never more than ``largest`` of them, whatever the archive declares."""
    where = f"{path}: {member.filename}"
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ModelError(f"{where}: compression method {member.compress_type}, expected stored or deflated")
    cap(member.file_size, largest, "the unpacked size in bytes", where)
    with archive.open(member) as stream:
        data = stream.read(largest + 1)
    cap(len(data), largest, "the unpacked size in bytes", where)
    return data


def _check_directory(data: bytes, where: str) -> None:
    """Refuse a directory of more entries than a Keras model has, before they are read."""
    end = data.rfind(_END_OF_DIRECTORY, max(0, len(data) - (1 << 16) - 22))
    if end < 0 or len(data) - end < 22:
        raise ModelError(f"{where}: damaged or not a .keras archive (no zip directory)")
    if data[max(0, end - 20) : end].startswith(_ZIP64_LOCATOR):
        raise ModelError(f"{where}: a zip of the 64-bit format, which a model for a microcontroller never needs")
    (size,) = struct.unpack_from("<L", data, end + 12)
    cap(size, _DIRECTORY_BYTES, "the size in bytes of the zip directory", where)
