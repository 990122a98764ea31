"""A mass between a spring and a damper, pushed by an actuator with a lag. Equations: docs/rigs.md.

The state is 3 floats: position (m), velocity (m/s), force of the actuator (N).
"""

import math
from typing import Annotated

import msgspec
import numpy as np

from nn4mc.hil.mismatch import Mismatch
from nn4mc.hil.record import Vector
from nn4mc.hil.sampled_plant import Numbers, SampledPlant, noise_of, runge_kutta

from .picture import draw
from .references import References

__all__ = ["MassSpringDamper", "References", "Vehicle", "create_plant", "draw"]

LOST_M = 10.0
"""A mass farther away than this is lost."""

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of one plant; units and meaning are explained in rig.toml."""

    mass_kg: Positive
    stiffness_n_m: Positive
    cubic_n_m3: NotNegative
    damping_n_s_m: NotNegative
    friction_n: NotNegative
    friction_speed_m_s: Positive
    force_n: Positive
    lag_s: Positive
    position_noise_m: NotNegative
    velocity_noise_m_s: NotNegative
    mismatch: Mismatch = Mismatch()


def create_plant(vehicle: Vehicle, period_s: float) -> SampledPlant:
    """Return the plant of ``vehicle``, advanced by four Runge-Kutta steps every ``period_s`` seconds."""
    return SampledPlant(MassSpringDamper(vehicle), vehicle.mismatch, period_s)


class MassSpringDamper:
    """The equations of motion; implements nn4mc.hil.sampled_plant.Model."""

    command_range = (-1.0, 1.0)
    outputs = 2
    trim: Numbers = (0.0,)
    substeps = 4

    def __init__(self, vehicle: Vehicle) -> None:
        """Take the numbers, with the factors of the mismatch on them."""
        factors = vehicle.mismatch
        self.mass = vehicle.mass_kg * factors.mass
        self.stiffness = vehicle.stiffness_n_m * factors.stiffness
        self.cubic = vehicle.cubic_n_m3 * factors.stiffness
        self.damping = vehicle.damping_n_s_m * factors.friction
        self.friction = vehicle.friction_n * factors.friction
        self.friction_speed = vehicle.friction_speed_m_s
        self.force, self.lag = vehicle.force_n, vehicle.lag_s
        self.noise = noise_of((vehicle.position_noise_m, 1), (vehicle.velocity_noise_m_s, 1))

    def rest(self) -> Numbers:
        """Return the relaxed spring."""
        return 0.0, 0.0, 0.0

    def advance(self, x: Numbers, command: Numbers, h: float) -> Numbers:
        """Return the state ``h`` seconds later."""
        wanted = self.force * command[0]
        return runge_kutta(lambda state: self.derivative(state, wanted), x, h)

    def derivative(self, x: Numbers, wanted_force: float) -> Numbers:
        """Return the time derivative of a state, the actuator on its way to ``wanted_force`` (N)."""
        position, velocity, force = x
        spring = (self.stiffness + self.cubic * position * position) * position
        drag = self.damping * velocity + self.friction * math.tanh(velocity / self.friction_speed)
        return velocity, (force - spring - drag) / self.mass, (wanted_force - force) / self.lag

    def energy(self, x: Numbers) -> float:
        """Return kinetic and spring energy in J."""
        position, velocity, _ = x
        square = position * position
        return 0.5 * self.mass * velocity**2 + (0.5 * self.stiffness + 0.25 * self.cubic * square) * square

    def sense(self, x: Numbers, noise: Vector) -> Vector:
        """Return position (m) and velocity (m/s) with their noise."""
        return np.array(x[:2]) + noise

    def position(self, x: Numbers) -> Vector:
        """Return the position (3,) in m, along the first axis."""
        return np.array([x[0], 0.0, 0.0])

    def lost(self, x: Numbers) -> bool:
        """Whether the mass is out of any spring's reach."""
        return abs(x[0]) > LOST_M
