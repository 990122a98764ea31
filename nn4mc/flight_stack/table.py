"""The table of flight stacks: frames, units, motors and limits of each, read from stacks.toml and checked.

The policy's own conventions are here too: world and body x forward, y left, z up; quaternion w first, body to world;
rad/s; rotors in the order of `PLACES`.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from nn4mc.errors import ConfigError

PLACES = ("front right", "back right", "back left", "front left")
"""The policy's rotors in the order of its commands."""
POLICY_SPINS = ("ccw", "cw", "ccw", "cw")
"""How they spin, seen from above: torques -1, +1, -1, +1 about z up (rl-tools/l2f)."""
AXES = {"NED": (1, -1, -1), "FRD": (1, -1, -1), "NWU": (1, 1, 1), "ENU": (1, 1, 1), "FLU": (1, 1, 1)}
"""Signs that turn a frame's axes into x ahead, y left, z up. Which way x points on the ground does not matter: the
policy sees everything relative to a heading."""
IN_SI = {"m": 1.0, "mm": 1e-3, "m/s": 1.0, "mm/s": 1e-3, "rad/s": 1.0, "deg/s": 0.017453292519943295}
"""What a unit is worth in m, m/s or rad/s."""

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]


class Motor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One motor of a stack: its place on the vehicle, and how it spins seen from above."""

    place: Literal["front right", "back right", "back left", "front left"]
    spin: Literal["cw", "ccw"]


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array of four numbers that a stack takes: ``low`` where a rotor stands, ``high`` at its largest speed.

    Between the two it is linear in the rotor's ``speed``, or in its square, the ``force``. What is ``adjustable`` has a
    range that the caller may set at run time.
    """

    name: Name
    type: Literal["float", "uint16"]
    of: Literal["speed", "force"]
    low: float
    high: float
    about: str
    adjustable: bool = False

    def __post_init__(self) -> None:
        """Refuse an empty range, and what a uint16 cannot hold."""
        if not self.low < self.high:
            raise ValueError(f"output '{self.name}': {self.low:g} to {self.high:g} is empty")
        if self.type == "uint16" and self.adjustable:
            raise ValueError(f"output '{self.name}': a uint16 is not adjustable, or any range could overflow it")
        if self.type == "uint16" and not 0 <= self.low < self.high <= 65535:
            raise ValueError(f"output '{self.name}': {self.low:g} to {self.high:g} is not within 0 to 65535")


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting of the stack: its name there, the value the policy needs, and why."""

    name: str
    value: str
    why: str


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One flight stack.

    ``world`` and ``body`` name the axes of its vectors, as in `AXES`. Errors are clipped at ``position_clip_m`` and
    ``velocity_clip_m_s`` an axis; the previous action of the first step is ``first_action``. It calls the policy
    ``rate_hz`` times a second, ``rate_about`` says where; ``clock`` is its clock in us. ``motors`` and every one of
    ``outputs`` are in its own order. ``policy_tar``: how it runs an RLtools checkpoint itself, where it can;
    ``builds_with_kbuild``: it takes sources by a Kbuild file. ``folder``, ``steps``, ``parameters`` and ``checks`` are
    for the reader.
    """

    title: str
    licence: str
    world: Literal["NED", "NWU", "ENU"]
    body: Literal["FRD", "FLU"]
    quaternion_order: Literal["wxyz", "xyzw"]
    quaternion_turns: Literal["body to world", "world to body"]
    position_unit: Literal["m", "mm"]
    velocity_unit: Literal["m/s", "mm/s"]
    angular_velocity_unit: Literal["rad/s", "deg/s"]
    position_clip_m: Positive
    velocity_clip_m_s: Positive
    first_action: Annotated[float, msgspec.Meta(ge=-1, le=1)]
    rate_hz: Annotated[int, msgspec.Meta(ge=100, le=10000)]
    rate_about: str
    clock: str
    motors: tuple[Motor, Motor, Motor, Motor]
    outputs: Annotated[tuple[Output, ...], msgspec.Meta(min_length=1)]
    folder: str
    policy_tar: str = ""
    builds_with_kbuild: bool = False
    steps: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    checks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a pair of frames that is not turned alike, and motors that are not the policy's."""
        if AXES[self.world] != AXES[self.body]:
            raise ValueError(f"world {self.world} and body {self.body}: z of one is up, of the other down")
        if {motor.place for motor in self.motors} != set(PLACES):
            raise ValueError("every place has one motor")
        for motor in self.motors:
            if motor.spin != POLICY_SPINS[PLACES.index(motor.place)]:
                raise ValueError(f"the motor {motor.place} spins {motor.spin}, the policy's spins the other way")

    @property
    def rotor_of_motor(self) -> tuple[int, ...]:
        """The index of the policy's rotor that each motor of the stack is."""
        return tuple(PLACES.index(motor.place) for motor in self.motors)


@cache
def stacks() -> dict[str, Stack]:
    """Return all stacks by name, in the order of the table."""
    return read_stacks(Path(__file__).with_name("stacks.toml").read_text(encoding="utf-8"))


def read_stacks(text: str) -> dict[str, Stack]:
    """Return the stacks of a table in TOML; ConfigError with the place of what is wrong."""
    try:
        return msgspec.toml.decode(text, type=dict[Name, Stack])
    except msgspec.MsgspecError as error:
        raise ConfigError(f"stacks.toml: {error}") from error


def find_stack(name: str) -> Stack:
    """Return a stack by name; ConfigError lists those there are."""
    if name not in stacks():
        raise ConfigError(f"flight stack '{name}' is not known. Known: {', '.join(stacks())}")
    return stacks()[name]
