"""Builds the firmware's C for this machine, as a library that ctypes loads."""

import ctypes
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB_HIL = ROOT / "firmware" / "lib" / "hil" / "src"
LIB_NN4MC = ROOT / "firmware" / "lib" / "nn4mc" / "src"
PROBE = Path(__file__).parent / "probe"
TEST_CONTROLLER = Path(__file__).parent / "controller"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Wvla -Werror".split()
INCLUDES = [f"-I{folder}" for folder in (LIB_HIL, LIB_NN4MC, TEST_CONTROLLER)]


def build_library(folder: Path, name: str, sources: list[Path], *, sanitize: bool = True) -> ctypes.CDLL:
    """Compile ``sources`` into ``folder`` and load them; with ``sanitize``, undefined behaviour aborts."""
    library = folder / f"{name}.so"
    flags = ["-std=c99", "-O2", "-g", "-fPIC", "-shared", "-ffp-contract=off", *WARNINGS, *INCLUDES]
    if sanitize:
        flags += ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    subprocess.run(["gcc", *flags, *map(str, sources), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))
