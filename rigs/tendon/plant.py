"""A soft arm that two servos bend over pairs of tendons, watched by an optical lace. Equations: docs/rigs.md.

The state is 10 floats: servo angles (2, deg), pulley angles behind the backlash (2, deg), bend (2, rad), its rate
(2, rad/s), the hysteretic part of the bend (2, rad). The scalar code is deliberate: at this size it is several times
faster than numpy.
"""

import math
from typing import Annotated

import msgspec
import numpy as np

from nn4mc.hil.mismatch import Mismatch
from nn4mc.hil.record import Vector
from nn4mc.hil.sampled_plant import Numbers, SampledPlant, noise_of, runge_kutta

from .arm import moving, place
from .lace import Lace, intensities
from .picture import draw
from .references import References

__all__ = ["References", "Tendon", "Vehicle", "create_plant", "draw"]

GRAVITY_M_S2 = 9.81
LOST_RAD = 2.3
"""An arm bent farther than this is lost: behind it the tip comes back and the equations mean little."""

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
Pair = tuple[float, float]


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of one arm; units and meaning are explained in rig.toml."""

    length_m: Positive
    middle_kg: NotNegative
    tip_kg: Positive
    bending_n_m_rad: Positive
    damping_n_m_s_rad: Positive
    hysteresis_n_m_rad: NotNegative
    hysteresis_rad: Positive
    tendon_n_m: Positive
    tendon_offset_m: Positive
    pulley_m: Positive
    pair_angle_deg: Pair
    neutral_deg: float
    servo_lag_s: Positive
    servo_speed_deg_s: Positive
    backlash_deg: NotNegative
    tip_noise_mm: NotNegative
    lace: Lace
    mismatch: Mismatch = Mismatch()


def create_plant(vehicle: Vehicle, period_s: float) -> SampledPlant:
    """Return the plant of ``vehicle``, advanced by four Runge-Kutta steps every ``period_s`` seconds."""
    return SampledPlant(Tendon(vehicle), vehicle.mismatch, period_s)


class Tendon:
    """The equations of motion; implements nn4mc.hil.sampled_plant.Model."""

    command_range = (-100.0, 50.0)
    outputs = 3
    substeps = 4

    def __init__(self, vehicle: Vehicle) -> None:
        """Take the numbers, with the factors of the mismatch on them."""
        self.vehicle, factors = vehicle, vehicle.mismatch
        self.length = vehicle.length_m
        self.trim: Numbers = (vehicle.neutral_deg,) * 2
        self.lumps = ((0.5, vehicle.middle_kg * factors.mass), (1.0, vehicle.tip_kg * factors.mass))
        self.bending = vehicle.bending_n_m_rad * factors.stiffness
        self.hysteresis = vehicle.hysteresis_n_m_rad * factors.friction
        self.damping = vehicle.damping_n_m_s_rad * factors.friction
        self.pairs = tuple((math.cos(a), math.sin(a)) for a in map(math.radians, vehicle.pair_angle_deg))
        lace = vehicle.lace
        self.noise = noise_of((vehicle.tip_noise_mm, 3), (lace.noise, lace.channels))

    def rest(self) -> Numbers:
        """Return where the arm comes to rest under the trim command, sagging under its weight."""
        x: Numbers = (*self.trim, *self.trim, *([0.0] * 6))
        q: Pair = (0.0, 0.0)
        for _ in range(200):
            pull, weight = self._pull(self.trim, (0.0, 0.0)), self._weight(q)
            # The stiffness of bending and of both pairs together; each step removes 90 % of what is left, or more.
            q1, q2 = (a + b for a, b in zip(pull, weight, strict=True))
            (a, b), (_, d) = self._stiffness()
            determinant = a * d - b * b
            q = (d * q1 - b * q2) / determinant, (a * q2 - b * q1) / determinant
        return (*x[:4], *q, 0.0, 0.0, 0.0, 0.0)

    def advance(self, x: Numbers, command: Numbers, h: float) -> Numbers:
        """Return the state ``h`` seconds later; the pulleys follow their servos through the backlash."""
        pulleys: Pair = (x[2], x[3])

        def derivative(moved: Numbers) -> Numbers:
            return self.derivative(moved, command, self._played(moved, pulleys))

        after = runge_kutta(derivative, x, h)
        return (*after[:2], *self._played(after, pulleys), *after[4:])

    def derivative(self, x: Numbers, command: Numbers, pulleys: Pair) -> Numbers:
        """Return the time derivative of a state; that of the pulleys is 0, they are not integrated."""
        bend, speed, set_bend = (x[4], x[5]), (x[6], x[7]), (x[8], x[9])
        limit, lag = self.vehicle.servo_speed_deg_s, self.vehicle.servo_lag_s
        servos = [min(max((u - a) / lag, -limit), limit) for u, a in zip(command, x[:2], strict=True)]
        pull = self._pull(pulleys, bend)
        torque = [
            pull[i] - self.bending * bend[i] - self.damping * speed[i] - self.hysteresis * set_bend[i] for i in range(2)
        ]
        width = self.vehicle.hysteresis_rad
        creeping = [v - abs(v) * z / width for v, z in zip(speed, set_bend, strict=True)]
        return (*servos, 0.0, 0.0, *speed, *self._acceleration(bend, speed, torque), *creeping)

    def sense(self, x: Numbers, noise: Vector) -> Vector:
        """Return the tip (3, mm, from where the straight arm's is) and the lace's intensities, with their noise."""
        tip = self.position(x) * 1e3 + noise[:3]
        return np.concatenate([tip, intensities(self.vehicle.lace, x[4], x[5], noise[3:])])

    def position(self, x: Numbers) -> Vector:
        """Return the tip (3,) in m, from where the tip of the straight arm is."""
        along, y, z = place(self.length, x[4], x[5])
        return np.array([along - self.length, y, z])

    def lost(self, x: Numbers) -> bool:
        """Whether the arm is bent too far."""
        return math.hypot(x[4], x[5]) > LOST_RAD

    def energy(self, x: Numbers) -> float:
        """Return kinetic, elastic and gravitational energy in J, without that of the servos and of the hysteresis."""
        bend, speed = (x[4], x[5]), (x[6], x[7])
        total = 0.5 * self.bending * (bend[0] ** 2 + bend[1] ** 2)
        for share, mass in self.lumps:
            at = moving(self.length, share, bend, speed)
            v = [a * speed[0] + b * speed[1] for a, b in zip(at.by_q1, at.by_q2, strict=True)]
            total += mass * (0.5 * sum(one * one for one in v) + GRAVITY_M_S2 * place(self.length, *bend, share)[2])
        for angle, (c, s) in zip((x[2], x[3]), self.pairs, strict=True):
            total += 0.5 * self.vehicle.tendon_n_m * self._stretch(angle, c * bend[0] + s * bend[1]) ** 2
        return total

    def _played(self, x: Numbers, pulleys: Pair) -> Pair:
        """Return the pulleys' angles: each stays where it is until its servo has gone through the play."""
        half = self.vehicle.backlash_deg / 2
        first, second = (min(max(p, s - half), s + half) for p, s in zip(pulleys, x[:2], strict=True))
        return first, second

    def _stretch(self, pulley_deg: float, bend: float) -> float:
        """Return by how much the tendons of a pair are longer and shorter than slack, in m."""
        wound = self.vehicle.pulley_m * math.radians(pulley_deg - self.vehicle.neutral_deg)
        return wound - self.vehicle.tendon_offset_m * bend

    def _pull(self, pulleys: Numbers, bend: Pair) -> Pair:
        """Return the torque (2, N m) of both pairs on the bend."""
        first = second = 0.0
        for angle, (c, s) in zip(pulleys, self.pairs, strict=True):
            force = self.vehicle.tendon_n_m * self._stretch(angle, c * bend[0] + s * bend[1])
            torque = force * self.vehicle.tendon_offset_m
            first, second = first + c * torque, second + s * torque
        return first, second

    def _stiffness(self) -> tuple[Pair, Pair]:
        """Return the symmetric matrix (2, 2) that holds the bend: the arm's own and the tendons'."""
        tendons = self.vehicle.tendon_n_m * self.vehicle.tendon_offset_m**2
        a = self.bending + tendons * sum(c * c for c, _ in self.pairs)
        b = tendons * sum(c * s for c, s in self.pairs)
        d = self.bending + tendons * sum(s * s for _, s in self.pairs)
        return (a, b), (b, d)

    def _weight(self, bend: Pair) -> Pair:
        """Return the torque (2, N m) of gravity, which pulls along -z."""
        first = second = 0.0
        for share, mass in self.lumps:
            at = moving(self.length, share, bend, (0.0, 0.0))
            first -= mass * GRAVITY_M_S2 * at.by_q1[2]
            second -= mass * GRAVITY_M_S2 * at.by_q2[2]
        return first, second

    def _acceleration(self, bend: Pair, speed: Pair, torque: list[float]) -> Pair:
        """Return the bend's acceleration (2, rad/s^2): Lagrange's equations of the lumps of mass."""
        a = b = d = 0.0
        first, second = torque
        for share, mass in self.lumps:
            at = moving(self.length, share, bend, speed)
            (x1, y1, z1), (x2, y2, z2), (dx, dy, dz) = at.by_q1, at.by_q2, at.drift
            a += mass * (x1 * x1 + y1 * y1 + z1 * z1)
            b += mass * (x1 * x2 + y1 * y2 + z1 * z2)
            d += mass * (x2 * x2 + y2 * y2 + z2 * z2)
            fall = dz + GRAVITY_M_S2
            first -= mass * (x1 * dx + y1 * dy + z1 * fall)
            second -= mass * (x2 * dx + y2 * dy + z2 * fall)
        determinant = a * d - b * b
        return (d * first - b * second) / determinant, (a * second - b * first) / determinant
