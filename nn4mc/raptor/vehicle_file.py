"""A vehicle as its owner knows it: a TOML file of what can be weighed, measured or read off a data sheet.

What is left out is estimated from the rest, and every estimate is said.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import Rig
from nn4mc.hil.rig_file import convert, read_toml

GRAVITY_M_S2 = 9.81
ROLL_INERTIA_SHARE = 0.17
"""Jxx over mass times squared arm: the median of the rig's nine vehicles, whose Jxx and Jyy span 0.11 to 0.38."""
YAW_INERTIA_RATIO = 1.83
"""Jzz over Jxx in the training distribution (arXiv 2509.11481)."""
TORQUE_M = 0.016
"""Yaw torque per N of thrust in m: the middle of the nine vehicles' and of the training distribution."""
ROTOR_S = 0.05
"""First-order time constant of a rotor in s: that of most of the nine vehicles."""
_THRUST_KEYS = ("thrust_n", "max_thrust_n", "thrust_to_weight", "hover_throttle")

Positive = Annotated[float, msgspec.Meta(gt=0)]


class VehicleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What vehicle.toml holds; units are in the names, axes x forward, y left, z up.

    ``arm_m`` is |x|, |y| of every rotor from the centre of mass. One of four says what a rotor can do: ``thrust_n``
    (c0, c1, c2 of T = c0 + c1 r + c2 r^2 in N, r the motor command from 0 to 1), ``max_thrust_n`` (N a rotor),
    ``thrust_to_weight``, or ``hover_throttle`` (the motor command at hover, as a share of full speed). The last three
    take thrust for quadratic in the command.
    """

    name: str = ""
    mass_kg: Annotated[float, msgspec.Meta(gt=0, le=50)]
    arm_m: tuple[Annotated[float, msgspec.Meta(gt=0, le=3)], Annotated[float, msgspec.Meta(gt=0, le=3)]]
    inertia_kg_m2: tuple[Positive, Positive, Positive] | None = None
    thrust_n: tuple[float, float, float] | None = None
    max_thrust_n: Annotated[float, msgspec.Meta(gt=0, le=1000)] | None = None
    thrust_to_weight: Annotated[float, msgspec.Meta(gt=0, le=100)] | None = None
    hover_throttle: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    torque_m: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    rotor_up_s: Annotated[float, msgspec.Meta(gt=0, le=2)] | None = None
    rotor_down_s: Annotated[float, msgspec.Meta(gt=0, le=2)] | None = None

    def __post_init__(self) -> None:
        """Refuse a file that says the thrust twice or not at all, and an inertia that no body has."""
        given = [key for key in _THRUST_KEYS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_THRUST_KEYS)}; given: {', '.join(given) or 'none'}")
        if self.inertia_kg_m2 is not None:
            self._check_inertia(self.inertia_kg_m2)
        if self.thrust_n is not None and not 0 < sum(self.thrust_n) < math.inf:
            raise ValueError(f"thrust_n {self.thrust_n}: the thrust at full command is no number above 0")

    def _check_inertia(self, inertia: tuple[float, float, float]) -> None:
        largest = max(inertia)
        if not largest <= sum(inertia) - largest:
            raise ValueError(f"inertia_kg_m2 {inertia}: no body has one above the sum of the two others")
        radius = math.sqrt(inertia[0] / self.mass_kg) / math.hypot(*self.arm_m)
        if not 0.05 <= radius <= 5:
            raise ValueError(
                f"inertia_kg_m2 {inertia}: a radius of gyration of {radius:.3g} arms; "
                "is it in kg m^2, and about the centre of mass?"
            )


@dataclass(frozen=True)
class Candidate:
    """A vehicle to check: an instance of the rig's Vehicle, and what about it was assumed."""

    name: str
    vehicle: Any
    assumed: tuple[str, ...]


def read_candidate(rig: Rig, source: str) -> Candidate:
    """Return the vehicle of a file, or of a name among the rig's.

    Raises ConfigError for what is neither, and for a file that breaks the schema, with the path of the key.
    """
    if source in rig.vehicles:
        return Candidate(source, rig.vehicles[source], ())
    path = Path(source)
    if not path.exists():
        raise ConfigError(
            f"vehicle '{source}': no such file, and none of {', '.join(rig.vehicles)}.\n"
            "Write a vehicle.toml; docs/raptor.md has one to begin with."
        )
    file: VehicleFile = convert(read_toml(path), VehicleFile, path, "")
    vehicle = convert(_vehicle_table(file), type(next(iter(rig.vehicles.values()))), path, "")
    return Candidate(file.name or path.stem, vehicle, tuple(_assumptions(file)))


def _vehicle_table(file: VehicleFile) -> dict[str, Any]:
    up = file.rotor_up_s or file.rotor_down_s or ROTOR_S
    return {
        "mass_kg": file.mass_kg,
        "arm_m": file.arm_m,
        "thrust_n": _thrust_curve(file),
        "torque_m": file.torque_m or TORQUE_M,
        "rotor_up_s": up,
        "rotor_down_s": file.rotor_down_s or up,
        "inertia_kg_m2": file.inertia_kg_m2 or estimated_inertia(file.mass_kg, file.arm_m),
        "rotor_range": (0.0, 1.0),
    }


def estimated_inertia(mass_kg: float, arm_m: tuple[float, float]) -> tuple[float, float, float]:
    """Return Jxx, Jyy, Jzz in kg m^2 of a usual quadrotor of a mass and a rotor place |x|, |y|.

    >>> [round(one, 4) for one in estimated_inertia(2.0, (0.177, 0.177))]
    [0.0213, 0.0213, 0.039]
    """
    roll = ROLL_INERTIA_SHARE * mass_kg * (arm_m[0] ** 2 + arm_m[1] ** 2)
    return roll, roll, YAW_INERTIA_RATIO * roll


def _thrust_curve(file: VehicleFile) -> tuple[float, float, float]:
    if file.thrust_n is not None:
        return file.thrust_n
    weight = file.mass_kg * GRAVITY_M_S2 / 4
    if file.max_thrust_n is not None:
        return 0.0, 0.0, file.max_thrust_n
    if file.thrust_to_weight is not None:
        return 0.0, 0.0, weight * file.thrust_to_weight
    assert file.hover_throttle is not None
    return 0.0, 0.0, weight / file.hover_throttle**2


def _assumptions(file: VehicleFile) -> Iterator[str]:
    if file.thrust_n is None:
        yield "thrust grows with the square of the motor command"
    if file.inertia_kg_m2 is None:
        jxx, _, jzz = estimated_inertia(file.mass_kg, file.arm_m)
        yield f"inertia {jxx:.3g}, {jxx:.3g}, {jzz:.3g} kg m^2, from mass and arm (real ones: 0.65 to 2.2 times that)"
    if file.torque_m is None:
        yield f"yaw torque {TORQUE_M} m per N of thrust"
    if file.rotor_up_s is None and file.rotor_down_s is None:
        yield f"rotor time constants {ROTOR_S} s"
    elif file.rotor_up_s is None or file.rotor_down_s is None:
        yield "the same rotor time constant up and down"
