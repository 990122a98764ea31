"""The quadrotor as a rigid body with four first-order rotors: the equations of the l2f simulator.

A state is 17 floats: position (3, m, world), quaternion (4, w first, body to world), velocity (3, m/s,
world), angular velocity (3, rad/s, body), rotor state (4, in the vehicle's rotor range). Rotors and commands
are in the order front right, back right, back left, front left. The scalar code is deliberate: at this size
it is several times faster than numpy; batch.py does the same operations in the same order for many vehicles at once.
Equations and what they leave out: docs/quadrotor.md.
"""

import math

import numpy as np
import numpy.typing as npt

from nn4mc.errors import DeviceError
from nn4mc.hil.rig import Reference

from .references import Hover
from .vehicle import GRAVITY_M_S2, Body, Vehicle, body_of, hover_command, hover_rotor

LOST_BOX_M = 50.0
"""Edge of the box about the origin; a vehicle outside it is lost."""
STILL = (0.0, 0.0, 0.0)

State = tuple[float, ...]
Triple = tuple[float, float, float]


class QuadrotorPlant:
    """One vehicle's equations of motion in still air with ideal sensors; implements nn4mc.hil.rig.Plant."""

    def __init__(self, vehicle: Vehicle, period_s: float) -> None:
        """Keep the vehicle's numbers and the length of a step."""
        self.vehicle = vehicle
        self.body = body_of(vehicle)
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
        return advance(state, setpoints(command, self.body), self.body, STILL, self.period_s)

    def position(self, state: State) -> npt.NDArray[np.float64]:
        """Return the true position (3,) in m."""
        return np.array(state[:3])

    def trim_command(self) -> npt.NDArray[np.float32]:
        """Return the hover command (4,)."""
        return np.full(4, hover_command(self.vehicle), np.float32)

    def variables(self) -> dict[str, float]:
        """Return the policy's first previous action: the hover command."""
        return {"initial_action": float(self.trim_command()[0])}

    def lost(self, state: State) -> bool:
        """Whether a coordinate is outside the box."""
        return not all(abs(coordinate) <= LOST_BOX_M / 2 for coordinate in state[:3])


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


def setpoints(command: npt.NDArray[np.float32], body: Body) -> list[float]:
    """Return the rotor states (4) that a command (4,) asks for; DeviceError when it is not finite."""
    commands = command.tolist()
    if not all(map(math.isfinite, commands)):
        raise DeviceError(f"the command {commands} is not finite; a controller must never send this")
    low, high = body.rotor_range
    return [min(max(a, -1.0), 1.0) * (high - low) / 2 + (high + low) / 2 for a in commands]


def advance(state: State, setpoint: list[float], body: Body, pull: Triple, h: float) -> State:
    """Return the state ``h`` seconds later: a Runge-Kutta step, then a unit quaternion and rotors within their range.

    ``pull`` is the acceleration in m/s^2 that forces from outside give the vehicle.
    """
    k1 = derivative(state, setpoint, body, pull)
    k2 = derivative(tuple([x + h / 2 * k for x, k in zip(state, k1, strict=True)]), setpoint, body, pull)
    k3 = derivative(tuple([x + h / 2 * k for x, k in zip(state, k2, strict=True)]), setpoint, body, pull)
    k4 = derivative(tuple([x + h * k for x, k in zip(state, k3, strict=True)]), setpoint, body, pull)
    after = [x + h / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)]
    qw, qx, qy, qz = after[3:7]
    norm = math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    low, high = body.rotor_range
    rotor = [min(max(x, low), high) for x in after[13:]]
    return (*after[:3], qw / norm, qx / norm, qy / norm, qz / norm, *after[7:13], *rotor)


def derivative(state: State, setpoint: list[float], body: Body, pull: Triple) -> State:
    """Return the time derivative of a state, the rotors on their way to ``setpoint`` (4, rotor range)."""
    _, _, _, qw, qx, qy, qz, vx, vy, vz, wx, wy, wz, *rotor = state
    t0, t1, t2, t3 = [c0 + r * (c1 + c2 * r) for r, (c0, c1, c2) in zip(rotor, body.thrust_n, strict=True)]
    lift = (t0 + t1 + t2 + t3) / body.mass_kg
    roll, pitch, yaw = [a * t0 + b * t1 + c * t2 + d * t3 for a, b, c, d in body.torque_m]
    jxx, jyy, jzz, jxy, jxz, jyz = body.inertia
    ixx, iyy, izz, ixy, ixz, iyz = body.inverse
    lx = jxx * wx + jxy * wy + jxz * wz
    ly = jxy * wx + jyy * wy + jyz * wz
    lz = jxz * wx + jyz * wy + jzz * wz
    mx = roll - (wy * lz - wz * ly)
    my = pitch - (wz * lx - wx * lz)
    mz = yaw - (wx * ly - wy * lx)
    up, down = body.rotor_up_s, body.rotor_down_s
    return (
        vx,
        vy,
        vz,
        0.5 * (-qx * wx - qy * wy - qz * wz),
        0.5 * (qw * wx + qy * wz - qz * wy),
        0.5 * (qw * wy + qz * wx - qx * wz),
        0.5 * (qw * wz + qx * wy - qy * wx),
        2 * (qx * qz + qw * qy) * lift + pull[0],
        2 * (qy * qz - qw * qx) * lift + pull[1],
        (1 - 2 * (qx * qx + qy * qy)) * lift - GRAVITY_M_S2 + pull[2],
        ixx * mx + ixy * my + ixz * mz,
        ixy * mx + iyy * my + iyz * mz,
        ixz * mx + iyz * my + izz * mz,
        *[(u - r) / (up if u >= r else down) for u, r in zip(setpoint, rotor, strict=True)],
    )
