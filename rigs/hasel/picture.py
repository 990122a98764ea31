"""Draws the platform on its actuators as lines in space, for the report; the marker at rest is near the origin."""

import numpy as np

from nn4mc.hil.record import Drawing
from nn4mc.hil.sampled_plant import Sampled, SampledPlant

from .magnets import hexagon

_FLAT_M = 0.004
"""Drawn height of an actuator without voltage."""


def draw(plant: SampledPlant, state: Sampled) -> Drawing:
    """Return platform, actuators, base and mast as lines (n, 3) in m."""
    model = plant.model
    vehicle, turned = model.vehicle, model.rotation(state.x)  # type: ignore[attr-defined]
    base = hexagon(vehicle.radius_m, -vehicle.mast_m - _FLAT_M)
    centre = np.array([0.0, 0.0, state.x[6] - vehicle.mast_m])
    corners = hexagon(vehicle.radius_m, 0.0) @ turned.T + centre
    marker = centre + vehicle.mast_m * turned[:, 2]
    legs = [np.stack([foot, corner]) for foot, corner in zip(base, corners, strict=True)]
    return corners[[*range(6), 0]], base[[*range(6), 0]], *legs, np.stack([centre, marker])
