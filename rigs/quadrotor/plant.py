"""The quadrotor as a rigid body with four first-order rotors: the equations of the l2f simulator.

A state is 17 floats: position (3, m, world), quaternion (4, w first, body to world), velocity (3, m/s,
world), angular velocity (3, rad/s, body), rotor state (4, in the vehicle's rotor range). Rotors and commands
are in the order front right, back right, back left, front left. The scalar code is deliberate: at this size
it is several times faster than numpy. Equations and what they leave out: docs/quadrotor.md.
"""

import math
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from nn4mc.errors import DeviceError
from nn4mc.hil.rig import Reference

from .references import Hover, Lissajous, References

__all__ = ["Hover", "Lissajous", "QuadrotorPlant", "References", "State", "Vehicle", "create_plant"]

GRAVITY_M_S2 = 9.81
LOST_BOX_M = 50.0
"""Edge of the box about the origin; a vehicle outside it is lost."""

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
State = tuple[float, ...]


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of one vehicle; units and meaning are explained in rig.toml."""

    mass_kg: Positive
    arm_m: tuple[Positive, Positive]
    thrust_n: tuple[float, float, float]
    torque_m: Positive
    rotor_up_s: Positive
    rotor_down_s: Positive
    inertia_kg_m2: tuple[Positive, Positive, Positive]
    rotor_range: tuple[float, float]


def create_plant(vehicle: Vehicle, period_s: float) -> "QuadrotorPlant":
    """Return the plant of ``vehicle``, advanced by one Runge-Kutta step every ``period_s`` seconds."""
    return QuadrotorPlant(vehicle, period_s)


class QuadrotorPlant:
    """One vehicle's equations of motion; implements nn4mc.hil.rig.Plant."""

    def __init__(self, vehicle: Vehicle, period_s: float) -> None:
        """Keep the vehicle's numbers and the length of a step."""
        self.vehicle = vehicle
        self.period_s = period_s

    def initial(self, reference: Reference, rng: np.random.Generator) -> State:
        """Return a random state for a hover, else rest at the start of the reference at hover rotor speed."""
        if isinstance(reference, Hover):
            return _random_state(reference, self.vehicle.rotor_range, rng)
        position = tuple(reference.position(0.0).tolist())
        return (*position, 1.0, 0.0, 0.0, 0.0, *([0.0] * 6), *([hover_rotor(self.vehicle)] * 4))

    def sensors(self, state: State) -> npt.NDArray[np.float32]:
        """Return position, quaternion, velocity and angular velocity (13,): ideal sensors."""
        return np.array(state[:13], np.float32)

    def step(self, state: State, command: npt.NDArray[np.float32]) -> State:
        """Return the state one period later; the command (4,) is clamped to [-1, 1] and held."""
        commands = command.tolist()
        if not all(map(math.isfinite, commands)):
            raise DeviceError(f"the command {commands} is not finite; a controller must never send this")
        low, high = self.vehicle.rotor_range
        setpoint = [min(max(a, -1.0), 1.0) * (high - low) / 2 + (high + low) / 2 for a in commands]
        return _normalised(_runge_kutta(state, setpoint, self.vehicle, self.period_s), low, high)

    def position(self, state: State) -> npt.NDArray[np.float64]:
        """Return the true position (3,) in m."""
        return np.array(state[:3])

    def trim_command(self) -> npt.NDArray[np.float32]:
        """Return the hover command (4,)."""
        low, high = self.vehicle.rotor_range
        command = (hover_rotor(self.vehicle) - low) / (high - low) * 2 - 1
        return np.full(4, command, np.float32)

    def variables(self) -> dict[str, float]:
        """Return the policy's first previous action: the hover command."""
        return {"initial_action": float(self.trim_command()[0])}

    def lost(self, state: State) -> bool:
        """Whether a coordinate is outside the box."""
        return not all(abs(coordinate) <= LOST_BOX_M / 2 for coordinate in state[:3])


