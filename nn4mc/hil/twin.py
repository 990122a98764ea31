"""The twin: the controller's generated C built for this machine, called in-process beside the board."""

import ctypes
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.build.process import find_tool, run
from nn4mc.codegen.runtime import OPTIONS_HEADER
from nn4mc.errors import BuildError, ConfigError, DeviceError
from nn4mc.hil.messages import Timing, Words
from nn4mc.hil.protocol import Mode
from nn4mc.resources import resource

SYMBOL = "controller"
"""Name of the ``nn4mc_controller_t`` every controller folder defines."""
FLAGS = ("-std=c99", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=default")
"""No contraction to fused multiply-adds: the bits must be the board's."""

_FLOATS = ctypes.POINTER(ctypes.c_float)
_STATE = ctypes.c_void_p


class _VariableTable(ctypes.Structure):
    """``nn4mc_variable_t``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("unit", ctypes.c_char_p),
        ("minimum", ctypes.c_float),
        ("maximum", ctypes.c_float),
        ("initial", ctypes.c_float),
    )


class _Call(ctypes.Structure):
    """``nn4mc_call_t``."""

    _fields_ = (
        ("time_us", ctypes.c_uint32),
        ("reference_stamp", ctypes.c_uint32),
        ("sensors", ctypes.c_void_p),
        ("reference", ctypes.c_void_p),
    )


class _Timing(ctypes.Structure):
    """``nn4mc_timing_t``."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("calls", "native_steps", "missed", "restarts", "steps_back")),
        ("mean_us", ctypes.c_float),
        ("variance_us2", ctypes.c_float),
        ("shortest_us", ctypes.c_uint32),
        ("longest_us", ctypes.c_uint32),
    )


