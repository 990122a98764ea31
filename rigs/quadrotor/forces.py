"""Forces from outside as functions of time: constant, a step of wind, gusts.

A gust is a sum of `HARMONICS` cosines an axis with random phases and frequencies (spectral representation: Shinozuka
and Jan, J. Sound Vib. 25, 1972). The frequencies are drawn, one from each part of equal power, from the spectrum
2 T / (pi (1 + (w T)^2)) of a first-order process, so that over all seeds the force has mean zero, the stated standard
deviation and the autocorrelation exp(-|lag| / T), at every time, for every call rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .perturbation import Perturbation

Array = npt.NDArray[np.float64]
HARMONICS = 16
_GUST = 0x67757374
"""Parts the draws of gusts from those of noise with the same seed."""


@dataclass(frozen=True)
class Forces:
    """What acts on n vehicles: constant (n, 3), wind (n, 3) from start to end (n, 1), gusts (n, 3) over time (n,)."""

    constant: Array
    wind: Array
    start: Array
    end: Array
    gust: Array
    gust_time: Array


@dataclass(frozen=True)
class Gusts:
    """The harmonics of n flights: rad/s, rad (n, 3, HARMONICS), and their amplitude in N (n, 3)."""

    frequency: Array
    phase: Array
    amplitude: Array


def forces_of(changes: Sequence[Perturbation]) -> Forces:
    """Return the forces of some vehicles' perturbations."""
    return Forces(
        constant=np.array([one.force_n for one in changes]),
        wind=np.array([one.wind_n for one in changes]),
        start=np.array([[one.wind_start_s] for one in changes]),
        end=np.array([[one.wind_end_s] for one in changes]),
        gust=np.array([one.gust_n for one in changes]),
        gust_time=np.array([one.gust_time_s for one in changes]),
    )


def gusts_of(forces: Forces, seeds: Sequence[int]) -> Gusts | None:
    """Return the gusts of flights with these seeds, one a vehicle; None where no vehicle has any."""
    if not forces.gust.any():
        return None
    draws = np.array([np.random.default_rng([seed, _GUST]).random((2, 3, HARMONICS)) for seed in seeds])
    part = (np.arange(HARMONICS) + draws[:, 0]) / HARMONICS
    return Gusts(
        frequency=np.tan(np.pi / 2 * part) / forces.gust_time[:, None, None],
        phase=2 * np.pi * draws[:, 1],
        amplitude=forces.gust * np.sqrt(2 / HARMONICS),
    )


def force_at(forces: Forces, gusts: Gusts | None, time_s: float) -> Array:
    """Return the force (n, 3) in N, world frame."""
    total = forces.constant + np.where((forces.start <= time_s) & (time_s < forces.end), forces.wind, 0.0)
    if gusts is None:
        return total
    waves: Array = np.cos(gusts.frequency * time_s + gusts.phase).sum(axis=2)
    return total + gusts.amplitude * waves