def hover_rotor(vehicle: Vehicle) -> float:
    """Return the rotor state at which four rotors carry the weight: the root of the thrust curve."""
    c0, c1, c2 = vehicle.thrust_n
    missing = vehicle.mass_kg * GRAVITY_M_S2 / 4 - c0
    # The usual formula divides by c2, which is tiny or negative for some vehicles; this form does not care.
    return 2 * missing / (c1 + math.sqrt(c1 * c1 + 4 * c2 * missing))


def _random_state(start: Hover, rotor_range: tuple[float, float], rng: np.random.Generator) -> State:
    position = rng.uniform(-start.start_position_m, start.start_position_m, 3)
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    half_angle = math.radians(rng.uniform(0.0, start.start_tilt_deg)) / 2
    velocity = rng.uniform(-start.start_velocity_m_s, start.start_velocity_m_s, 3)
    rates = rng.uniform(-start.start_angular_velocity_rad_s, start.start_angular_velocity_rad_s, 3)
    low, high = rotor_range
    rotor = low + (high - low) * rng.uniform(*start.start_rotor, 4)
    quaternion = [math.cos(half_angle), *(axis * math.sin(half_angle))]
    return tuple(np.concatenate([position, quaternion, velocity, rates, rotor]).tolist())


def _runge_kutta(state: State, setpoint: list[float], vehicle: Vehicle, h: float) -> State:
    k1 = derivative(state, setpoint, vehicle)
    k2 = derivative(tuple([x + h / 2 * k for x, k in zip(state, k1, strict=True)]), setpoint, vehicle)
    k3 = derivative(tuple([x + h / 2 * k for x, k in zip(state, k2, strict=True)]), setpoint, vehicle)
    k4 = derivative(tuple([x + h * k for x, k in zip(state, k3, strict=True)]), setpoint, vehicle)
    return tuple([x + h / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)])


def _normalised(state: State, low: float, high: float) -> State:
    """Return the state with a unit quaternion and the rotors within their range, as l2f does after a step."""
    norm = math.sqrt(sum([x * x for x in state[3:7]]))
    quaternion = [x / norm for x in state[3:7]]
    rotor = [min(max(x, low), high) for x in state[13:]]
    return (*state[:3], *quaternion, *state[7:13], *rotor)


def derivative(state: State, setpoint: list[float], vehicle: Vehicle) -> State:
    """Return the time derivative of a state, the rotors on their way to ``setpoint`` (4, rotor range)."""
    _, _, _, qw, qx, qy, qz, vx, vy, vz, wx, wy, wz, *rotor = state
    c0, c1, c2 = vehicle.thrust_n
    jx, jy, jz = vehicle.inertia_kg_m2
    arm_x, arm_y = vehicle.arm_m
    up, down = vehicle.rotor_up_s, vehicle.rotor_down_s
    t0, t1, t2, t3 = [c0 + r * (c1 + c2 * r) for r in rotor]
    lift = (t0 + t1 + t2 + t3) / vehicle.mass_kg
    # r x (0, 0, T) = (y T, -x T, 0), summed over rotors at (+-arm_x, +-arm_y); yaw signs -, +, -, +
    roll = arm_y * (t2 + t3 - t0 - t1)
    pitch = arm_x * (t1 + t2 - t0 - t3)
    yaw = vehicle.torque_m * (t1 + t3 - t0 - t2)
    return (
        vx,
        vy,
        vz,
        0.5 * (-qx * wx - qy * wy - qz * wz),
        0.5 * (qw * wx + qy * wz - qz * wy),
        0.5 * (qw * wy + qz * wx - qx * wz),
        0.5 * (qw * wz + qx * wy - qy * wx),
        2 * (qx * qz + qw * qy) * lift,
        2 * (qy * qz - qw * qx) * lift,
        (1 - 2 * (qx * qx + qy * qy)) * lift - GRAVITY_M_S2,
        (roll - (jz - jy) * wy * wz) / jx,
        (pitch - (jx - jz) * wz * wx) / jy,
        (yaw - (jy - jx) * wx * wy) / jz,
        *[(u - r) / (up if u >= r else down) for u, r in zip(setpoint, rotor, strict=True)],
    )
