"""Model files in, graphs out. Files are read as data; no code of a model ever runs."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

from nn4mc.errors import ModelError
from nn4mc.importers.isolated import isolated
from nn4mc.importers.limits import cap
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.importers.scaling import apply_scaling
from nn4mc.ir import Graph

BUILT_IN = {"raptor": raptor_checkpoint}
"""Models known by name: each function finds the file."""

READERS: Mapping[str, str] = {
    ".h5": "nn4mc.importers.hdf5_models",
    ".hdf5": "nn4mc.importers.hdf5_models",
    ".keras": "nn4mc.importers.keras",
    ".ckpt": "nn4mc.importers.torch_pickle",
    ".onnx": "nn4mc.importers.onnx",
    ".pt": "nn4mc.importers.torch_pickle",
    ".pt2": "nn4mc.importers.pt2",
    ".pth": "nn4mc.importers.torch_pickle",
    ".tar": "nn4mc.importers.rltools_tar",
    ".tflite": "nn4mc.importers.tflite",
}
"""The module whose ``load(path, name, options)`` reads a file of a suffix; imported only when it is needed."""

HDF5 = frozenset((".h5", ".hdf5", ".keras"))
"""Files that hold HDF5, whose library a damaged file can crash: they are read in a process of their own."""


def load(model: str | Path, options: ImportOptions = DEFAULT_OPTIONS) -> Graph:
    """Read a model file, or a built-in model by name ("raptor"), into a graph.

    Raises ModelError when the file is missing, damaged or over the limits; UnsupportedError, naming all of them,
    when it holds layers without a C kernel; ToolMissingError when a package that reads it is not installed.
    """
    path = BUILT_IN[str(model)]() if str(model) in BUILT_IN else Path(model)
    if not _is(Path.is_file, path):
        if _is(Path.is_dir, path):
            raise ModelError(f"{path}: no such model file: it is a folder. Name the file in it.")
        raise ModelError(f"{path}: no such model file. Built-in models: {', '.join(BUILT_IN)}.")
    module = READERS.get(path.suffix.lower())
    if module is None:
        raise ModelError(f"{path}: files of type '{path.suffix}' are not read. Known: {', '.join(READERS)}.")
    if not os.access(path, os.R_OK):
        raise ModelError(f"{path}: may not be read by you.")
    cap(path.stat().st_size, options.limits.file_bytes, "the size in bytes", str(path))
    name = str(model) if str(model) in BUILT_IN else path.stem
    read = partial(import_module(module).load, path, name, options)
    graph = isolated(read, str(path)) if path.suffix.lower() in HDF5 else read()
    assert isinstance(graph, Graph)
    return graph if options.scaling is None else apply_scaling(graph, options.scaling)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    try:
        return kind(path)
    except OSError:  # a name longer than the file system takes
        return False
