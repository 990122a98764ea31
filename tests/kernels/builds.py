"""The kernels built for this machine and for the emulated core, in every way that they can be configured."""

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.cross import FLAGS as CROSS_FLAGS
from nn4mc.build.host import FLAGS, WARNINGS
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.profile.core import Core
from nn4mc.target import TARGETS
from tests.core_batch import BIG_FLASH, BIG_RAM, BIG_SCRIPT
from tests.kernels.jobs import declared, table_header

HERE = Path(__file__).parent
SIZES = {"fast": "", "balanced": "NN4MC_BALANCED_CODE", "small": "NN4MC_SMALL_CODE", "large": "NN4MC_LARGE_NETWORK"}
"""The macros by which kernels are unrolled more or less."""
STEMS = ("nn4mc_rows", "nn4mc_sweep", "nn4mc_vector", "nn4mc_columns", "nn4mc_words")


@dataclass(frozen=True)
class Build:
    """A configuration of the runtime: ``size`` is one of SIZES; ``portable`` without assembly."""

    mac: str = "mul-add"
    size: str = "fast"
    portable: bool = False

    @property
    def name(self) -> str:
        """For the names of tests."""
        kind = "portable" if self.portable else "assembly"
        return f"{kind}-{self.mac}-{self.size}"

    @property
    def defines(self) -> list[str]:
        """Options of the compiler."""
        wanted = {"NN4MC_MAC_FMA": self.mac == "fma", "NN4MC_PORTABLE": self.portable}
        return [f"-D{name}" for name, on in {**wanted, SIZES[self.size]: True}.items() if on and name]


def kernel_sources() -> list[Path]:
    """Return the C and the assembly of all kernels."""
    return sorted(path for stem in STEMS for path in runtime_folder().glob(f"{stem}*.[cS]"))


def on_this_machine(build: Build, folder: Path, *sources: Path) -> ctypes.CDLL:
    """Return a library of portable kernels and ``sources``; libm is linked."""
    (folder / "kernels_under_test.h").write_text(table_header(declared()))
    own = [path for path in (*kernel_sources(), *sources) if path.suffix == ".c"]
    library = folder / f"{build.name}.so"
    words = [*FLAGS, *WARNINGS, *build.defines, *_includes(folder), "-fPIC", "-shared", *own, "-lm", "-o", library]
    _compile(["gcc", *words])
    return ctypes.CDLL(str(library))


def in_the_core(build: Build, folder: Path, *sources: Path) -> Core:
    """Return a core with room for large tables, and a program of the kernels and ``sources``."""
    (folder / "kernels_under_test.h").write_text(table_header(declared()))
    target = TARGETS["cortex-m4f"]
    elf = folder / f"{build.name}.elf"
    link = ["-nostdlib", f"-Wl,-T,{BIG_SCRIPT}", "-Wl,-e,0"]
    words = [*target.flags, *CROSS_FLAGS, *build.defines, *_includes(folder), *link, *kernel_sources(), *sources]
    _compile([target.compiler, *words, "-lgcc", "-o", elf])
    return Core(elf, (BIG_FLASH, BIG_RAM), count_conditionals=False)


def _includes(folder: Path) -> list[str]:
    return [f"-I{path}" for path in (folder, HERE, runtime_folder())]


def _compile(words: Sequence[str | Path]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
