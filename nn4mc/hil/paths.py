"""Shapes of references that several rigs follow, each with a smooth start from where the plant rests.

A path is in the rig's unit of length. It begins with an approach, from ``rest`` to the first point of the shape in
``approach_s`` seconds along a straight line with zero velocity and acceleration at both ends (the minimum-jerk motion
of Flash and Hogan 1985); then comes the shape, whose own speed rises from zero.
"""

import math
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from nn4mc.hil.record import Vector, Words

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
Triple = tuple[float, float, float]

_SLACK = 1e-9
"""A step at k * period may be a rounding error before its decimal number."""
_DIFFERENCE_S = 1e-4
"""Half the span of the central difference that gives velocities: wrong by 1e-7 of the speed at 1 Hz."""


class Path(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The approach, and what a shape has to say: ``shape(t)`` in the rig's unit, and how long it takes.

    ``unit_m`` is the rig's unit of length in m and ``axes`` how many coordinates go over the wire.
    """

    approach_s: NotNegative = 1.0
    rest: Triple = (0.0, 0.0, 0.0)
    unit_m: ClassVar[float] = 1e-3
    axes: ClassVar[int] = 3

    @property
    def shape_s(self) -> float:
        """How long the shape takes, in s."""
        raise NotImplementedError

    @property
    def settle_s(self) -> float:
        """How much of the shape passes before errors count, in s."""
        return 0.0

    def shape(self, time_s: float) -> Vector:
        """Return the point (3,) of the shape ``time_s`` after its start."""
        raise NotImplementedError

    def lifted(self, point: Vector) -> Vector:
        """Return the point of the plant's own surface that belongs to ``point``; here the point itself."""
        return point

    @property
    def duration_s(self) -> float:
        """The approach and the shape, in s."""
        return self.approach_s + self.shape_s

    @property
    def window_s(self) -> tuple[float, float]:
        """From where the shape has got up to speed to the end, in s."""
        return self.approach_s + self.settle_s, self.duration_s

    def point(self, time_s: float) -> Vector:
        """Return the wanted point (3,) in the rig's unit."""
        if time_s >= self.approach_s or self.approach_s == 0.0:
            return self.lifted(self.shape(max(time_s - self.approach_s, 0.0)))
        start, share = np.array(self.rest), minimum_jerk(time_s / self.approach_s)
        return self.lifted(start + share * (self.shape(0.0) - start))

    def velocity(self, time_s: float) -> Vector:
        """Return the velocity (3,) of the wanted point, in the rig's unit a second."""
        ahead, behind = self.point(time_s + _DIFFERENCE_S), self.point(time_s - _DIFFERENCE_S)
        return (ahead - behind) / (2 * _DIFFERENCE_S)

    def __call__(self, time_s: float) -> Words:
        """Return wanted position and velocity, in the rig's unit (and a second)."""
        words = [self.point(time_s)[: self.axes], self.velocity(time_s)[: self.axes]]
        return np.concatenate(words).astype(np.float32)

    def position(self, time_s: float) -> Vector:
        """Return the wanted position (3,) in m."""
        return self.point(time_s) * self.unit_m


def minimum_jerk(share: float) -> float:
    """Return the way done at a share of the time, 0 to 1, with no velocity and acceleration at either end.

    >>> minimum_jerk(0.0), minimum_jerk(0.5), minimum_jerk(2.0)
    (0.0, 0.5, 1.0)
    """
    s = min(max(share, 0.0), 1.0)
    return s * s * s * (10 + s * (6 * s - 15))


def ramped_phase(time_s: float, period_s: float, ramp_s: float) -> float:
    """Return the phase in rad that rises at 2 pi / period, its rate rising linearly from 0 during the ramp."""
    rate = 2 * math.pi / period_s
    return rate * time_s**2 / (2 * ramp_s) if time_s < ramp_s else rate * (time_s - ramp_s / 2)


class Lissajous(Path, frozen=True, kw_only=True, tag_field="kind", tag="lissajous"):
    """``centre_i + amplitude_i sin(ratio_i phase + shift_i)``: circles, figures of eight; the phase rate ramps up."""

    amplitude: Triple
    ratio: Triple
    shift_deg: Triple = (0.0, 0.0, 0.0)
    centre: Triple = (0.0, 0.0, 0.0)
    period_s: Positive
    ramp_s: NotNegative
    loops: Positive

    @property
    def shape_s(self) -> float:
        """The ramp, then the loops at full speed."""
        return self.ramp_s + self.loops * self.period_s

    @property
    def settle_s(self) -> float:
        """The ramp."""
        return self.ramp_s

    def shape(self, time_s: float) -> Vector:
        """Return the point (3,) of the figure."""
        phase = ramped_phase(time_s, self.period_s, self.ramp_s)
        angles = np.array(self.ratio) * phase + np.radians(self.shift_deg)
        point: Vector = np.array(self.centre) + np.array(self.amplitude) * np.sin(angles)
        return point


class Steps(Path, frozen=True, kw_only=True, tag_field="kind", tag="steps"):
    """From point to point, each held for ``hold_s``; ``rise_s`` is the time a change takes, 0 for a jump."""

    points: Annotated[tuple[Triple, ...], msgspec.Meta(min_length=1)]
    hold_s: Positive
    rise_s: NotNegative = 0.0

    @property
    def shape_s(self) -> float:
        """All points, one after the other."""
        return self.hold_s * len(self.points)

    def velocity(self, time_s: float) -> Vector:
        """Return the velocity (3,) of the wanted point; none where it jumps."""
        jumps = self.rise_s == 0.0 and time_s >= self.approach_s
        return np.zeros(3) if jumps else Path.velocity(self, time_s)

    def shape(self, time_s: float) -> Vector:
        """Return the point (3,) that is held, or the way to it."""
        number = min(max(int(time_s / self.hold_s + _SLACK), 0), len(self.points) - 1)
        here, before = np.array(self.points[number]), np.array(self.points[max(number - 1, 0)])
        if self.rise_s == 0.0:
            return here
        # The way to the first point is the approach.
        way: Vector = minimum_jerk((time_s - number * self.hold_s) / self.rise_s) * (here - before)
        return before + way


class Chirp(Path, frozen=True, kw_only=True, tag_field="kind", tag="chirp"):
    """A sine along ``amplitude`` whose frequency doubles in equal times; it grows to that size during the first period.

    Above ``corner_hz`` it shrinks as 1/f, which keeps the largest speed: a plant whose force is limited could not
    follow the full size, and its response would be that of the limit.
    """

    amplitude: Triple
    centre: Triple = (0.0, 0.0, 0.0)
    from_hz: Positive
    to_hz: Positive
    sweep_s: Positive
    corner_hz: Positive | None = None

    def __post_init__(self) -> None:
        """Refuse a frequency that does not rise; msgspec reports it with its place in the file."""
        if not self.from_hz < self.to_hz:
            raise ValueError(f"from {self.from_hz:g} Hz to {self.to_hz:g} Hz does not rise")

    @property
    def shape_s(self) -> float:
        """One sweep."""
        return self.sweep_s

    @property
    def settle_s(self) -> float:
        """The first period, in which the amplitude grows."""
        return 1.0 / self.from_hz

    @property
    def _rate(self) -> float:
        """The rate at which the logarithm of the frequency rises, in 1/s."""
        return math.log(self.to_hz / self.from_hz) / self.sweep_s

    def frequency_hz(self, time_s: float) -> float:
        """Return the frequency ``time_s`` after the start of the sweep."""
        return self.from_hz * math.exp(self._rate * time_s)

    def shape(self, time_s: float) -> Vector:
        """Return the point (3,) of the sweep."""
        cycles = (self.frequency_hz(time_s) - self.from_hz) / self._rate
        size = minimum_jerk(time_s * self.from_hz) * math.sin(2 * math.pi * cycles)
        if self.corner_hz is not None:
            size *= min(1.0, self.corner_hz / self.frequency_hz(time_s))
        point: Vector = np.array(self.centre) + size * np.array(self.amplitude)
        return point


class Swirl(Path, frozen=True, kw_only=True, tag_field="kind", tag="swirl"):
    """Circles that widen and close again while the point rises and sinks: wide at half height, a point at both ends.

    With s from 0 to 1 in ``period_s``: width = sin(2 pi s)^2, height = sin(pi s)^2, ``turns`` circles.
    """

    centre: Triple
    amplitude: Triple
    turns: Positive
    period_s: Positive
    loops: Positive

    @property
    def shape_s(self) -> float:
        """All loops."""
        return self.loops * self.period_s

    def shape(self, time_s: float) -> Vector:
        """Return the point (3,): ``centre`` and ``amplitude`` act with the width in x and y, with the height in z."""
        s = time_s / self.period_s
        width, height = math.sin(2 * math.pi * s) ** 2, math.sin(math.pi * s) ** 2
        angle = 2 * math.pi * self.turns * s
        (cx, cy, cz), (ax, ay, az) = self.centre, self.amplitude
        return np.array(
            [width * (cx + ax * math.cos(angle)), width * (cy + ay * math.sin(angle)), cz + az * (2 * height - 1)]
        )
