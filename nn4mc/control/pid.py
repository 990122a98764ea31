"""The PID controller as data, and its float64 reference.

One loop an output. With the period T, the output y and the wanted r of a loop, and all errors within its error limit E:

    e = r - y,    w = c r - y                    c: derivative weight, 1 acts on the error, 0 on the output alone
    d = (w - f) / (Tf + T),    f += T d          the derivative through a first-order filter Tf, by backward Euler
    v = kp e + I + kd d
    command = trim + A v, then the guard's limits and rate limits          A: allocation matrix (commands, loops)
    I += T (ki e + b B (command - wish))         B: pseudo-inverse of A; b: tracking rate

The last term is back-calculation (Astrom and Hagglund, PID Controllers, 1995, section 3.5): while limits or rates hold
the command back, the integral runs towards the value that would just ask for it. |I| stays within the integral limit.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from nn4mc.control.variables import Variable, offsets, resolve
from nn4mc.errors import ConfigError
from nn4mc.ir import Array

KIND = "pid"
LARGEST_GAIN = 1e4
LARGEST_NUMBER = 1e6
"""Bounds that keep every product of a step finite in float32, whatever the sensors say."""


@dataclass(frozen=True)
class Pid:
    """A PID controller; ``loops`` names its outputs, (n) below, and a command has (m) words.

    ``measured`` and ``wanted`` are the signals of the layouts ``sensors`` and ``reference`` (name -> words) that the
    loops compare, word for word. ``allocation`` (m, n) is in command units per unit of output; ``error_limit`` (n) and
    ``integral_limit`` (n) are in units of the output. ``minimum``, ``maximum``, ``trim`` and ``safe`` (m) are commands.
    """

    period_s: float
    sensors: Mapping[str, int]
    reference: Mapping[str, int]
    measured: tuple[str, ...]
    wanted: tuple[str, ...]
    loops: tuple[str, ...]
    error_limit: tuple[float, ...]
    integral_limit: tuple[float, ...]
    allocation: tuple[tuple[float, ...], ...]
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    trim: tuple[float, ...]
    safe: tuple[float, ...]
    variables: Mapping[str, float] = field(default_factory=dict)


def known_variables(pid: Pid) -> tuple[Variable, ...]:
    """Return the variables of a PID: three gains a loop, in the order of the loops, then the settings of all."""
    reach = max(high - low for low, high in zip(pid.minimum, pid.maximum, strict=True))
    gains = [
        Variable(f"{gain}_{loop}", unit, 0.0, LARGEST_GAIN, 0.0)
        for loop in pid.loops
        for gain, unit in (("kp", ""), ("ki", "1/s"), ("kd", "s"))
    ]
    return (
        *gains,
        Variable("derivative_filter", "s", 0.0, 10.0, pid.period_s),
        Variable("derivative_weight", "", 0.0, 1.0, 1.0),
        Variable("tracking_rate", "1/s", 0.0, 1.0 / pid.period_s, min(1.0, 1.0 / pid.period_s)),
        Variable("rate_limit", "1/step", 0.0, reach, reach),
        Variable("hold_steps", "steps", 0.0, 1000.0, 10.0),
        Variable("safe_rate", "1/step", 0.0, reach, reach / 100.0),
        Variable("stuck_steps", "steps", 0.0, 10000.0, 0.0),
    )


def resolved_variables(pid: Pid) -> tuple[Variable, ...]:
    """Return the variables with the controller's own initial values; ConfigError for an unknown name or a bad value."""
    return resolve(known_variables(pid), pid.variables)


def inverse_allocation(pid: Pid) -> Array:
    """Return the pseudo-inverse (n, m) of the allocation: what a change of the command means to the loops."""
    return np.linalg.pinv(np.array(pid.allocation, np.float64), rcond=1e-9)


def signal_words(layout: Mapping[str, int], names: tuple[str, ...]) -> list[int]:
    """Return where the words of the signals ``names`` are in a layout."""
    starts = offsets(layout)
    return [starts[name] + word for name in names for word in range(layout[name])]


