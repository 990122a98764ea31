"""Model files in, graphs out. Files are read as data; no code of a model ever runs."""

import os
from pathlib import Path

from nn4mc.errors import ModelError
from nn4mc.importers import rltools
from nn4mc.importers.limits import DEFAULT_LIMITS, Limits, cap
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.ir import Graph

BUILT_IN = {"raptor": raptor_checkpoint}
"""Models known by name: each function finds the file."""

READERS = {".h5": rltools.load, ".hdf5": rltools.load}
"""Readers by file suffix."""


def load(model: str | Path, limits: Limits = DEFAULT_LIMITS) -> Graph:
    """Read a model file, or a built-in model by name ("raptor"), into a graph.

    Raises ModelError when the file is missing, damaged or over ``limits``; UnsupportedError when it holds a layer
    without a C kernel; ToolMissingError when a built-in model's package is not installed.
    """
    path = BUILT_IN[str(model)]() if str(model) in BUILT_IN else Path(model)
    if not _is_file(path):
        raise ModelError(f"{path}: no such model file. Built-in models: {', '.join(BUILT_IN)}.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ModelError(f"{path}: files of type '{path.suffix}' are not read. Known: {', '.join(READERS)}.")
    if not os.access(path, os.R_OK):
        raise ModelError(f"{path}: may not be read by you.")
    cap(path.stat().st_size, limits.file_bytes, "the size in bytes", str(path))
    name = str(model) if str(model) in BUILT_IN else path.stem
    return reader(path, name, limits)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the file system takes
        return False
