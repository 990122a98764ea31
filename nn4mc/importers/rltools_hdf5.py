"""RLtools checkpoints in HDF5: each array is a dataset, attributes are HDF5's."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import h5py

from nn4mc.errors import ModelError
from nn4mc.importers import hdf5
from nn4mc.importers.limits import Limits
from nn4mc.importers.messages import listed, quoted
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.rltools import read_checkpoint
from nn4mc.ir import Float32Array, Graph


@dataclass(frozen=True)
class Hdf5Group:
    """A group of an HDF5 file that is open, as `rltools_group.Group`."""

    h5: h5py.Group
    where: str
    limits: Limits
    separator: str = "/"

    def count(self) -> int:
        """Return the number of groups and arrays in this one."""
        return hdf5.guarded(self.where, lambda: len(self.h5))

    def members(self, allowed: Collection[str]) -> list[str]:
        """Return the names in this group; ModelError for others than allowed, and for links that are not hard."""
        return hdf5.members(self.h5, set(allowed), self.where)

    def attributes(self, allowed: Collection[str]) -> list[str]:
        """Return the names of the attributes; ModelError for others than allowed."""
        names = hdf5.guarded(self.where, lambda: list(self.h5.attrs))
        for name in names:
            if name not in allowed:
                raise ModelError(
                    f"{self.where}: unexpected attribute {quoted(name)}, expected only {listed(allowed) or 'none'}"
                )
        return names

    def group(self, name: str) -> "Hdf5Group":
        """Return the group ``name``; ModelError when it is missing or something else."""
        found = hdf5.subgroup(self.h5, name, self.where)
        return Hdf5Group(found, f"{self.where}{self.separator}{name}", self.limits)

    def text(self, name: str) -> str:
        """Return an attribute; ModelError when it is missing, long or no text."""
        return hdf5.text_attribute(self.h5, name, self.where)

    def array(self, name: str) -> Float32Array:
        """Return a dataset; ModelError unless it is finite float32 stored plainly inside the file."""
        return hdf5.floats(self.h5, name, self.limits, self.where)


def root_group(file: h5py.File, path: Path, limits: Limits) -> Hdf5Group:
    """Return the root of an open file."""
    return Hdf5Group(file, str(path), limits, ": ")


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read a checkpoint in HDF5; ModelError and UnsupportedError as `read_checkpoint` raises them."""
    data = path.read_bytes()
    hdf5.check_heaps(data, str(path))
    with hdf5.guarded(str(path), lambda: h5py.File(path, "r")) as file:
        root = root_group(file, path, options.limits)
        return read_checkpoint(root, name, hashlib.sha256(data).hexdigest(), options.limits)
