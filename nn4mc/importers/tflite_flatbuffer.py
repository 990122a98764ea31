"""Reads flatbuffers as untrusted data: every offset, vector and string is checked against the file before it is read.

A table is a position; the signed offset there leads back to its vtable, which holds the place of each field by index.
Source: the FlatBuffers binary format (flatbuffers.dev, internals).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError

_LONGEST_TEXT = 200
Fields = Mapping[str, int]
"""The fields of a kind of table: the index in the vtable by name."""


@dataclass(frozen=True)
class Table:
    """A table of a flatbuffer: the whole file's bytes, where it starts, its fields, and what messages call it."""

    data: bytes
    position: int
    fields: Fields
    where: str

    def number(self, name: str, kind: str, default: float = 0) -> Any:
        """Return a scalar field of a struct format (``b B ? h H i I q f``), or its default when it is not stored."""
        at = self._place(name, struct.calcsize(kind))
        return default if at is None else self._unpack(kind, at)

    def table(self, name: str, fields: Fields) -> "Table | None":
        """Return the table a field points to, or None."""
        at = self._follow(name)
        return None if at is None else Table(self.data, at, fields, f"{self.where}.{name}")

    def tables(self, name: str, fields: Fields, most: int) -> list["Table"]:
        """Return the tables of a vector; ModelError when there are more than ``most``."""
        start, count = self._vector(name, 4)
        if count > most:
            raise ModelError(f"{self.where}.{name}: {count:,} entries, more than the limit of {most:,}")
        places = [(start + 4 * i, f"{self.where}.{name}[{i}]") for i in range(count)]
        return [Table(self.data, at + self._unpack("I", at), fields, where) for at, where in places]

    def numbers(self, name: str, dtype: str) -> npt.NDArray[Any]:
        """Return a vector of scalars of a little-endian numpy type, empty when it is not stored."""
        kind = np.dtype(dtype)
        start, count = self._vector(name, kind.itemsize)
        return np.frombuffer(self.data, kind, count, start) if count else np.zeros(0, kind)

    def text(self, name: str) -> str:
        """Return a string, cut to 200 bytes; what is not UTF-8 is replaced."""
        start, count = self._vector(name, 1)
        return self.data[start : start + min(count, _LONGEST_TEXT)].decode("utf-8", "replace")

    def has(self, name: str) -> bool:
        """Return whether the field is stored."""
        return self._place(name, 1) is not None

    def _place(self, name: str, width: int) -> int | None:
        """Return the position of a field of ``width`` bytes, or None when the table does not store it."""
        vtable = self.position - self._unpack("i", self.position)
        vtable_bytes, table_bytes = self._unpack("H", vtable), self._unpack("H", vtable + 2)
        entry = 4 + 2 * self.fields[name]
        offset = self._unpack("H", vtable + entry) if entry + 2 <= vtable_bytes else 0
        if offset == 0:
            return None
        if offset < 4 or offset + width > table_bytes:
            raise ModelError(f"{self.where}.{name}: damaged (offset {offset} in a table of {table_bytes} bytes)")
        return self.position + offset

    def _follow(self, name: str) -> int | None:
        at = self._place(name, 4)
        return None if at is None else at + int(self._unpack("I", at))

    def _vector(self, name: str, width: int) -> tuple[int, int]:
        """Return where a vector's elements start and how many there are, all within the file."""
        at = self._follow(name)
        if at is None:
            return 0, 0
        count = int(self._unpack("I", at))
        if at + 4 + count * width > len(self.data):
            raise ModelError(f"{self.where}.{name}: damaged ({count:,} entries reach beyond the end of the file)")
        return at + 4, count

    def _unpack(self, kind: str, at: int) -> Any:
        if at < 0 or at + struct.calcsize(kind) > len(self.data):
            raise ModelError(f"{self.where}: damaged (offset {at:,} in a file of {len(self.data):,} bytes)")
        return struct.unpack_from(f"<{kind}", self.data, at)[0]


def root(data: bytes, identifier: bytes, fields: Fields, where: str) -> Table:
    """Return the root table; ModelError when the file does not carry the 4-byte ``identifier``."""
    if len(data) < 8 or data[4:8] != identifier:
        raise ModelError(f"{where}: not a TensorFlow Lite model (no '{identifier.decode()}' at byte 4)")
    return Table(data, int(struct.unpack_from("<I", data)[0]), fields, where)