class _ControllerTable(ctypes.Structure):
    """``nn4mc_controller_t``, field by field as in nn4mc_controller.h."""

    _fields_ = (
        ("kind", ctypes.c_char_p),
        ("model_id", ctypes.c_char_p),
        ("state_size", ctypes.c_size_t),
        ("sensor_len", ctypes.c_uint8),
        ("reference_len", ctypes.c_uint8),
        ("command_len", ctypes.c_uint8),
        ("variable_len", ctypes.c_uint8),
        ("variables", ctypes.POINTER(_VariableTable)),
        ("safe_command", _FLOATS),
        ("selftest_limit", ctypes.c_float),
        ("init", ctypes.CFUNCTYPE(None, _STATE)),
        ("reset", ctypes.CFUNCTYPE(None, _STATE)),
        ("step", ctypes.CFUNCTYPE(ctypes.c_int, _STATE, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
        ("mode", ctypes.CFUNCTYPE(ctypes.c_int, _STATE)),
        ("values", ctypes.CFUNCTYPE(_FLOATS, _STATE)),
        ("selftest", ctypes.CFUNCTYPE(ctypes.c_float, _STATE)),
        ("step_at", ctypes.CFUNCTYPE(ctypes.c_int, _STATE, ctypes.POINTER(_Call), ctypes.c_void_p)),
        ("timing", ctypes.CFUNCTYPE(None, _STATE, ctypes.POINTER(_Timing))),
    )


@dataclass(frozen=True)
class TwinStep:
    """What the host build answers to one step: ``command`` is float32 [command_len]."""

    status: int
    mode: Mode
    command: Words


class Twin:
    """One controller with a state of its own, stepped on this machine."""

    def __init__(self, library: Path, symbol: str = SYMBOL) -> None:
        """Load a controller's library, such as `build_twin` built, and initialise the state.

        Raises BuildError when it holds no ``nn4mc_controller_t`` named ``symbol``.
        """
        try:
            self._library = ctypes.CDLL(str(library))
            table = _ControllerTable.in_dll(self._library, symbol)
        except (OSError, ValueError) as error:
            raise BuildError(f"{library} cannot be loaded as a controller: {error}.") from error
        self._table = table
        self.kind: str = table.kind.decode()
        self.model_id: str = table.model_id.decode()
        self.sensor_len: int = table.sensor_len
        self.reference_len: int = table.reference_len
        self.command_len: int = table.command_len
        self.variable_len: int = table.variable_len
        self.selftest_limit: float = table.selftest_limit
        self.state_size: int = table.state_size
        self.keeps_time = bool(table.step_at)
        self._stamp = 0
        self._state = (ctypes.c_uint64 * (table.state_size // 8 + 1))()
        self._state_at = ctypes.addressof(self._state)
        table.init(self._state_at)

    def reset(self) -> None:
        """Clear the state as before the first step; variables keep their values."""
        self._table.reset(self._state_at)

    def step(self, sensors: Words, reference: Words, time_us: int = 0, stamp: int | None = None) -> TwinStep:
        """Run one step on float32 ``sensors`` [sensor_len] and ``reference`` [reference_len].

        A controller that keeps time is called at ``time_us``, modulo 2^32; without a ``stamp`` its reference is new.
        """
        sensors = np.ascontiguousarray(sensors, np.float32)
        reference = np.ascontiguousarray(reference, np.float32)
        if (sensors.size, reference.size) != (self.sensor_len, self.reference_len):
            raise ConfigError(
                f"the controller takes {self.sensor_len} sensors and {self.reference_len} references, "
                f"given {sensors.size} and {reference.size}."
            )
        command = np.zeros(self.command_len, np.float32)
        if self.keeps_time:
            self._stamp = self._stamp + 1 if stamp is None else stamp
            call = _Call(time_us, self._stamp, sensors.ctypes.data, reference.ctypes.data)
            status = self._table.step_at(self._state_at, ctypes.byref(call), command.ctypes.data)
        else:
            status = self._table.step(self._state_at, sensors.ctypes.data, reference.ctypes.data, command.ctypes.data)
        return TwinStep(status, Mode(self._table.mode(self._state_at)), command)

    def timing(self) -> Timing:
        """Return how the controller was called; ConfigError for one that keeps no time."""
        if not self.keeps_time:
            raise ConfigError(f"a controller of kind {self.kind} without an executor keeps no time.")
        found = _Timing()
        self._table.timing(self._state_at, ctypes.byref(found))
        return Timing(*(getattr(found, name) for name in Timing.__dataclass_fields__))

    def selftest(self) -> float:
        """Replay the golden vectors and return the largest error; resets the state."""
        return float(self._table.selftest(self._state_at))

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The controller's variables, in the order of their indices."""
        return tuple(self._table.variables[i].name.decode() for i in range(self._table.variable_len))

    @property
    def initial_values(self) -> dict[str, float]:
        """What the controller's variables start with, by name."""
        names = self.variable_names
        return {name: float(self._table.variables[i].initial) for i, name in enumerate(names)}

    def value(self, index: int) -> float:
        """Return the value of the variable of that index, as VARS does on the board."""
        return float(self._table.values(self._state_at)[index])

    def set_variables(self, values: Mapping[str, float]) -> None:
        """Set variables by name, as SET does on the board; ConfigError or DeviceError when it would refuse."""
        table = {name: i for i, name in enumerate(self.variable_names)}
        unknown = sorted(values.keys() - table.keys())
        if unknown:
            raise ConfigError(f"the controller has no variable {unknown}. It has: {', '.join(table)}.")
        for name, value in values.items():
            entry = self._table.variables[table[name]]
            if math.isnan(value) or not entry.minimum <= value <= entry.maximum:
                raise DeviceError(f"{name} = {value:g} is outside {entry.minimum:g} to {entry.maximum:g}.")
            self._table.values(self._state_at)[table[name]] = value


def build_twin(controller_dir: Path, build_dir: Path) -> Path:
    """Compile the C in ``controller_dir`` with the nn4mc runtime for this machine; return the shared library.

    What was built before from the same sources and flags is used again. Raises ToolMissingError without a C
    compiler and BuildError when it fails.
    """
    runtime = resource("firmware", "lib", "nn4mc", "src")
    compiler = find_tool("gcc", "gcc libc6-dev")
    folders = (controller_dir, runtime)
    sources = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    headers = [path for folder in folders for path in sorted(folder.glob("*.h"))]
    library = build_dir / f"twin-{_digest([*sources, *headers])}.so"
    if library.exists():
        return library
    build_dir.mkdir(parents=True, exist_ok=True)
    draft = library.with_suffix(".part")
    includes = [f"-I{folder}" for folder in folders]
    if (controller_dir / OPTIONS_HEADER).is_file():
        includes += ["-include", OPTIONS_HEADER]
    run([compiler, *FLAGS, *includes, *sources, "-o", draft], stage="building the controller for this machine")
    draft.replace(library)
    return library


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for path in files:
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
