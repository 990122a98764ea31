"""Adapters built for this machine, called from Python."""

import atexit
import ctypes
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from nn4mc.codegen.runtime import OPTIONS_HEADER
from nn4mc.flight_stack.folder import compile_for_stack
from nn4mc.flight_stack.table import stacks
from nn4mc.ir import Float32Array
from tests.c_network import FLAGS, build_library

STACKS = tuple(stacks())
PROPS = ("in", "out")
ROOM = 4096
"""Bytes for a policy's struct, which is known to C alone."""


def pointer(words: np.ndarray) -> ctypes.c_void_p:
    return words.ctypes.data_as(ctypes.c_void_p)


class Adapter:
    """One policy behind a stack's adapter: sensors (13,), set-point (8,), motors by name, all in the stack's units."""

    def __init__(self, name: str, library: ctypes.CDLL) -> None:
        self.name, self.stack, self._library = name, stacks()[name], library
        self.memory = ctypes.create_string_buffer(b"\xa5" * ROOM, ROOM)
        self._stamp = 0
        self.call("policy_init", self.memory)

    def call(self, function: str, *arguments: object) -> int:
        return int(getattr(self._library, f"{self.name}_{function}")(*arguments))

    def reset(self) -> None:
        self.call("policy_reset", self.memory)

    def to_policy(self, sensors: Float32Array, setpoint: Float32Array) -> tuple[Float32Array, Float32Array]:
        words, reference = np.zeros(13, np.float32), np.zeros(6, np.float32)
        self.call(
            "to_policy", pointer(_row(sensors, 13)), pointer(_row(setpoint, 8)), pointer(words), pointer(reference)
        )
        return words, reference

    def to_motors(self, command: Float32Array) -> dict[str, np.ndarray]:
        made = self._motors()
        self.call("to_motors", self.memory, pointer(_row(command, 4)), pointer(made))
        return self._outputs(made)

    def step(
        self, sensors: Float32Array, setpoint: Float32Array, time_us: int = 0, stamp: int | None = None
    ) -> tuple[int, dict[str, np.ndarray]]:
        made = self._motors()
        words, clock = _row(sensors, 13), ctypes.c_uint32(time_us)
        self._stamp = self._stamp + 1 if stamp is None else stamp
        wanted = np.append(_row(setpoint, 8).view(np.uint32), np.uint32(self._stamp))
        status = self.call("policy_step", self.memory, clock, pointer(words), pointer(wanted), pointer(made))
        return status, self._outputs(made)

    def heading_of_nose(self, sensors: Float32Array) -> Float32Array:
        heading = np.zeros(2, np.float32)
        self.call("heading_of_nose", pointer(_row(sensors, 13)), pointer(heading))
        return heading

    def _motors(self) -> np.ndarray:
        kinds = {"float": np.float32, "uint16": np.uint16}
        fields = [(output.name, kinds[output.type], 4) for output in self.stack.outputs]
        return np.zeros(1, np.dtype(fields, align=True))

    def _outputs(self, made: np.ndarray) -> dict[str, np.ndarray]:
        return {output.name: made[0][output.name].copy() for output in self.stack.outputs}


def _row(words: Float32Array, count: int) -> Float32Array:
    row = np.ascontiguousarray(words, np.float32)
    assert row.shape == (count,)
    return row


def session_folder(name: str) -> Path:
    """Return a new folder that goes when the tests end."""
    folder = Path(mkdtemp(prefix=f"nn4mc-test-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _shared_objects() -> tuple[Path, ...]:
    """Return the network and the runtime, which every adapter has in common, compiled once."""
    folder = session_folder("policy")
    compile_for_stack("raptor", STACKS[0]).write(folder)
    sources = sorted(path for path in folder.glob("*.c") if path.name.startswith(("nn4mc_", "raptor")))
    words = ["gcc", *FLAGS, "-fPIC", "-include", OPTIONS_HEADER, "-c", *(path.name for path in sources)]
    subprocess.run(words, cwd=folder, check=True)
    return tuple(path.with_suffix(".o") for path in sources)


@cache
def library_of(name: str, props: str = "in") -> Path:
    """Return the library of an adapter's C and its controller, compiled under the sanitizer of undefined behaviour."""
    folder = session_folder(name)
    compile_for_stack("raptor", name, props).write(folder)
    own = [folder / f"{name}_controller.c", folder / f"{name}_adapter.c", *_shared_objects()]
    flags = ["-fsanitize=undefined", "-fno-sanitize-recover=all", "-include", str(folder / OPTIONS_HEADER)]
    return build_library(own, folder / "adapter.so", *flags)


def adapter(name: str, props: str = "in") -> Adapter:
    """Return a fresh policy behind the adapter of a stack."""
    return Adapter(name, ctypes.CDLL(str(library_of(name, props))))
