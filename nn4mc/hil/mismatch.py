"""What differs between the plant that a controller was made for and the one it meets: a line of options or a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

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


def parse_mismatch(text: str | None) -> dict[str, Any]:
    """Read ``name=value`` pairs parted by commas, the numbers of a vector by colons, or a TOML file ``@FILE``.

    Which names there are the rig says (nn4mc.hil.rig.perturbed). Raises ConfigError for what is no number, no pair or
    a name given twice.

    >>> parse_mismatch("mass=1.2,delay_steps=2,force_n=0:0:1.5")
    {'mass': 1.2, 'delay_steps': 2.0, 'force_n': (0.0, 0.0, 1.5)}
    """
    if not text:
        return {}
    if text.startswith("@"):
        return _read(Path(text[1:]))
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not name or not equals or name in found:
            raise ConfigError(f"--mismatch {text!r}: {part!r} is no new knob=value, such as mass=1.2 or force_n=0:0:1.")
        try:
            numbers = tuple(float(word) for word in value.split(":"))
        except ValueError as error:
            raise ConfigError(f"--mismatch {text!r}: {name} is a number, not {value!r}.") from error
        found[name] = numbers if len(numbers) > 1 else numbers[0]
    return found


def mismatch_text(mismatch: Mapping[str, Any]) -> str:
    """Return a mismatch as `parse_mismatch` reads it.

    >>> mismatch_text({"mass": 1.2, "force_n": (0.0, 0.0, 1.5)})
    'mass=1.2,force_n=0:0:1.5'
    """
    return ",".join(f"{name}={_text(value)}" for name, value in mismatch.items())


def _text(value: Any) -> str:
    return ":".join(f"{one:g}" for one in value) if isinstance(value, (tuple, list)) else f"{value:g}"


def _read(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = msgspec.toml.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"--mismatch @{path}: cannot be read as TOML: {error}") from error
    return table
