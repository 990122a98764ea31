"""References of the tendon rig: figures in the (y, z) plane, laid on the surface that the tip can reach. In mm."""

from typing import ClassVar

import numpy as np

from nn4mc.hil import paths
from nn4mc.hil.record import Vector

from .arm import dome

ARM_MM = 100.0
"""Length of the arm in rig.toml, which decides the surface."""


class OnDome:
    """Takes x from y and z: two servos give the tip two freedoms."""

    __slots__ = ()

    def lifted(self, point: Vector) -> Vector:
        """Return the point of the surface with this y and z; its own x is taken for an offset from the surface."""
        offset, y, z = point.tolist()
        return np.array([dome(ARM_MM, y, z) - ARM_MM + offset, y, z])


class Lissajous(OnDome, paths.Lissajous, frozen=True, kw_only=True, tag_field="kind", tag="lissajous"):
    """Circles and figures of eight; the keys are explained in rig.toml."""

    axes: ClassVar[int] = 3


class Steps(OnDome, paths.Steps, frozen=True, kw_only=True, tag_field="kind", tag="steps"):
    """From point to point."""

    axes: ClassVar[int] = 3


class Chirp(OnDome, paths.Chirp, frozen=True, kw_only=True, tag_field="kind", tag="chirp"):
    """A sine along a line whose frequency rises."""

    axes: ClassVar[int] = 3


References = Lissajous | Steps | Chirp
