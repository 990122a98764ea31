"""Writes generated files: each one whole or not at all, and never over a file that is somebody else's."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nn4mc.errors import ConfigError

_MARK = "nn4mc"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write ``files`` (path inside ``folder`` -> text), replacing earlier ones of nn4mc's.

    Raises ConfigError, before anything is written, when a file in the way was not made by nn4mc.
    """
    foreign = [name for name in files if _is_foreign(folder / name)]
    if foreign:
        raise ConfigError(
            f"{folder}: {', '.join(foreign)} was not written by nn4mc and stays as it is. Name another folder."
        )
    for name, text in files.items():
        _replace(folder / name, text)


def _is_foreign(path: Path) -> bool:
    if not path.exists() and not path.is_symlink():
        return False
    return path.is_symlink() or not path.is_file() or _MARK not in path.read_text(errors="replace")


def _replace(path: Path, text: str) -> None:
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
