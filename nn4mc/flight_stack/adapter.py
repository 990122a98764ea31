"""The adapter of a flight stack as text: its C and an example, and what a reader must know of its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nn4mc import __version__
from nn4mc.codegen.literals import float_literal
from nn4mc.codegen.render import render
from nn4mc.flight_stack.conventions import Conventions, conventions, spins
from nn4mc.flight_stack.table import Output, Stack

_C_TYPES = {"float": "float", "uint16": "uint16_t"}


def emit_adapter(name: str, stack: Stack, props: str) -> dict[str, str]:
    """Return NAME_adapter.h, NAME_adapter.c and an example that calls them, by their paths in the folder."""
    values = _values(name, stack, props)
    return {
        f"{name}_adapter.h": render("flight_adapter.h.j2", values),
        f"{name}_adapter.c": render("flight_adapter.c.j2", values),
        "examples/main.c": render("flight_example.c.j2", values),
    }


def _values(name: str, stack: Stack, props: str) -> dict[str, Any]:
    made = conventions(stack, props)
    outputs = [_output(output) for output in stack.outputs]
    return {
        "name": name,
        "NAME": name.upper(),
        "version": __version__,
        "stack": stack,
        "turned": stack.quaternion_turns.replace("body", stack.body)
        .replace("world", stack.world)
        .replace("to", "into"),
        "motors": ", ".join(f"{i} {motor.place}" for i, motor in enumerate(stack.motors, start=1)),
        "outputs": outputs,
        "from_world": _from_world(stack, made),
        "made": made,
        "heading": [f"{'-' if sign < 0 else ''}setpoint->heading[{index}]" for sign, index in made.heading],
    }


def _from_world(stack: Stack, made: Conventions) -> list[tuple[str, str, float]]:
    """Return the functions (name, unit, scale) of positions and velocities: one where both are in SI units."""
    if made.position_scale == made.velocity_scale:
        return [("from_world", f"{stack.position_unit} or {stack.velocity_unit}", made.position_scale)]
    position = ("position_from_world", stack.position_unit, made.position_scale)
    return [position, ("velocity_from_world", stack.velocity_unit, made.velocity_scale)]


@dataclass(frozen=True)
class _OutputText:
    """An output as the templates print it, ``speed`` standing for that of its rotor.

    ``adjustable`` ones have a range that the caller may set.
    """

    name: str
    c_type: str
    about: str
    low: float
    high: float
    adjustable: bool
    expression: str


def _output(output: Output) -> _OutputText:
    share = "speed" if output.of == "speed" else "(speed * speed)"
    if output.adjustable:
        expression = f"{output.name}_low + {output.name}_span * {share}"
    elif output.type == "float":
        expression = share if (output.low, output.high) == (0, 1) else _between(output.low, output.high, share)
    else:
        # Half a unit, so that cutting off rounds.
        expression = f"(uint16_t)({_between(output.low + 0.5, output.high + 0.5, share)})"
    c_type = _C_TYPES[output.type]
    return _OutputText(output.name, c_type, output.about, output.low, output.high, output.adjustable, expression)


def _between(low: float, high: float, share: str) -> str:
    return f"{float_literal(low)} + {float_literal(high - low)} * {share}"


def conventions_of(stack: Stack, props: str = "in") -> Mapping[str, str]:
    """Return what a reader needs to know of a stack's numbers, label by label."""
    places = zip(stack.motors, spins(stack, props), strict=True)
    motors = ", ".join(f"{i} {motor.place} ({spin})" for i, (motor, spin) in enumerate(places, start=1))
    outputs = "; ".join(f"`{o.name}`, {o.of} {o.low:g} to {o.high:g}: {o.about}" for o in stack.outputs)
    return {
        "world, body": f"{stack.world}, {stack.body}",
        "quaternion": f"{', '.join(stack.quaternion_order)}; {stack.quaternion_turns}",
        "position, velocity": f"{stack.position_unit}, {stack.velocity_unit} in the world",
        "angular velocity": f"{stack.angular_velocity_unit} in the body",
        "clips an axis": f"{stack.position_clip_m:g} m, {stack.velocity_clip_m_s:g} m/s, in the frame of the heading",
        "first previous action": f"{stack.first_action:g}",
        "motors, seen from above": motors,
        "outputs": outputs,
        "calls": f"{stack.rate_hz} Hz, {stack.rate_about}",
    }
