"""How a stack's vectors, quaternions and motors become the policy's: signs, order and scales.

Of a quadrotor whose rotors all spin the other way round ("props out"), the diagonal that spins clockwise is where the
policy's counter-clockwise one is: turned by a quarter it is the policy's vehicle. So the policy flies it with the
vehicle's left side for its nose. (Its mirror image would not do: seen in a mirror, propellers that turn in still do.)
"""

from dataclasses import dataclass

from nn4mc.flight_stack.table import AXES, IN_SI, PLACES, POLICY_SPINS, Stack

PROPS = ("in", "out")
"""How the rotors spin: as the policy's, or all the other way round."""
_PLACES_OF_PROPS = {"in": PLACES, "out": (PLACES[3], PLACES[0], PLACES[1], PLACES[2])}
"""Where the policy's rotors are on the vehicle: with props out its front right one is the front left one."""

Row = tuple[int, int]
"""A sign and an index: what one word of the policy's is made of."""


@dataclass(frozen=True)
class Conventions:
    """What turns a stack's numbers into the policy's.

    ``world`` (3 rows) of positions and velocities, x ahead, y left, z up; ``heading`` (2 rows) of the direction that
    the policy's nose shall have; ``quaternion`` (4 rows) of w, x, y, z, turning the vehicle's body into the world; with
    ``quarter`` the policy's body is turned from that by a quarter to the left; ``body`` (3 rows) of angular velocities
    in the policy's body; scales to SI units; ``rotor_of_motor`` the policy's rotor that each motor is.
    """

    world: tuple[Row, ...]
    heading: tuple[Row, ...]
    quaternion: tuple[Row, ...]
    quarter: bool
    body: tuple[Row, ...]
    position_scale: float
    velocity_scale: float
    angular_scale: float
    rotor_of_motor: tuple[int, ...]


def conventions(stack: Stack, props: str = "in") -> Conventions:
    """Return a stack's conventions for a vehicle with its propellers ``props``, one of `PROPS`."""
    axes = AXES[stack.world]
    world: tuple[Row, ...] = tuple((sign, i) for i, sign in enumerate(axes))
    # A half turn about x on both sides turns a quaternion's vector part as a vector; the inverse is the conjugate.
    direction = 1 if stack.quaternion_turns == "body to world" else -1
    signs = (1, *(sign * direction for sign in axes))
    places = _PLACES_OF_PROPS[props]
    return Conventions(
        world=world,
        heading=_left_of(world) if props == "out" else world[:2],
        quaternion=tuple((sign, stack.quaternion_order.index(part)) for sign, part in zip(signs, "wxyz", strict=True)),
        quarter=props == "out",
        body=_body(AXES[stack.body], props),
        position_scale=IN_SI[stack.position_unit],
        velocity_scale=IN_SI[stack.velocity_unit],
        angular_scale=IN_SI[stack.angular_velocity_unit],
        rotor_of_motor=tuple(places.index(motor.place) for motor in stack.motors),
    )


def _left_of(vector: tuple[Row, ...]) -> tuple[Row, Row]:
    """Return (-y, x): a direction turned by a quarter to the left."""
    (x_sign, x), (y_sign, y) = vector[:2]
    return (-y_sign, y), (x_sign, x)


def _body(axes: tuple[int, ...], props: str) -> tuple[Row, ...]:
    x, y, z = ((sign, i) for i, sign in enumerate(axes))
    return (y, (-x[0], x[1]), z) if props == "out" else (x, y, z)


def spins(stack: Stack, props: str) -> tuple[str, ...]:
    """Return how each motor of a stack must spin, seen from above."""
    return tuple(POLICY_SPINS[rotor] for rotor in conventions(stack, props).rotor_of_motor)
