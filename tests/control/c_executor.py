"""nn4mc_executor.c alone, as a library of this machine."""

import ctypes
from collections.abc import Mapping
from pathlib import Path

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.executor import EXECUTOR_VARIABLES, Age, Turn
from tests.c_network import build_library

SETTINGS = ("native_period", "native_every", "keep_phase", "gap_limit", "reference_limit", "reference_lost")
"""Variables in the order of nn4mc_executor_settings_t."""
INITIAL = {variable.name: variable.initial for variable in EXECUTOR_VARIABLES}
_ROOM = 512


class TimingStruct(ctypes.Structure):
    """As nn4mc_timing_t."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("calls", "native_steps", "missed", "restarts", "steps_back")),
        ("mean_us", ctypes.c_float),
        ("variance_us2", ctypes.c_float),
        ("shortest_us", ctypes.c_uint32),
        ("longest_us", ctypes.c_uint32),
    )


def build_c_executor(folder: Path) -> ctypes.CDLL:
    """Return the executor with the undefined behaviour of C trapped."""
    sources = [runtime_folder() / f"nn4mc_{name}.c" for name in ("executor", "intervals")]
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    return ctypes.CDLL(str(build_library(sources, folder / "executor.so", *flags)))


class CClock:
    """What nn4mc.control.executor.Clock is, in C."""

    def __init__(self, library: ctypes.CDLL, values: Mapping[str, float]) -> None:
        self._library = library
        self._memory = (ctypes.c_uint64 * _ROOM)()
        self._settings = (ctypes.c_uint32 * len(SETTINGS))(*(int(values[name]) for name in SETTINGS))
        self._intervals = (ctypes.c_uint64 * _ROOM)()
        library.nn4mc_executor_reset(self._memory)
        library.nn4mc_intervals_reset(self._intervals)

    def begin(self, time_us: int, stamp: int) -> Turn:
        words = ctypes.c_uint32(time_us), ctypes.c_uint32(stamp)
        turn = Turn(self._library.nn4mc_executor_begin(self._memory, self._settings, *words))
        self._library.nn4mc_executor_measure(self._memory, self._intervals)
        return turn

    def advanced(self) -> None:
        self._library.nn4mc_executor_advanced(self._memory, self._settings)

    def age(self) -> Age:
        return Age(self._library.nn4mc_executor_reference(self._memory, self._settings))

    def mean(self, previous: float, mean: "ctypes.Array[ctypes.c_float]") -> None:
        self._library.nn4mc_executor_mean(self._memory, (ctypes.c_float * 1)(previous), mean, ctypes.c_size_t(1))

    def timing(self) -> TimingStruct:
        found = TimingStruct()
        self._library.nn4mc_executor_timing(self._memory, self._intervals, ctypes.byref(found))
        return found
