"""A platform on six HASEL actuators, with a marker on a mast and magnetometers beneath. Equations: docs/rigs.md.

The state is 18 floats: charge of each actuator (6, share of the full voltage), height (m), tilt about x and y (2, rad),
their rates (3), the creep of each actuator (6, m). The scalar code is deliberate: at this size it is several times
faster than numpy.
"""

import math
from typing import Annotated

import msgspec
import numpy as np

from nn4mc.hil.mismatch import Mismatch
from nn4mc.hil.record import Vector
from nn4mc.hil.sampled_plant import Numbers, SampledPlant, noise_of, runge_kutta

from .magnets import hexagon, readings
from .picture import draw
from .references import References

__all__ = ["Hasel", "References", "Vehicle", "create_plant", "draw", "pressure"]

CHANNELS = 6
GRAVITY_M_S2 = 9.81
TESLA_TO_MICROTESLA = 1e6
LOST_RAD = 0.5
LOST_M = 0.05
"""A platform tilted or lifted farther than these is lost: the actuators would have come off."""

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
Triple = tuple[float, float, float]


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of one platform; units and meaning are explained in rig.toml."""

    mass_kg: Positive
    inertia_kg_m2: Positive
    radius_m: Positive
    mast_m: Positive
    force_n: Positive
    free_stroke_m: Positive
    saturation: Positive
    charge_s: Positive
    stiffness_n_m: Positive
    damping_n_s_m: NotNegative
    creep_n_m: NotNegative
    creep_s: Positive
    magnet_a_m2: Positive
    magnet_radius_m: Positive
    sensor_gap_m: Positive
    earth_ut: Triple
    marker_noise_mm: NotNegative
    field_noise_ut: NotNegative
    mismatch: Mismatch = Mismatch()


def create_plant(vehicle: Vehicle, period_s: float) -> SampledPlant:
    """Return the plant of ``vehicle``, advanced by two Runge-Kutta steps every ``period_s`` seconds."""
    return SampledPlant(Hasel(vehicle), vehicle.mismatch, period_s)


def pressure(charge: float, saturation: float) -> float:
    """Return the electrostatic pressure of a charge, 0 to 1: its square at first, at most ``saturation`` squared.

    >>> round(pressure(0.1, 0.9), 5), round(pressure(9.0, 0.9), 2)
    (0.01, 0.81)
    """
    square = charge * charge
    return square / math.sqrt(1 + (square / saturation**2) ** 2)


class Hasel:
    """The equations of motion; implements nn4mc.hil.sampled_plant.Model."""

    command_range = (-0.5, 0.5)
    outputs = 3
    trim: Numbers = (0.0,) * CHANNELS
    substeps = 2

    def __init__(self, vehicle: Vehicle) -> None:
        """Take the numbers, with the factors of the mismatch on them."""
        self.vehicle, factors = vehicle, vehicle.mismatch
        self.mass = vehicle.mass_kg * factors.mass
        self.inertia = vehicle.inertia_kg_m2 * factors.mass
        # Heights count from where the nominal platform rests on actuators without voltage.
        self.extra_weight = (self.mass - vehicle.mass_kg) * GRAVITY_M_S2
        self.stiffness = vehicle.stiffness_n_m * factors.stiffness
        self.creep = vehicle.creep_n_m * factors.stiffness
        self.damping = vehicle.damping_n_s_m * factors.friction
        self.feet = tuple((x, y) for x, y, _ in hexagon(vehicle.radius_m, 0.0).tolist())
        self.magnets = hexagon(vehicle.magnet_radius_m, 0.0)
        self.sensors = hexagon(vehicle.magnet_radius_m, -vehicle.sensor_gap_m)
        self.noise = noise_of((vehicle.marker_noise_mm, 3), (vehicle.field_noise_ut, 3 * CHANNELS))

    def rest(self) -> Numbers:
        """Return the level platform at half voltage, its creep done."""
        charge = 0.5
        push = self.vehicle.force_n * pressure(charge, self.vehicle.saturation)
        yielding = push / self.vehicle.free_stroke_m + self.stiffness
        height = (push - self.extra_weight / CHANNELS) / yielding
        return (*([charge] * CHANNELS), height, *([0.0] * 5), *([height] * CHANNELS))

    def advance(self, x: Numbers, command: Numbers, h: float) -> Numbers:
        """Return the state ``h`` seconds later; command -0.5 is no voltage, 0.5 the full one."""
        wanted = tuple([u + 0.5 for u in command])
        return runge_kutta(lambda state: self.derivative(state, wanted), x, h)

    def derivative(self, x: Numbers, wanted: Numbers) -> Numbers:
        """Return the time derivative of a state, the charges on their way to ``wanted`` (6, 0 to 1)."""
        vehicle, creeping = self.vehicle, x[12:]
        rise, roll_rate, pitch_rate = x[9:12]
        lift = roll_torque = pitch_torque = 0.0
        heights = self.heights(x)
        for charge, height, crept, (across, along) in zip(x[:CHANNELS], heights, creeping, self.feet, strict=True):
            speed = rise + along * roll_rate - across * pitch_rate
            push = vehicle.force_n * pressure(charge, vehicle.saturation) * (1 - height / vehicle.free_stroke_m)
            force = push - self.stiffness * height - self.creep * (height - crept) - self.damping * speed
            lift += force
            roll_torque += along * force
            pitch_torque -= across * force
        charging = [(u - v) / vehicle.charge_s for u, v in zip(wanted, x[:CHANNELS], strict=True)]
        crawl = [(height - crept) / vehicle.creep_s for height, crept in zip(heights, creeping, strict=True)]
        acceleration = (lift - self.extra_weight) / self.mass
        turning = roll_torque / self.inertia, pitch_torque / self.inertia
        return (*charging, rise, roll_rate, pitch_rate, acceleration, *turning, *crawl)

    def heights(self, x: Numbers) -> list[float]:
        """Return the height of the platform above each actuator's rest (6, m), for small tilts."""
        height, roll, pitch = x[6:9]
        return [height + along * roll - across * pitch for across, along in self.feet]

    def energy(self, x: Numbers) -> float:
        """Return kinetic and elastic energy in J, without that of the electric field."""
        rise, roll_rate, pitch_rate = x[9:12]
        total = 0.5 * self.mass * rise**2 + 0.5 * self.inertia * (roll_rate**2 + pitch_rate**2)
        for height, crept in zip(self.heights(x), x[12:], strict=True):
            total += 0.5 * self.stiffness * height**2 + 0.5 * self.creep * (height - crept) ** 2
        return total + self.extra_weight * x[6]

    def sense(self, x: Numbers, noise: Vector) -> Vector:
        """Return the marker (3, mm) and the magnetometers (6 times x, y, z in uT), with their noise."""
        turned, up = self.rotation(x), np.array([0.0, 0.0, x[6]])
        moments = np.tile(self.vehicle.magnet_a_m2 * turned[:, 2], (CHANNELS, 1))
        field = readings(self.sensors, self.magnets @ turned.T + up, moments) * TESLA_TO_MICROTESLA
        field += self.vehicle.earth_ut
        return np.concatenate([self.position(x) * 1e3, field.ravel()]) + noise

    def rotation(self, x: Numbers) -> Vector:
        """Return the matrix (3, 3) that turns the platform into the world: about x first, then about y."""
        (a, b), (c, d) = (math.sin(x[7]), math.cos(x[7])), (math.sin(x[8]), math.cos(x[8]))
        return np.array([[d, c * a, c * b], [0.0, b, -a], [-c, d * a, d * b]])

    def position(self, x: Numbers) -> Vector:
        """Return the marker (3,) in m, from where it is on the level platform without voltage."""
        mast = self.vehicle.mast_m
        place: Vector = mast * self.rotation(x)[:, 2] + [0.0, 0.0, x[6] - mast]
        return place

    def lost(self, x: Numbers) -> bool:
        """Whether the platform has come off its actuators."""
        return abs(x[6]) > LOST_M or max(abs(x[7]), abs(x[8])) > LOST_RAD
