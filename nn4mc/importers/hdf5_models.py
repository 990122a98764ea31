"""Model files in HDF5: RLtools checkpoints and Keras' legacy format, told apart by what is at their root."""

from pathlib import Path

import h5py

from nn4mc.importers import rltools_hdf5
from nn4mc.importers.hdf5 import check_heaps, guarded
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Graph


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read an HDF5 model; ModelError and UnsupportedError as its reader raises them."""
    check_heaps(path.read_bytes(), str(path))
    with guarded(str(path), lambda: h5py.File(path, "r")) as file:
        is_keras = guarded(str(path), lambda: "model_config" in file.attrs)
    if is_keras:
        from nn4mc.importers import keras  # noqa: PLC0415 - read only when it is one

        return keras.load(path, name, options)
    return rltools_hdf5.load(path, name, options)
