"""Draws the arm as lines in space, for the report; the tip of the straight arm is the origin."""

import numpy as np

from nn4mc.hil.record import Drawing, Vector
from nn4mc.hil.sampled_plant import Sampled, SampledPlant

from .arm import place

_POINTS = 16
_RINGS = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(plant: SampledPlant, state: Sampled) -> Drawing:
    """Return the arm's axis, its rings and the four tendons as lines (n, 3) in m."""
    vehicle, (q1, q2) = plant.model.vehicle, state.x[4:6]  # type: ignore[attr-defined]
    length, offset = vehicle.length_m, vehicle.tendon_offset_m
    shares = np.linspace(0.0, 1.0, _POINTS)
    turn = np.linspace(0, 2 * np.pi, 17)
    rings = [_around(length, q1, q2, share, offset, turn) for share in _RINGS]
    angles = np.radians([a + side for a in vehicle.pair_angle_deg for side in (0.0, 180.0)])
    tendons = [
        np.concatenate([_around(length, q1, q2, share, offset, np.array([angle])) for share in shares])
        for angle in angles
    ]
    axis = np.array([place(length, q1, q2, share) for share in shares]) - [length, 0, 0]
    return axis, *rings, *tendons


def _around(length: float, q1: float, q2: float, share: float, radius: float, angles: Vector) -> Vector:
    """Return points (n, 3) at ``angles`` on the circle about the axis at ``share`` of the length."""
    bend = float(np.hypot(q1, q2))
    c, s = (q1 / bend, q2 / bend) if bend > 1e-9 else (1.0, 0.0)
    turned = share * bend
    # In the plane of bending: across the axis, and square to that plane.
    across = np.array([-np.sin(turned), np.cos(turned) * c, np.cos(turned) * s])
    aside = np.array([0.0, -s, c])
    inward, sideward = np.cos(angles) * c + np.sin(angles) * s, np.sin(angles) * c - np.cos(angles) * s
    centre = np.array(place(length, q1, q2, share)) - [length, 0, 0]
    result: Vector = centre + radius * (np.outer(inward, across) + np.outer(sideward, aside))
    return result
