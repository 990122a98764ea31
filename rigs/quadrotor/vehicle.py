"""The numbers of a vehicle, and the rigid body that they and its perturbation make."""

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from .perturbation import Perturbation

GRAVITY_M_S2 = 9.81
YAW_SIGNS = (-1.0, 1.0, -1.0, 1.0)
SIDES = ((1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0))
"""Signs of x and y of the rotors: front right, back right, back left, front left."""

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
Row4 = tuple[float, float, float, float]
Symmetric = tuple[float, float, float, float, float, float]
"""A symmetric 3 x 3 matrix: xx, yy, zz, xy, xz, yz."""


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
    mismatch: Perturbation = Perturbation()

    def __post_init__(self) -> None:
        """Refuse a rotor range that is none."""
        low, high = self.rotor_range
        if not low < high:
            raise ValueError(f"rotor_range [{low:g}, {high:g}]: expected the slowest, then the fastest")


def hover_rotor(vehicle: Vehicle) -> float:
    """Return the rotor state at which four rotors carry the weight: the root of the thrust curve.

    It is the end of the rotor range where the rotors cannot carry it, or carry more at their slowest.
    """
    low, high = vehicle.rotor_range
    c0, c1, c2 = vehicle.thrust_n
    share = vehicle.mass_kg * GRAVITY_M_S2 / 4
    missing = share - c0
    square = c1 * c1 + 4 * c2 * missing
    # The usual formula divides by c2, which is tiny or negative for some vehicles; this form does not care.
    denominator = c1 + math.sqrt(square) if square >= 0 else 0.0
    if denominator > 0:
        return min(max(2 * missing / denominator, low), high)
    return high if largest_thrust(vehicle) < share else low


def hover_command(vehicle: Vehicle) -> float:
    """Return the command, from -1 to 1, that makes the rotors hover."""
    low, high = vehicle.rotor_range
    return (hover_rotor(vehicle) - low) / (high - low) * 2 - 1


def largest_thrust(vehicle: Vehicle) -> float:
    """Return the thrust of a rotor at its fastest in N."""
    c0, c1, c2 = vehicle.thrust_n
    fastest = vehicle.rotor_range[1]
    return c0 + fastest * (c1 + c2 * fastest)


@dataclass(frozen=True)
class Body:
    """A vehicle as its equations of motion see it, its perturbation included.

    ``thrust_n`` holds c0, c1, c2 of each rotor; ``torque_m`` the torque about x, y and z in N m that each rotor makes
    per N of its thrust; ``inertia`` and ``inverse`` are about the centre of mass.
    """

    mass_kg: float
    thrust_n: tuple[tuple[float, float, float], ...]
    torque_m: tuple[Row4, Row4, Row4]
    inertia: Symmetric
    inverse: Symmetric
    rotor_up_s: float
    rotor_down_s: float
    rotor_range: tuple[float, float]


def body_of(vehicle: Vehicle) -> Body:
    """Return the body of a vehicle with its payload, its rotors and its propellers as its ``mismatch`` says."""
    change = vehicle.mismatch
    mass = vehicle.mass_kg + change.payload_kg
    offset = np.array(change.payload_offset_m)
    centre = offset * (change.payload_kg / mass)
    inertia = _with_payload(vehicle, offset, mass)
    places = np.array(SIDES) * np.array(vehicle.arm_m) - centre[:2]
    # r x (0, 0, T) = (y T, -x T, 0); a rotor's height does not matter to a force along z.
    yaw = np.array(YAW_SIGNS) * (vehicle.torque_m * change.propeller_torque)
    gains = [gain * change.propeller_thrust for gain in change.rotor_gain]
    roll_row, pitch_row, yaw_row = (_row(row) for row in (places[:, 1], -places[:, 0], yaw))
    c0, c1, c2 = vehicle.thrust_n
    return Body(
        mass_kg=mass,
        thrust_n=tuple((gain * c0, gain * c1, gain * c2) for gain in gains),
        torque_m=(roll_row, pitch_row, yaw_row),
        inertia=_symmetric(inertia),
        inverse=_symmetric(np.linalg.inv(inertia).astype(np.float64)),
        rotor_up_s=vehicle.rotor_up_s,
        rotor_down_s=vehicle.rotor_down_s,
        rotor_range=vehicle.rotor_range,
    )


def _with_payload(vehicle: Vehicle, offset: npt.NDArray[np.float64], mass: float) -> npt.NDArray[np.float64]:
    """Return the inertia (3, 3) about the common centre: Steiner's terms of both masses add to the reduced mass's."""
    reduced = vehicle.mass_kg * vehicle.mismatch.payload_kg / mass
    point: npt.NDArray[np.float64] = reduced * ((offset @ offset) * np.eye(3) - np.outer(offset, offset))
    return np.diag(vehicle.inertia_kg_m2) + point


def _row(values: npt.NDArray[np.float64]) -> Row4:
    a, b, c, d = values.tolist()
    return a, b, c, d


def _symmetric(matrix: npt.NDArray[np.float64]) -> Symmetric:
    return (
        float(matrix[0, 0]),
        float(matrix[1, 1]),
        float(matrix[2, 2]),
        float(matrix[0, 1]),
        float(matrix[0, 2]),
        float(matrix[1, 2]),
    )
