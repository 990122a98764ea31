"""Reads HDF5 as untrusted data: no links, no external or virtual storage, no filters, sizes capped before reading."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import h5py
import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.limits import Limits, cap_elements
from nn4mc.importers.messages import listed, quoted
from nn4mc.ir import Float32Array

_T = TypeVar("_T")


_HEAP_SIGNATURE = b"GCOL"
_HEAP_HEADER = 16
"""Bytes before a heap's first object, and before each object's data."""


def guarded(where: str, read: Callable[[], _T]) -> _T:
    """Run one call into the HDF5 library; what it raises on a damaged file becomes a ModelError."""
    try:
        return read()
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, MemoryError, OverflowError) as error:
        reason = quoted(str(error).splitlines()[0]) if str(error) else type(error).__name__
        raise ModelError(f"{where}: damaged or not HDF5 ({reason})") from error


def check_heaps(data: bytes, where: str) -> None:
    """Raise ModelError for a global heap (HDF5 specification III.E) whose objects do not fill it exactly.

    The HDF5 library walks these objects, which hold a file's texts, and never ends where one has no length.
    """
    start = data.find(_HEAP_SIGNATURE)
    while start >= 0:
        end = start + int.from_bytes(data[start + 8 : start + 16], "little")
        at = start + _HEAP_HEADER
        while at + _HEAP_HEADER <= end:
            index = int.from_bytes(data[at : at + 2], "little")
            length = int.from_bytes(data[at + 8 : at + 16], "little")
            step = _HEAP_HEADER + (length + 7) // 8 * 8 if index else length
            if step < _HEAP_HEADER or at + step > min(end, len(data)):
                raise ModelError(f"{where}: damaged or not HDF5 (the heap at byte {start} is broken)")
            at += step
        start = data.find(_HEAP_SIGNATURE, start + 1)


def members(group: h5py.Group, allowed: set[str], where: str) -> list[str]:
    """Return the names in ``group``; ModelError for one outside ``allowed`` and for every link that is not hard."""
    names = guarded(where, lambda: list(group))
    for name in names:
        if name not in allowed:
            raise ModelError(f"{where}: unexpected entry {quoted(name)}, expected only {listed(allowed)}")
        link = guarded(where, partial(group.get, name, getlink=True))
        if not isinstance(link, h5py.HardLink):
            raise ModelError(f"{where}/{name}: soft and external links are refused")
    return names


def subgroup(group: h5py.Group, name: str, where: str) -> h5py.Group:
    """Return the group ``name`` of ``group``; ModelError when it is missing or something else."""
    found = guarded(where, lambda: group.get(name))
    if not isinstance(found, h5py.Group):
        raise ModelError(f"{where}: group '{name}' is missing")
    return found


def text_attribute(group: h5py.Group, name: str, where: str) -> str:
    """Return a short text attribute; ModelError when it is missing, long or not text."""
    if not guarded(where, lambda: name in group.attrs):
        raise ModelError(f"{where}: attribute '{name}' is missing")
    attribute = guarded(where, lambda: group.attrs.get_id(name))
    if not guarded(where, lambda: isinstance(attribute.get_type(), h5py.h5t.TypeStringID) and attribute.shape == ()):
        raise ModelError(f"{where}: attribute '{name}' is not one text")
    if guarded(where, attribute.get_storage_size) > 4096:
        raise ModelError(f"{where}: attribute '{name}' is too long")
    value = guarded(where, lambda: group.attrs[name])
    if not isinstance(value, str):
        raise ModelError(f"{where}: attribute '{name}' is {type(value).__name__}, expected text")
    return value


def floats(group: h5py.Group, name: str, limits: Limits, where: str) -> Float32Array:
    """Return a float32 dataset stored plainly inside the file; ModelError for anything else."""
    dataset = guarded(where, lambda: group.get(name))
    if not isinstance(dataset, h5py.Dataset):
        raise ModelError(f"{where}: dataset '{name}' is missing")
    where = f"{where}/{name}"
    dtype = guarded(where, lambda: dataset.dtype)
    if dtype != np.dtype("<f4"):
        raise ModelError(f"{where}: type {quoted(str(dtype))}, expected little-endian float32")
    if guarded(
        where,
        lambda: dataset.is_virtual or dataset.external is not None or dataset.id.get_create_plist().get_nfilters() > 0,
    ):
        raise ModelError(f"{where}: external, virtual and compressed storage is refused")
    declared = guarded(where, lambda: dataset.shape)
    if declared is None:
        raise ModelError(f"{where}: is empty")
    shape = tuple(int(n) for n in declared)
    cap_elements(shape, limits, where)
    values = guarded(where, lambda: np.asarray(dataset[()], dtype=np.float32))
    if not np.isfinite(values).all():
        raise ModelError(f"{where}: holds NaN or Inf")
    return values
