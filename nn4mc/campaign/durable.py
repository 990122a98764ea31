"""Files that are either whole or not there, whatever happens to the process or the machine that writes them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nn4mc.errors import ConfigError

DRAFT = ".draft"
_LOCK = "lock"


def write_whole(path: Path, data: bytes) -> None:
    """Write ``path`` so that a crash leaves the old file or the new one: draft, fsync, rename, fsync of the folder.

    Raises ConfigError where the disk is full or takes no files; what was there stays.
    """
    draft = path.with_name(f".{path.name}{DRAFT}")
    with _writing(path):
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def make_folder(path: Path) -> None:
    """Make a folder where there is none; ConfigError where there can be none."""
    with _writing(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}). What is done is kept.\n"
            "Make room and run the same command again, or take another folder."
        ) from error


def remove_drafts(folder: Path) -> None:
    """Remove what writes that never came to their end left in a folder."""
    for path in folder.glob(f".*{DRAFT}"):
        path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock while the context is open; ConfigError when another process holds it.

    The lock is the kernel's and ends with the process, so that a crash leaves none behind.
    """
    path = folder / _LOCK
    with _writing(path):
        lock = path.open("a+")
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ConfigError(
                f"{folder}: process {file.read().strip()} runs a campaign in it. Wait for it, or take another folder."
            ) from error
        with _writing(path):
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def is_locked(folder: Path) -> bool:
    """Return whether a process runs a campaign in a folder."""
    path = folder / _LOCK
    if not path.exists():
        return False
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