def pid_sha256(pid: Pid) -> str:
    """Return the sha256 of all that decides what the controller does, as 64 hex digits."""
    table = {**asdict(pid), "sensors": list(pid.sensors.items()), "reference": list(pid.reference.items())}
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def check_pid(pid: Pid) -> None:
    """Raise ConfigError when the numbers of a PID do not fit its layouts or one another."""
    for what, layout, names in (("sensor", pid.sensors, pid.measured), ("reference", pid.reference, pid.wanted)):
        missing = [name for name in names if name not in layout]
        if missing:
            raise ConfigError(f"pid: the rig has no {what} {missing}. It has: {', '.join(layout)}")
        words = sum(layout[name] for name in names)
        if words != len(pid.loops):
            raise ConfigError(f"pid: {what} {list(names)} has {words} words, expected {len(pid.loops)}, one a loop")
    loops, commands = len(pid.loops), len(pid.minimum)
    lengths = {
        "error_limit": loops,
        "integral_limit": loops,
        "allocation": commands,
        "trim": commands,
        "safe": commands,
    }
    for name, length in lengths.items():
        if len(getattr(pid, name)) != length:
            raise ConfigError(f"pid: {name} has {len(getattr(pid, name))} entries, expected {length}")
    if any(len(row) != loops for row in pid.allocation):
        raise ConfigError(f"pid: every row of allocation needs {loops} numbers, one a loop")
    _check_numbers(pid)


def _check_numbers(pid: Pid) -> None:
    numbers = [*pid.error_limit, *pid.integral_limit, *np.ravel(pid.allocation), *np.ravel(inverse_allocation(pid))]
    if not np.abs(numbers).max() <= LARGEST_NUMBER:
        raise ConfigError(f"pid: a limit, or a number of allocation or of its inverse, is above {LARGEST_NUMBER:g}")
    if min((*pid.error_limit, *pid.integral_limit)) <= 0:
        raise ConfigError("pid: error_limit and integral_limit must be above 0")
    if not 1e-5 <= pid.period_s <= 1e3:
        raise ConfigError(f"pid: a period of {pid.period_s:g} s, expected 1e-5 to 1e3")
    for name in ("trim", "safe"):
        within = zip(pid.minimum, getattr(pid, name), pid.maximum, strict=True)
        if not all(low <= value <= high for low, value, high in within):
            raise ConfigError(f"pid: {name} {list(getattr(pid, name))} is outside the command's range")


class PidReference:
    """The PID in float64 for valid sensors: what the C controller must agree with, step by step."""

    def __init__(self, pid: Pid) -> None:
        """Start before the first step."""
        check_pid(pid)
        self._pid = pid
        self._measured = signal_words(pid.sensors, pid.measured)
        self._wanted = signal_words(pid.reference, pid.wanted)
        self._allocation = np.array(pid.allocation, np.float64)
        self._inverse = inverse_allocation(pid)
        self.values = {variable.name: variable.initial for variable in resolved_variables(pid)}
        self.reset()

    def reset(self) -> None:
        """Empty the integrals and the filters; the last command is the trim again."""
        self.integral = np.zeros(len(self._pid.loops))
        self._filtered: Array | None = None
        self.command = np.array(self._pid.trim, np.float64)

    def step(self, sensors: Array, reference: Array) -> Array:
        """Return the command (m,) of one step."""
        pid, values = self._pid, self.values
        limit = np.array(pid.error_limit)
        y, r = sensors[self._measured], reference[self._wanted]
        error = np.clip(r - y, -limit, limit)
        rate = self._derivative(np.clip(values["derivative_weight"] * r - y, -limit, limit))
        virtual = self._gains("kp") * error + self.integral + self._gains("kd") * rate
        wish = np.array(pid.trim) + self._allocation @ virtual
        self.command = self._limited(wish)
        windup = values["tracking_rate"] * (self._inverse @ (self.command - wish))
        bound = np.array(pid.integral_limit)
        self.integral = np.clip(self.integral + pid.period_s * (self._gains("ki") * error + windup), -bound, bound)
        return self.command

    def _gains(self, gain: str) -> Array:
        return np.array([self.values[f"{gain}_{loop}"] for loop in self._pid.loops])

    def _derivative(self, w: Array) -> Array:
        if self._filtered is None:
            self._filtered = w
        rate: Array = (w - self._filtered) / (self.values["derivative_filter"] + self._pid.period_s)
        self._filtered = self._filtered + self._pid.period_s * rate
        return rate

    def _limited(self, wish: Array) -> Array:
        low, high, rate = np.array(self._pid.minimum), np.array(self._pid.maximum), self.values["rate_limit"]
        allowed: Array = np.clip(wish, low, high)
        return np.clip(np.clip(allowed, self.command - rate, self.command + rate), low, high)
