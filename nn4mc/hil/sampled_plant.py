"""What the simulated plants of the rigs share: Runge-Kutta steps, a delayed command, noise by seed, lost readings.

A rig's ``plant.py`` describes its physics as a `Model`; `SampledPlant` makes an `nn4mc.hil.rig.Plant` of it. The state
is a value, and noise depends on the seed and the number of the step alone, so that a flight can be repeated exactly.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nn4mc.errors import DeviceError
from nn4mc.hil.mismatch import Mismatch
from nn4mc.hil.record import Vector, Words
from nn4mc.hil.rig import Reference

Numbers = tuple[float, ...]


class Model(Protocol):
    """The physics of one plant; ``x`` is its state in continuous time, a command is in the rig's own unit."""

    command_range: tuple[float, float]
    outputs: int
    noise: Vector
    trim: Numbers
    substeps: int

    def rest(self) -> Numbers:
        """Return the state of equilibrium under the command ``trim``."""

    def advance(self, x: Numbers, command: Numbers, h: float) -> Numbers:
        """Return the state ``h`` seconds later, with the command held."""

    def sense(self, x: Numbers, noise: Vector) -> Vector:
        """Return what the sensors read, the ``outputs`` words of the outputs first, with ``noise`` in their units."""

    def position(self, x: Numbers) -> Vector:
        """Return the true position (3,) in m."""

    def lost(self, x: Numbers) -> bool:
        """Whether the plant has left the space in which its equations make sense."""


@dataclass(frozen=True)
class Sampled:
    """The state of a plant at a control step; ``waiting`` holds commands that have not reached it, the oldest first."""

    x: Numbers
    seed: int
    step: int
    waiting: tuple[Numbers, ...]


class SampledPlant:
    """A model stepped at a fixed rate; implements nn4mc.hil.rig.Plant."""

    def __init__(self, model: Model, mismatch: Mismatch, period_s: float) -> None:
        """Keep the model, what it differs in, and the length of a step."""
        self.model = model
        self.mismatch = mismatch
        self.period_s = period_s

    def initial(self, reference: Reference, rng: np.random.Generator) -> Sampled:
        """Return rest under the trim command; ``rng`` draws the seed of the noise."""
        waiting = (self.model.trim,) * self.mismatch.delay_steps
        return Sampled(self.model.rest(), int(rng.integers(2**63)), 0, waiting)

    def sensors(self, state: Sampled) -> Words:
        """Return what the sensors read at this step, as float32."""
        rng = np.random.default_rng((state.seed, state.step))
        noise = self.model.noise * self.mismatch.noise
        words = self.model.sense(state.x, noise * rng.standard_normal(noise.size)).astype(np.float32)
        if self.mismatch.dropouts and rng.random() < self.mismatch.dropouts:
            words[: self.model.outputs] = np.nan
        return words

    def step(self, state: Sampled, command: Words) -> Sampled:
        """Return the state one period later; the command is clamped to its range, delayed and held."""
        given = command.tolist()
        if not all(map(math.isfinite, given)):
            raise DeviceError(f"the command {given} is not finite; a controller must never send this")
        low, high = self.model.command_range
        waiting = (*state.waiting, tuple(min(max(word, low), high) for word in given))
        x, h = state.x, self.period_s / self.model.substeps
        for _ in range(self.model.substeps):
            x = self.model.advance(x, waiting[0], h)
        return Sampled(x, state.seed, state.step + 1, waiting[1:])

    def position(self, state: Sampled) -> Vector:
        """Return the true position (3,) in m."""
        return self.model.position(state.x)

    def trim_command(self) -> Words:
        """Return the command under which the plant rests at its start."""
        return np.array(self.model.trim, np.float32)

    def variables(self) -> dict[str, float]:
        """Return no variables: these controllers have none that depend on the plant."""
        return {}

    def lost(self, state: Sampled) -> bool:
        """Whether the model says so, or a number of the state is no longer finite."""
        return not all(map(math.isfinite, state.x)) or self.model.lost(state.x)


def runge_kutta(f: Callable[[Numbers], Numbers], x: Numbers, h: float) -> Numbers:
    """Return x(t + h) of x' = f(x) by one classical Runge-Kutta step of fourth order.

    >>> round(runge_kutta(lambda x: (x[0],), (1.0,), 0.1)[0], 6)
    1.105171
    """
    k1 = f(x)
    k2 = f(tuple([a + h / 2 * k for a, k in zip(x, k1, strict=True)]))
    k3 = f(tuple([a + h / 2 * k for a, k in zip(x, k2, strict=True)]))
    k4 = f(tuple([a + h * k for a, k in zip(x, k3, strict=True)]))
    return tuple([a + h / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(x, k1, k2, k3, k4, strict=True)])


def noise_of(*groups: tuple[float, int]) -> npt.NDArray[np.float64]:
    """Return standard deviations word by word from pairs of deviation and count.

    >>> noise_of((0.5, 2), (1.0, 1)).tolist()
    [0.5, 0.5, 1.0]
    """
    return np.concatenate([np.full(count, deviation) for deviation, count in groups])
