"""What the sensors read of true states: delayed, and with white noise by seed.

A reading is position 3, quaternion 4, velocity 3, angular velocity 3. A delay that is no whole number of calls reads
between the states at two calls, on the straight line; the quaternion is normalised. Until the delay has passed, the
sensors read the state at the start. The noise of the quaternion is a small rotation about a random body axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .perturbation import Perturbation

Array = npt.NDArray[np.float64]
READING = 13
CHANNELS = 12
BLOCK = 64
"""Steps whose noise is drawn at once; the noise of a step depends on seed and step alone."""
_NOISE = 0x6E6F6973
_WHOLE = 1e-9
"""A delay this close to a whole number of calls is one."""


@dataclass(frozen=True)
class Sensing:
    """The sensors of n vehicles: whole calls of delay and the rest (n,), standard deviations of noise (n, CHANNELS)."""

    late: npt.NDArray[np.int64]
    rest: Array
    noise: Array

    @property
    def depth(self) -> int:
        """How many past states have to be kept, the present one included."""
        return int(self.late.max()) + (2 if self.rest.any() else 1)


def sensing_of(changes: Sequence[Perturbation], period_s: float) -> Sensing:
    """Return the sensors of some vehicles' perturbations, read every ``period_s``."""
    calls = np.array([one.delay_ms / 1000.0 / period_s for one in changes])
    late = np.floor(calls + _WHOLE)
    rest = np.where(calls - late < _WHOLE, 0.0, calls - late)
    return Sensing(late.astype(np.int64), rest, np.array([one.noise() for one in changes]))


def read(sensing: Sensing, past: Sequence[Array], seeds: Sequence[int], step: int) -> Array:
    """Return the readings (n, READING) at ``step`` of states ``past``, each (n, 17 or more), the newest first."""
    seen = _delayed(sensing, past)
    # Others stay as they are to the last bit: turned by nothing, a quaternion would be normalised once more.
    (noisy,) = np.nonzero(sensing.noise.any(axis=1))
    if not noisy.size:
        return seen
    normals = np.array([_block(seeds[row], step // BLOCK)[step % BLOCK] for row in noisy.tolist()])
    error = sensing.noise[noisy] * normals
    seen = seen.copy()
    seen[noisy, 0:3] += error[:, 0:3]
    seen[noisy, 3:7] = _turned(seen[noisy, 3:7], error[:, 3:6])
    seen[noisy, 7:13] += error[:, 6:12]
    return seen


def _delayed(sensing: Sensing, past: Sequence[Array]) -> Array:
    oldest = len(past) - 1
    if not oldest or not (sensing.late.any() or sensing.rest.any()):
        return past[0][:, :READING]
    seen = np.empty((len(sensing.late), READING))
    for late in np.unique(sensing.late).tolist():
        rows = sensing.late == late
        newer, older = (past[min(at, oldest)][rows, :READING] for at in (late, late + 1))
        seen[rows] = newer + sensing.rest[rows, None] * (older - newer)
    between = sensing.rest != 0.0
    seen[between, 3:7] = _unit(seen[between, 3:7])
    return seen


def _turned(quaternion: Array, rotation: Array) -> Array:
    """Return q (n, 4) turned by a small rotation vector (n, 3) in rad: q + q (0, r) / 2, normalised."""
    w, x, y, z = quaternion.T
    a, b, c = rotation.T / 2
    change = np.stack(
        [-x * a - y * b - z * c, w * a + y * c - z * b, w * b + z * a - x * c, w * c + x * b - y * a], axis=1
    )
    return _unit(quaternion + change)


def _unit(quaternion: Array) -> Array:
    w, x, y, z = quaternion.T
    unit: Array = quaternion / np.sqrt(w * w + x * x + y * y + z * z)[:, None]
    return unit


@lru_cache(maxsize=4096)
def _block(seed: int, block: int) -> Array:
    """Return the standard normal draws (BLOCK, CHANNELS) of a part of a flight."""
    return np.random.default_rng([seed, _NOISE, block]).standard_normal((BLOCK, CHANNELS))
