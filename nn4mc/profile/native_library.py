"""C that runs inside the emulator's hooks, compiled once by this machine's compiler and kept."""

import ctypes
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from nn4mc.build.host import WARNINGS, host_compiler
from nn4mc.build.platformio import cache_dir
from nn4mc.build.process import run

_SOURCES = Path(__file__).with_name("native")
_FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", *WARNINGS)


def available() -> bool:
    """Return whether this machine has the compiler; NN4MC_NATIVE=0 says to do without."""
    return os.environ.get("NN4MC_NATIVE") != "0" and shutil.which("gcc") is not None


@cache
def load() -> ctypes.CDLL:
    """Return the library, compiled on the first call ever and after a change of its sources.

    Raises ToolMissingError without gcc, BuildError when it fails.
    """
    sources = sorted(_SOURCES.glob("*.c"))
    digest = hashlib.sha256(" ".join((host_compiler(), *_FLAGS)).encode())
    for path in sorted(_SOURCES.iterdir()):
        digest.update(path.read_bytes())
    library = cache_dir() / f"nn4mc-hooks-{digest.hexdigest()[:16]}.so"
    if not library.is_file():
        _build(sources, library)
    return ctypes.CDLL(str(library))


def _build(sources: list[Path], library: Path) -> None:
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=".hooks-") as scratch:
        made = Path(scratch) / library.name
        run([host_compiler(), *_FLAGS, *sources, "-o", made], stage="building the emulator's counters")
        made.replace(library)  # in one step: another process may be at it too
