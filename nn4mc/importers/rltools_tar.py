"""RLtools checkpoints in a tar archive, PX4's policy.tar among them.

A group's attributes are lines ``key: value`` of its entry ``meta``. An array is a group of two entries: ``meta`` (type,
dtype, and num_dims with dim_0 ..., or in older files rows and cols), and ``data``, raw little-endian, in C order.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers import ustar
from nn4mc.importers.limits import Limits, cap, cap_elements
from nn4mc.importers.messages import listed, quoted
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.rltools import read_checkpoint
from nn4mc.ir import Float32Array, Graph

META, DATA = "meta", "data"
_MOST_META_BYTES = 4096
_MOST_DIMENSIONS = 8
_LINE = re.compile(r"([A-Za-z0-9_]+): (.*)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

Tree = Mapping[str, "Tree | memoryview"]
"""What is in a group, by name: groups, and the entries ``meta`` and ``data``."""


@dataclass(frozen=True)
class TarGroup:
    """A group of an archive, as `rltools_group.Group`."""

    tree: Tree
    where: str
    limits: Limits
    separator: str = "/"

    def count(self) -> int:
        """Return the number of groups and arrays in this one."""
        return len(self.tree.keys() - {META})

    def members(self, allowed: Collection[str]) -> list[str]:
        """Return the names of the groups and arrays in this one; ModelError for others than allowed."""
        return _only([name for name in self.tree if name != META], allowed, f"{self.where}: unexpected entry")

    def attributes(self, allowed: Collection[str]) -> list[str]:
        """Return the names of the attributes; ModelError for others than allowed."""
        return _only(self._meta(), allowed, f"{self.where}: unexpected attribute")

    def group(self, name: str) -> "TarGroup":
        """Return the group ``name``; ModelError when it is missing or an entry."""
        found = self.tree.get(name)
        if found is None or isinstance(found, memoryview):
            raise ModelError(f"{self.where}: group '{name}' is missing")
        return TarGroup(found, f"{self.where}{self.separator}{name}", self.limits)

    def text(self, name: str) -> str:
        """Return an attribute; ModelError when it is missing."""
        meta = self._meta()
        if name not in meta:
            raise ModelError(f"{self.where}/{META}: key '{name}' is missing")
        return meta[name]

    def array(self, name: str) -> Float32Array:
        """Return an array; ModelError unless it is finite float32 of the shape that its ``meta`` declares."""
        holder = self.group(name)
        _only(holder.tree, (META, DATA), f"{holder.where}: unexpected entry")
        shape = holder.shape()
        cap_elements(shape, self.limits, holder.where)
        data = holder.entry(DATA)
        wanted = int(np.prod(shape, dtype=np.int64)) * 4
        if len(data) != wanted:
            raise ModelError(f"{holder.where}/{DATA}: {len(data)} bytes, expected {wanted} for shape {shape}")
        values = np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)
        if not np.isfinite(values).all():
            raise ModelError(f"{holder.where}: holds NaN or Inf")
        return values

    def shape(self) -> tuple[int, ...]:
        """Return the shape that this array's ``meta`` declares."""
        kind = self.text("type")
        if kind == "tensor":
            rank = self._number("num_dims")
            cap(rank, _MOST_DIMENSIONS, "the number of dimensions", self.where)
            sizes = ["num_dims", *(f"dim_{i}" for i in range(rank))]
        elif kind == "matrix":
            sizes = ["rows", "cols"]
        else:
            raise ModelError(f"{self.where}/{META}: type {quoted(kind)}, expected 'tensor' or 'matrix'")
        self.attributes(("type", "dtype", *sizes))
        if self.text("dtype") != "float32":
            raise ModelError(f"{self.where}/{META}: dtype {quoted(self.text('dtype'))}, expected 'float32'")
        return tuple(self._number(name) for name in sizes if name != "num_dims")

    def entry(self, name: str) -> memoryview:
        """Return the bytes of an entry of this group; ModelError when it is missing or a group."""
        found = self.tree.get(name)
        if not isinstance(found, memoryview):
            raise ModelError(f"{self.where}: entry '{name}' is missing")
        return found

    def _number(self, name: str) -> int:
        value = self.text(name)
        if not _NUMBER.fullmatch(value):
            raise ModelError(f"{self.where}/{META}: {name} is {quoted(value)}, expected a number")
        return int(value)

    def _meta(self) -> dict[str, str]:
        if META not in self.tree:
            raise ModelError(f"{self.where}: entry '{META}' is missing")
        return _lines(self.entry(META), f"{self.where}/{META}")


def _lines(data: memoryview, where: str) -> dict[str, str]:
    """Return the keys and values of a ``meta``: printable text, each line ended, no key twice."""
    cap(len(data), _MOST_META_BYTES, "the size in bytes", where)
    try:
        text = bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{where}: is not text") from error
    found: dict[str, str] = {}
    *lines, rest = text.split("\n")
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or not line.isprintable():
            raise ModelError(f"{where}: {quoted(line)} is no line 'key: value'")
        if match[1] in found:
            raise ModelError(f"{where}: key {quoted(match[1])} is there twice")
        found[match[1]] = match[2]
    if rest:
        raise ModelError(f"{where}: the last line, {quoted(rest)}, has no end")
    return found


def _only(names: Collection[str], allowed: Collection[str], unexpected: str) -> list[str]:
    for name in names:
        if name not in allowed:
            raise ModelError(f"{unexpected} {quoted(name)}, expected only {listed(allowed)}")
    return list(names)


def _tree(entries: Mapping[str, memoryview], where: str, limits: Limits) -> Tree:
    """Sort entries into groups; no name may be an entry and a group."""
    root: dict[str, object] = {}
    for path, data in entries.items():
        *folders, name = path.split("/")
        cap(len(folders), limits.depth, "the depth of groups", f"{where}: {path}")
        group = root
        for folder in folders:
            inner = group.setdefault(folder, {})
            if not isinstance(inner, dict):
                raise ModelError(f"{where}: '{path}' lies in an entry, expected a group")
            group = inner
        if name in group:
            raise ModelError(f"{where}: '{path}' is both an entry and a group")
        group[name] = data
    return root  # type: ignore[return-value]


def root_group(data: bytes, path: Path, limits: Limits) -> TarGroup:
    """Return the root of an archive."""
    return TarGroup(_tree(ustar.entries(data, str(path)), str(path), limits), str(path), limits, ": ")


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read a checkpoint in a tar archive; ModelError and UnsupportedError as `read_checkpoint` raises them."""
    data = path.read_bytes()
    root = root_group(data, path, options.limits)
    return read_checkpoint(root, name, hashlib.sha256(data).hexdigest(), options.limits)
