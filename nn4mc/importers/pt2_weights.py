"""Stored tensors of a `.pt2`: raw storages, and strided views of them, checked against the storage's real size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.limits import Limits, cap, cap_elements
from nn4mc.importers.pt2_archive import Archive
from nn4mc.importers.pt2_schema import Payload, PayloadTable, SymInt
from nn4mc.importers.torch_advice import EXPORT_ADVICE

HALF, FLOAT, BOOL, BFLOAT16 = 6, 7, 12, 13
DTYPES = {
    1: "u1",
    2: "i1",
    3: "<i2",
    4: "<i4",
    5: "<i8",
    HALF: "<f2",
    FLOAT: "<f4",
    8: "<f8",
    BOOL: "?",
    BFLOAT16: "<u2",
}
"""numpy's types by torch's ScalarType; bfloat16 is the upper half of a float32."""
_TYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    8: "float64",
    12: "bool",
    13: "bfloat16",
}
_STRIDED = 7
_RANK = 8


@dataclass(frozen=True)
class _View:
    """Where the elements of a tensor lie in its storage; all counts are of elements."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


class Weights:
    """The parameters, buffers and constants of one model, read when asked for."""

    def __init__(self, archive: Archive, model: str, limits: Limits) -> None:
        """Read the two tables; UnsupportedError when any tensor is stored as a pickle."""
        self._archive, self._limits = archive, limits
        self._folders: dict[str, tuple[str, Payload]] = {}
        for folder, kind in (("data/constants", "constants"), ("data/weights", "weights")):
            self._add(folder, f"{folder}/{model}_{kind}_config.json")
        self._storages: dict[str, bytes] = {}
        self._refuse_pickles()

    def _add(self, folder: str, table: str) -> None:
        if table not in self._archive.names:
            if any(name.startswith(f"{folder}/") for name in self._archive.names):
                raise UnsupportedError(
                    f"{self._archive.where}: no {table}: written by torch 2.8 or older, with pickled weights\n"
                    f"{EXPORT_ADVICE}"
                )
            return
        config = self._archive.json(table, PayloadTable).config
        cap(len(config), self._limits.nodes, "the number of tensors", f"{self._archive.where}: {table}")
        self._folders.update((key, (folder, payload)) for key, payload in config.items())

    def _refuse_pickles(self) -> None:
        pickled = [key[:80] for key, (_, payload) in self._folders.items() if payload.use_pickle]
        if pickled:
            raise UnsupportedError(
                f"{self._archive.where}: {', '.join(pickled[:20])}: stored as pickles, as tensor subclasses are; make "
                f"them plain tensors or parameters before the export\n{EXPORT_ADVICE}"
            )

    def read(self, key: str) -> npt.NDArray[np.generic]:
        """Return a stored tensor, floats as float32 or float64; ModelError when its layout does not fit its bytes."""
        where = f"{self._archive.where}: tensor '{key[:80]}'"
        if key not in self._folders:
            raise ModelError(f"{where} is not in the archive")
        folder, payload = self._folders[key]
        meta = payload.tensor_meta
        if meta is None or meta.dtype not in DTYPES or meta.layout != _STRIDED:
            raise UnsupportedError(f"{where}: its type or layout is not read; make it a dense float32 tensor")
        view = _View(_whole(meta.sizes, where), _whole(meta.strides, where), *_whole([meta.storage_offset], where))
        cap(len(view.shape), _RANK, "the number of axes", where)
        cap_elements(tuple(max(1, size) for size in view.shape), self._limits, where)
        storage = np.frombuffer(self._storage(folder, payload.path_name), np.uint8)
        values = _strided(storage, np.dtype(DTYPES[meta.dtype]), view, where)
        if meta.dtype == BFLOAT16:
            return np.asarray((values.astype(np.uint32) << 16).view(np.float32))
        return values.astype(np.float32) if meta.dtype == HALF else values

    def _storage(self, folder: str, path_name: str) -> bytes:
        name = f"{folder}/{path_name}"
        if name not in self._storages:
            self._storages[name] = self._archive.read(name, 8 * self._limits.parameters)
        return self._storages[name]


def _whole(sizes: list[SymInt], where: str) -> tuple[int, ...]:
    values = tuple(one.as_int for one in sizes if one.as_int is not None and 0 <= one.as_int < 1 << 40)
    if len(values) != len(sizes):
        raise ModelError(f"{where}: sizes, strides and offset must be whole numbers from 0")
    return values


def _strided(
    storage: npt.NDArray[np.uint8], dtype: np.dtype[np.generic], view: _View, where: str
) -> npt.NDArray[np.generic]:
    """Return a copy of a view, once its last element is known to exist."""
    if len(view.strides) != len(view.shape):
        raise ModelError(f"{where}: {len(view.shape)} sizes and {len(view.strides)} strides")
    if 0 in view.shape:
        return np.zeros(view.shape, dtype)
    last = view.offset + sum((size - 1) * stride for size, stride in zip(view.shape, view.strides, strict=True))
    count = storage.size // dtype.itemsize
    if last >= count:
        raise ModelError(f"{where}: needs {last + 1} values, its storage holds {count}")
    flat = storage[: count * dtype.itemsize].view(dtype)[view.offset :]
    # Along an axis of 1 no step is taken, and one that torch declares may be too large for numpy.
    steps = tuple(
        stride * dtype.itemsize if size > 1 else 0 for size, stride in zip(view.shape, view.strides, strict=True)
    )
    return np.lib.stride_tricks.as_strided(flat, view.shape, steps, writeable=False).copy()


def type_name(dtype: int) -> str:
    """Return the name of a ScalarType that is not float32, for messages.

    >>> type_name(5)
    'int64'
    """
    return _TYPES.get(dtype, f"torch type {dtype}")
