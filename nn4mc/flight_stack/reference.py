"""What an adapter must do, in float64 and from the geometry: axes as vectors, attitudes as matrices, rotors as places.

Nothing is shared with how the C does it (signs, half angles, quaternion products) but the names in the table.
"""

from dataclasses import dataclass

import numpy as np

from nn4mc.control.observation import rotation_matrix
from nn4mc.errors import ConfigError
from nn4mc.flight_stack.table import IN_SI, Stack
from nn4mc.ir import Array

_AHEAD, _LEFT, _UP = np.eye(3)
_AXES = {
    "NED": np.array([_AHEAD, -_LEFT, -_UP]),
    "FRD": np.array([_AHEAD, -_LEFT, -_UP]),
    "NWU": np.array([_AHEAD, _LEFT, _UP]),
    "FLU": np.array([_AHEAD, _LEFT, _UP]),
    "ENU": np.array([_AHEAD, _LEFT, _UP]),
}
"""Rows are a frame's axes in the policy's, which is x ahead, y left, z up. Of a world "ahead" is wherever x points."""
_CORNERS = {"front right": (1, -1), "back right": (-1, -1), "back left": (-1, 1), "front left": (1, 1)}
_POLICY_CORNERS = ((1, -1), (-1, -1), (-1, 1), (1, 1))
_NOSES = {"in": (_AHEAD, _LEFT), "out": (_LEFT, -_AHEAD)}
"""What of the vehicle's body the policy takes for ahead and for left, so that its rotors spin as it knows them."""


@dataclass(frozen=True)
class Seen:
    """What the policy is to see, SI units, in the frame of the set-point: vectors (3,), body to frame (3, 3)."""

    position_error: Array
    rotation: Array
    velocity_error: Array
    angular_velocity: Array


@dataclass(frozen=True)
class Given:
    """A stack's sensors and set-point, in its own order, frames and units; ``heading`` (2,) is a direction."""

    position: Array
    quaternion: Array
    velocity: Array
    angular_velocity: Array
    wanted_position: Array
    wanted_velocity: Array
    heading: Array


def seen(stack: Stack, given: Given, props: str = "in") -> Seen:
    """Return what the policy sees; ConfigError where the heading has no direction."""
    world, policy_body = _AXES[stack.world].T, np.array([*_NOSES[props], _UP])
    body = policy_body @ _AXES[stack.body].T
    if not np.linalg.norm(given.heading) > 0:
        raise ConfigError("the heading has no direction")
    attitude = dict(zip(stack.quaternion_order, given.quaternion, strict=True))
    turning = rotation_matrix(np.array([attitude[part] for part in "wxyz"])).reshape(3, 3)
    if stack.quaternion_turns == "world to body":
        turning = turning.T
    nose = world @ np.array([*given.heading, 0.0])
    left = np.cross(_UP, nose)
    level = np.array([nose, left, _UP])
    frame = policy_body @ (level / np.linalg.norm(level, axis=1, keepdims=True))
    error = (given.position - given.wanted_position) * IN_SI[stack.position_unit]
    slip = (given.velocity - given.wanted_velocity) * IN_SI[stack.velocity_unit]
    return Seen(
        position_error=frame @ world @ error,
        rotation=frame @ world @ turning @ body.T,
        velocity_error=frame @ world @ slip,
        angular_velocity=body @ given.angular_velocity * IN_SI[stack.angular_velocity_unit],
    )


def outputs(stack: Stack, command: Array, props: str = "in") -> dict[str, Array]:
    """Return what each output of a stack must be (4,), in its own order, for a command (4,) within -1..1."""
    (ahead, left), shares = _NOSES[props], {}
    rotors = []
    for motor in stack.motors:
        corner = np.array([*_CORNERS[motor.place], 0])
        rotors.append(_POLICY_CORNERS.index((int(corner @ ahead), int(corner @ left))))
    shares["speed"] = (np.asarray(command, np.float64)[rotors] + 1) / 2
    shares["force"] = shares["speed"] ** 2
    return {one.name: one.low + (one.high - one.low) * shares[one.of] for one in stack.outputs}
