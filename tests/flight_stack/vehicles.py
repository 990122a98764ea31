"""Vehicles with their flight stacks, emulated from first principles in float64: none of the table, none of the adapter.

The truth is a state in a world that is x north, y west, z up, with a body that is x forward, y left, z up, SI units.
Each stack measures it along axes of its own, given here as vectors of the truth's, and has its own order of motors.
Sources: PX4 user guide, Betaflight documentation, Bitcraze's coordinate system page, ArduPilot's motor order page.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

NORTH, WEST, UP = np.eye(3)
FORWARD, LEFT, TOP = np.eye(3)
DEGREES = 180 / np.pi
CCW, CW = -1, 1
"""The torque about z up that a rotor's drag puts on the body: against its own spin."""


@dataclass(frozen=True)
class Vehicle:
    """One stack's measuring and motors: axes (3, 3) as rows in the truth's, motors as (forward, left, torque sign)."""

    world: np.ndarray
    body: np.ndarray
    scalar_first: bool
    rate_unit: float
    motors: tuple[tuple[int, int, int], ...]

    def sensors(self, state: np.ndarray) -> np.ndarray:
        """Return what the stack measures (13,) of a true state: p 3, q 4 (w first), v 3, w 3."""
        attitude = Rotation.from_quat(state[3:7], scalar_first=True).as_matrix()
        measured = Rotation.from_matrix(self.world @ attitude @ self.body.T)
        quaternion = measured.as_quat(scalar_first=self.scalar_first)
        position, velocity = self.world @ state[:3], self.world @ state[7:10]
        return np.concatenate([position, quaternion, velocity, self.body @ state[10:13] * self.rate_unit])

    def setpoint(self, position: np.ndarray, velocity: np.ndarray, yaw: float) -> np.ndarray:
        """Return a set-point (8,) in the stack's frame: yaw is the truth's, from north to west, rad."""
        nose = self.world @ (np.cos(yaw) * NORTH + np.sin(yaw) * WEST)
        return np.concatenate([self.world @ position, self.world @ velocity, nose[:2]])

    def torque(self, speeds: np.ndarray) -> np.ndarray:
        """Return the torque (3,) on the body, of motors at ``speeds`` (4,); thrust is their square."""
        total = np.zeros(3)
        for (forward, left, drag), thrust in zip(self.motors, np.square(speeds), strict=True):
            arm = forward * FORWARD + left * LEFT
            total += np.cross(arm, thrust * TOP) + 0.1 * drag * thrust * TOP
        return total

    def plant_command(self, speeds: np.ndarray) -> np.ndarray:
        """Return the command (4,) of -1 to 1 of a plant with its rotors in the policy's order."""
        command = np.full(4, np.nan)
        for (forward, left, _), speed in zip(self.motors, speeds, strict=True):
            command[[(1, -1), (-1, -1), (-1, 1), (1, 1)].index((forward, left))] = 2 * speed - 1
        return command


NED, FRD = np.array([NORTH, -WEST, -UP]), np.array([FORWARD, -LEFT, -TOP])
NWU, FLU = np.array([NORTH, WEST, UP]), np.array([FORWARD, LEFT, TOP])
ENU = np.array([-WEST, NORTH, UP])
FRONT_RIGHT, BACK_RIGHT, BACK_LEFT, FRONT_LEFT = (1, -1), (-1, -1), (-1, 1), (1, 1)
QUAD_X = ((*FRONT_RIGHT, CCW), (*BACK_LEFT, CCW), (*FRONT_LEFT, CW), (*BACK_RIGHT, CW))
BETAFLIGHT_X = ((*BACK_RIGHT, CW), (*FRONT_RIGHT, CCW), (*BACK_LEFT, CCW), (*FRONT_LEFT, CW))
CRAZYFLIE_X = ((*FRONT_RIGHT, CCW), (*BACK_RIGHT, CW), (*BACK_LEFT, CCW), (*FRONT_LEFT, CW))

VEHICLES = {
    "px4": Vehicle(NED, FRD, True, 1.0, QUAD_X),
    "betaflight": Vehicle(NWU, FLU, True, DEGREES, BETAFLIGHT_X),
    "crazyflie": Vehicle(ENU, FLU, False, DEGREES, CRAZYFLIE_X),
    "ardupilot": Vehicle(NED, FRD, True, 1.0, QUAD_X),
}


def vehicle(name: str, props: str = "in") -> Vehicle:
    """Return a stack's vehicle; with ``props`` "out" every rotor spins the other way round."""
    one = VEHICLES[name]
    return one if props == "in" else replace(one, motors=tuple((x, y, -drag) for x, y, drag in one.motors))


def speeds(name: str, motors: dict[str, np.ndarray]) -> np.ndarray:
    """Return the motors' speeds (4,), 0 to 1, of what a stack was given, in its own order."""
    if name == "betaflight":
        return (motors["motor"].astype(np.float64) - 48) / (0.5 * (2047 - 48))
    if name == "crazyflie":
        return np.sqrt(motors["force"].astype(np.float64))
    return motors["control" if name == "px4" else "actuator"].astype(np.float64)


def with_nose_on_the_right(state: np.ndarray) -> np.ndarray:
    """Return the first 13 words of a state of the same vehicle, if what was its right side is called its nose.

    Its rotors are the same: what turned in, seen from the old nose, turns out.
    """
    attitude = Rotation.from_quat(state[3:7], scalar_first=True) * Rotation.from_euler("z", -np.pi / 2)
    rate = state[10:13]
    return np.concatenate([state[:3], attitude.as_quat(scalar_first=True), state[7:10], [-rate[1], rate[0], rate[2]]])


def plant_command(name: str, props: str, motors: dict[str, np.ndarray]) -> np.ndarray:
    """Return the plant's command (4,) for what a stack was given, the plant being the vehicle from its old nose."""
    command = vehicle(name, props).plant_command(speeds(name, motors))
    # Seen from the new nose the old front right rotor is at the front left, and so on.
    return command if props == "in" else command[[3, 0, 1, 2]]
