"""Puts a trained model's folder in place: whole or not at all, and never over files that are somebody else's."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nn4mc.errors import ConfigError
from nn4mc.train.metadata import MARK, METADATA

_LIST = "files.txt"
"""Names of the files of the folder, so that those of others are known."""


def check_place(folder: Path) -> None:
    """Raise ConfigError when ``folder`` is a file, or holds anything that nn4mc train did not write."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ConfigError(f"{folder}: is in the way. Name another folder.")
    inside = {one.name for one in folder.iterdir()}
    if inside and not _is_ours(folder):
        raise ConfigError(f"{folder}: was not written by nn4mc train and stays as it is. Name another folder.")
    foreign = sorted(inside - _listed(folder))
    if foreign:
        raise ConfigError(f"{folder}: holds {', '.join(foreign)[:200]}, which nn4mc train did not write. Move it away.")


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` beside ``folder`` and then rename; ConfigError when the place cannot be written."""
    check_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _fill(draft, files)
            _swap(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written ({error.strerror}). Name another folder.") from error


def _fill(draft: Path, files: Mapping[str, bytes]) -> None:
    draft.chmod(0o755)
    for name, data in files.items():
        (draft / name).write_bytes(data)
    (draft / _LIST).write_text("\n".join(sorted(files)) + "\n")


def _swap(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.rename(folder)
        return
    old = draft.with_name(draft.name + ".old")
    folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def _is_ours(folder: Path) -> bool:
    try:
        return (folder / METADATA).read_bytes().startswith(MARK.encode())
    except OSError:
        return False


def _listed(folder: Path) -> set[str]:
    try:
        return {_LIST, *(folder / _LIST).read_text().split("\n")}
    except (OSError, UnicodeDecodeError):
        return {_LIST}
