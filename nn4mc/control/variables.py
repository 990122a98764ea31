"""Numbers of a controller that can be read and set over the wire, and where the groups of a layout begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nn4mc.errors import ConfigError


@dataclass(frozen=True)
class Variable:
    """A number that can be read and set over the wire while the controller runs."""

    name: str
    unit: str
    minimum: float
    maximum: float
    initial: float


def resolve(variables: Sequence[Variable], values: Mapping[str, float]) -> tuple[Variable, ...]:
    """Return the variables with initial ``values`` of one's own; ConfigError for an unknown name or a bad value."""
    known = {variable.name: variable for variable in variables}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"controller variable '{name}' is not known. Known: {', '.join(known)}")
        one = known[name]
        if not one.minimum <= value <= one.maximum:
            raise ConfigError(
                f"controller variable '{name}' is {value}, expected {one.minimum} to {one.maximum} {one.unit}"
            )
        known[name] = replace(one, initial=float(value))
    return tuple(known.values())


def offsets(layout: Mapping[str, int]) -> dict[str, int]:
    """Return where each group of a layout begins, in words.

    >>> offsets({"position": 3, "velocity": 3})
    {'position': 0, 'velocity': 3}
    """
    starts, at = {}, 0
    for name, words in layout.items():
        starts[name] = at
        at += words
    return starts
