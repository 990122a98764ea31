"""Draws the mass-spring-damper as lines in space, for the report."""

import numpy as np

from nn4mc.hil.record import Drawing, Vector
from nn4mc.hil.sampled_plant import Sampled, SampledPlant

WALL_M = -1.0
"""Where the spring is fixed."""
_HALF_M = 0.12
"""Half the edge of the mass."""


def draw(plant: SampledPlant, state: Sampled) -> Drawing:
    """Return wall, spring, damper and mass as lines (n, 3) in m."""
    centre = float(plant.position(state)[0])
    left = centre - _HALF_M
    wall = np.array([[WALL_M, 0, -0.3], [WALL_M, 0, 0.3]])
    return wall, _spring(left), *_damper(left), _mass(centre)


def _spring(end: float) -> Vector:
    along = np.linspace(WALL_M, end, 15)
    side = np.array([0.0, *([0.06, -0.06] * 6), 0.06, 0.0])
    return np.stack([along, np.zeros(15), side + 0.12], axis=1)


def _damper(end: float) -> tuple[Vector, ...]:
    cup = WALL_M + 0.45
    return (
        np.array([[WALL_M, 0, -0.12], [cup - 0.25, 0, -0.12]]),
        np.array([[cup, 0, -0.07], [cup - 0.25, 0, -0.07], [cup - 0.25, 0, -0.17], [cup, 0, -0.17]]),
        np.array([[cup - 0.1, 0, -0.06], [cup - 0.1, 0, -0.18]]),
        np.array([[cup - 0.1, 0, -0.12], [end, 0, -0.12]]),
    )


def _mass(centre: float) -> Vector:
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1], [-1, 0, -1]])
    return corners * [_HALF_M, 0, 0.2] + [centre, 0, 0]
