"""Generated networks as libraries of this machine, called with guard words around every buffer they are given."""

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.api import Network
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Float32Array

FLAGS = ["-std=c99", "-O2", "-ffp-contract=off"]
GUARD_WORDS = 16
GUARD = np.uint32(0xC0FFEE42)
Word = ctypes.POINTER(ctypes.c_float)


class Buffer:
    """Float words between guard words."""

    def __init__(self, words: int) -> None:
        self._all = np.full(words + 2 * GUARD_WORDS, GUARD, np.uint32)
        self.bits = self._all[GUARD_WORDS : GUARD_WORDS + words]
        self.values = self.bits.view(np.float32)

    @property
    def pointer(self) -> "ctypes._Pointer[ctypes.c_float]":
        return ctypes.cast(self._all.ctypes.data + 4 * GUARD_WORDS, Word)

    def guarded(self) -> bool:
        """Whether nobody wrote outside the words."""
        return bool((self._all[:GUARD_WORDS] == GUARD).all() and (self._all[-GUARD_WORDS:] == GUARD).all())


@dataclass(frozen=True)
class CNetwork:
    """A network inside a loaded library."""

    library: ctypes.CDLL
    network: Network

    def context(self) -> Buffer:
        """Return an initialised context: its state, then its arena, or one byte where there is neither."""
        buffer = Buffer(max(1, self.network.plan.state_len + self.network.plan.arena_len))
        self._function("init", None)(buffer.pointer)
        return buffer

    def run(self, context: Buffer, row: Float32Array) -> tuple[int, Float32Array]:
        """Run one step; the input must come back as it was, and nothing be written outside the buffers."""
        given, out = Buffer(self.network.plan.in_len), Buffer(self.network.plan.out_len)
        given.values[:] = row
        before = given.bits.copy()
        status = self._function("run", ctypes.c_int)(context.pointer, given.pointer, out.pointer)
        assert (given.bits == before).all(), "the input was written"
        assert given.guarded() and out.guarded() and context.guarded(), "written outside a buffer"
        return status, out.values.copy()

    def run_all(self, rows: Float32Array) -> Float32Array:
        """Run (steps, in) from the initial state; every step must succeed."""
        context = self.context()
        answers = [self.run(context, row) for row in rows]
        assert {status for status, _ in answers} == {0}
        return np.array([out for _, out in answers])

    def selftest(self) -> float:
        """Return the self-test's largest error."""
        return float(self._function("selftest", ctypes.c_float)(self.context().pointer))

    def _function(self, name: str, result: type | None) -> "ctypes._FuncPointer":
        function = getattr(self.library, f"{self.network.name}_{name}")
        function.restype = result
        return function


def load(networks: Sequence[Network], folder: Path, *flags: str) -> list[CNetwork]:
    """Compile networks of one target into one library, with one call of the compiler."""
    for network in networks:
        network.write(folder)
    library = folder / "networks.so"
    build_library(sorted(folder.glob("*.c")), library, *flags)
    loaded = ctypes.CDLL(str(library))
    return [CNetwork(loaded, network) for network in networks]


def build_library(sources: Sequence[Path], library: Path, *flags: str) -> Path:
    """Compile C to a library of this machine; headers stand beside the sources or in the runtime."""
    folders = [f"-I{folder}" for folder in (*sorted({source.parent for source in sources}), runtime_folder())]
    words = ["gcc", *FLAGS, "-fPIC", "-shared", *flags, *folders, *map(str, sources), "-o", str(library)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library
