"""Reads HDF5 as untrusted data: no links, no external or virtual storage, no filters, sizes capped before reading."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import h5py
import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.limits import Limits, cap_elements
from nn4mc.ir import Float32Array

_T = TypeVar("_T")


def guarded(where: str, read: Callable[[], _T]) -> _T:
    """Run one call into the HDF5 library; what it raises on a damaged file becomes a ModelError."""
    try:
        return read()
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, MemoryError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{where}: damaged or not HDF5 ({reason})") from error


def members(group: h5py.Group, allowed: set[str], where: str) -> list[str]:
    """Return the names in ``group``; ModelError for one outside ``allowed`` and for every link that is not hard."""
    names = guarded(where, lambda: list(group))
    for name in names:
        if name not in allowed:
            raise ModelError(f"{where}: unexpected entry '{name[:80]}', expected only {', '.join(sorted(allowed))}")
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
    if guarded(where, lambda: group.attrs.get_id(name).get_storage_size()) > 4096:
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
        raise ModelError(f"{where}: type {dtype}, expected little-endian float32")
    if guarded(
        where,
        lambda: dataset.is_virtual or dataset.external is not None or dataset.id.get_create_plist().get_nfilters() > 0,
    ):
        raise ModelError(f"{where}: external, virtual and compressed storage is refused")
    shape = tuple(int(n) for n in guarded(where, lambda: dataset.shape or ()))
    cap_elements(shape, limits, where)
    values = guarded(where, lambda: np.asarray(dataset[()], dtype=np.float32))
    if not np.isfinite(values).all():
        raise ModelError(f"{where}: holds NaN or Inf")
    return values
