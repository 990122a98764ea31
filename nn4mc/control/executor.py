"""The executor: a policy that was trained at one rate, called at another; as data, and its reference.

Native steps advance the policy's state, the calls between them are intermediate steps on a copy of it, and the policy
sees the mean of the previous actions since the last native step: the executor of RLtools (rl-tools/rl-tools,
``inference/executor``), with a grid of due times, gaps, and clocks that wrap or are set back on top. `Clock` says the
same as firmware/lib/nn4mc/src/nn4mc_executor.c by instants where that adds up intervals.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from nn4mc.control.variables import Variable
from nn4mc.errors import ConfigError

MOST_CALLS = 256
"""So many calls after a native step the next one is due, whatever the clock says."""
WRAP_US = 1 << 32
"""The clock is 32 bits wide."""
LONGEST_US = 0x1FFFFFFF
"""Longer intervals count as this, nine minutes."""

EXECUTOR_VARIABLES = (
    Variable("native_period", "us", 1e3, 1e6, 1e4),
    Variable("native_every", "calls", 0.0, 255.0, 0.0),
    Variable("keep_phase", "", 0.0, 1.0, 1.0),
    Variable("skip_intermediate", "", 0.0, 1.0, 0.0),
    Variable("gap_limit", "us", 0.0, 1e8, 5e5),
    Variable("reference_limit", "us", 0.0, 1e8, 5e5),
    Variable("reference_lost", "us", 0.0, 1e8, 0.0),
)
"""What a policy with an executor has beside its own; 0 is none or never, docs/executor.md says more."""


@dataclass(frozen=True)
class Executor:
    """How a policy is called: its own period, and the parts of a reference that are 0 at rest.

    A reference that is too old is followed with its ``rest`` parts zeroed: the vehicle stays at its place.
    """

    native_period_s: float = 0.01
    rest: tuple[str, ...] = ()


def executor_values(executor: Executor) -> dict[str, float]:
    """Return the variables that an executor's numbers are the initial values of.

    >>> executor_values(Executor(0.01))
    {'native_period': 10000.0}
    """
    return {"native_period": float(round(executor.native_period_s * 1e6))}


def check_executor(executor: Executor, reference: Mapping[str, int]) -> None:
    """Raise ConfigError for a part at rest that the ``reference``, name -> words, does not have."""
    for name in executor.rest:
        if name not in reference:
            raise ConfigError(f"executor: rest names '{name}', and the reference has: {', '.join(reference)}")


class Turn(IntEnum):
    """What a call is: ``nn4mc_turn_t``."""

    INTERMEDIATE = 0
    NATIVE = 1
    AFRESH = 2


class Age(IntEnum):
    """How old the reference of a call is: ``nn4mc_age_t``."""

    FRESH = 0
    STALE = 1
    LOST = 2


class Clock:
    """Which calls are native steps, by ``values``, the variables in force; times are in us.

    The clock's readings become instants of a time of its own, ``now``, which never wraps and never goes back.
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        """Start before the first call."""
        self.values = values
        self.now = 0
        self.tick = False
        self.native_steps = self.missed = self.restarts = self.steps_back = 0
        self._reading: int | None = None
        self._interval: float = math.inf
        self._base = 0
        self._native_at: int | None = None
        self._waiting = True
        self._calls = 0
        self._stamp: int | None = None
        self._stamp_at = 0

    def begin(self, time_us: int, stamp: int) -> Turn:
        """Take a call at a reading of the clock, with the number that stamps its reference."""
        first = self._reading is None
        step, went_back = (0, False) if self._reading is None else self._since(self._reading, time_us)
        self._reading = time_us
        self.now += step
        if stamp != self._stamp:
            self._stamp, self._stamp_at = stamp, self.now
        gap = self._whole("gap_limit")
        over = self._native_at is not None and 0 < gap < self.now - self._native_at
        if first or over:
            self.restarts += over
            self._base, self._calls, self._native_at = self.now, 0, None
            self._waiting = self.tick = True
            return Turn.AFRESH
        self.tick = self._is_tick(min(step, self._interval))
        self._calls = 0 if self.tick else self._calls + 1
        self._waiting |= self.tick
        if not went_back:
            self._interval = step
        return Turn.NATIVE if self._waiting else Turn.INTERMEDIATE

    def advanced(self) -> None:
        """A native step was made."""
        self.native_steps += 1
        self._waiting, self._native_at = False, self.now
        if not self._whole("keep_phase") or self.now - self._base > self._whole("native_period") // 2:
            self._base = self.now

    def age(self) -> Age:
        """Return how old the reference of the last call is."""
        old, limit, lost = self.now - self._stamp_at, self._whole("reference_limit"), self._whole("reference_lost")
        if 0 < lost < old:
            return Age.LOST
        return Age.STALE if 0 < limit < old else Age.FRESH

    def share(self) -> float:
        """Return the part of a period, at most all of it, between the last two calls."""
        return min(self._interval / self._whole("native_period"), 1.0)

    def _since(self, before: int, reading: int) -> tuple[int, bool]:
        """Return the time between two readings, and whether the clock was set back between them."""
        forward = (reading - before) % WRAP_US
        if forward < WRAP_US // 2:
            return min(forward, LONGEST_US), False
        self.steps_back += 1
        gap = self._whole("gap_limit")
        if 0 < gap < WRAP_US - forward:
            return gap + 1, True
        return int(min(self._interval, self._whole("native_period"))), True

    def _is_tick(self, usual: float) -> bool:
        period, every = self._whole("native_period"), self._whole("native_every")
        if every:
            self._base = self.now
            return self._calls + 1 >= every
        if self._on_grid(period, int(usual)) if self._whole("keep_phase") else self._anew(period):
            return True
        if self._calls + 1 < MOST_CALLS:
            return False
        self._base = self.now
        return True

    def _on_grid(self, period: int, usual: int) -> bool:
        """Whether no later call is nearer to the due instant; the grid goes on from there."""
        due = self._base + period
        if self.now + usual // 2 < due:
            return False
        late = self.now - due
        passed = (late + period // 2) // period if late > period // 2 else 0
        self.missed += passed
        self._base = due + passed * period
        return True

    def _anew(self, period: int) -> bool:
        periods = (self.now - self._base) // period
        if periods < 1:
            return False
        self.missed += periods - 1
        self._base = self.now
        return True

    def _whole(self, name: str) -> int:
        return int(self.values[name])
