"""What differs between the plant that a controller was made for and the one it meets, as one line of options."""

from typing import Annotated

import msgspec

from nn4mc.errors import ConfigError

Factor = Annotated[float, msgspec.Meta(ge=0.1, le=10.0)]


class Mismatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Knobs of a plant: factors on its constants, and faults of its sensors and its line; the defaults change nothing.

    ``delay_steps`` more control steps pass before a command acts. ``noise`` scales the noise of every sensor.
    ``dropouts`` is the probability that the outputs of a step are missing, which the sensors say as NaN.
    """

    mass: Factor = 1.0
    stiffness: Factor = 1.0
    friction: Factor = 1.0
    delay_steps: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    noise: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 1.0
    dropouts: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0


def parse_mismatch(text: str | None) -> dict[str, float]:
    """Read ``name=value`` pairs parted by commas; ConfigError names the knobs there are.

    >>> parse_mismatch("mass=1.2,delay_steps=2")
    {'mass': 1.2, 'delay_steps': 2.0}
    """
    knobs = Mismatch.__struct_fields__
    found: dict[str, float] = {}
    for part in (text or "").split(",") if text else ():
        name, equals, value = (word.strip() for word in part.partition("="))
        if name not in knobs or not equals or name in found:
            raise ConfigError(f"--mismatch {text!r}: {part!r} is no new knob=value. Knobs: {', '.join(knobs)}.")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise ConfigError(f"--mismatch {text!r}: {name} is a number, not {value!r}.") from error
    return found
