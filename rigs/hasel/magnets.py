"""Magnetometers under the platform: each reads the dipole fields of all its magnets, and the field of the earth.

B(r) = mu0/(4 pi) (3 (m . r) r / |r|^5 - m / |r|^3), the field of a point dipole (Jackson, Classical Electrodynamics,
equation 5.56).
"""

import numpy as np

from nn4mc.hil.record import Vector

MU0_OVER_4_PI = 1e-7
"""T m / A."""


def dipole_field(moment: Vector, at: Vector) -> Vector:
    """Return the field (..., 3) in T of dipoles ``moment`` (..., 3) in A m^2, at places ``at`` (..., 3) in m from them.

    >>> on_axis = dipole_field(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.1]))
    >>> [float(round(b, 9)) for b in on_axis]  # 2 m / |r|^3
    [0.0, 0.0, 0.0002]
    """
    square = np.sum(at * at, axis=-1, keepdims=True)
    along = np.sum(moment * at, axis=-1, keepdims=True)
    field: Vector = MU0_OVER_4_PI * (3 * along * at / square - moment) / (square * np.sqrt(square))
    return field


def hexagon(radius: float, height: float, turned_deg: float = 0.0) -> Vector:
    """Return six places (6, 3) on a circle about z."""
    angles = np.radians(turned_deg + 60.0 * np.arange(6))
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(6, height)], axis=1)


def readings(sensors: Vector, places: Vector, moments: Vector) -> Vector:
    """Return what ``sensors`` (n, 3) read of dipoles ``moments`` (k, 3) at ``places`` (k, 3): (n, 3) in T."""
    total: Vector = dipole_field(moments[None, :, :], sensors[:, None, :] - places[None, :, :]).sum(axis=1)
    return total
