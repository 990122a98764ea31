"""References of the mass-spring-damper rig, along its one axis, in m."""

from typing import ClassVar

from nn4mc.hil import paths


class Steps(paths.Steps, frozen=True, kw_only=True, tag_field="kind", tag="steps"):
    """Levels of x; the keys are explained in rig.toml."""

    unit_m: ClassVar[float] = 1.0
    axes: ClassVar[int] = 1


class Sine(paths.Lissajous, frozen=True, kw_only=True, tag_field="kind", tag="sine"):
    """A sine of x."""

    unit_m: ClassVar[float] = 1.0
    axes: ClassVar[int] = 1


class Chirp(paths.Chirp, frozen=True, kw_only=True, tag_field="kind", tag="chirp"):
    """A sine of x whose frequency rises."""

    unit_m: ClassVar[float] = 1.0
    axes: ClassVar[int] = 1


References = Steps | Sine | Chirp
