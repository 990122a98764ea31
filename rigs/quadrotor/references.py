"""References of the quadrotor rig: hover from a random start, and the RAPTOR paper's Lissajous figure."""

import math
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
Triple = tuple[float, float, float]


class Hover(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="hover"):
    """Stay at the origin, from a random start; the keys are explained in rig.toml."""

    duration_s: Positive
    window_start_s: NotNegative
    start_position_m: NotNegative
    start_tilt_deg: Annotated[float, msgspec.Meta(ge=0, le=180)]
    start_velocity_m_s: NotNegative
    start_angular_velocity_rad_s: NotNegative
    start_rotor: tuple[float, float]

    def __post_init__(self) -> None:
        """Refuse a flight that ends before it is measured."""
        if self.window_start_s >= self.duration_s:
            raise ValueError(
                f"window_start_s {self.window_start_s:g} is not before the end, duration_s {self.duration_s:g}: "
                "nothing would be measured"
            )

    @property
    def window_s(self) -> tuple[float, float]:
        """The part in which only the steady offset is left."""
        return self.window_start_s, self.duration_s

    def __call__(self, time_s: float) -> npt.NDArray[np.float32]:
        """Return position and velocity (6,): zero, always."""
        return np.zeros(6, np.float32)

    def position(self, time_s: float) -> npt.NDArray[np.float64]:
        """Return the wanted position (3,) in m: the origin."""
        return np.zeros(3)


class Lissajous(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lissajous"):
    """``p_i = amplitude_i sin(ratio_i phase)``, from rest; the phase rate ramps up to 2 pi / period."""

    amplitude_m: Triple
    ratio: Triple
    period_s: Positive
    ramp_s: NotNegative
    loops: Positive

    @property
    def duration_s(self) -> float:
        """The ramp, then the loops at full speed."""
        return self.ramp_s + self.loops * self.period_s

    @property
    def window_s(self) -> tuple[float, float]:
        """From the end of the ramp on."""
        return self.ramp_s, self.duration_s

    def __call__(self, time_s: float) -> npt.NDArray[np.float32]:
        """Return position in m and velocity in m/s (6,)."""
        phase, rate = self._phase(time_s)
        axes = tuple(zip(self.amplitude_m, self.ratio, strict=True))
        positions = [size * math.sin(ratio * phase) for size, ratio in axes]
        velocities = [size * math.cos(ratio * phase) * ratio * rate for size, ratio in axes]
        return np.array(positions + velocities, np.float32)

    def position(self, time_s: float) -> npt.NDArray[np.float64]:
        """Return the wanted position (3,) in m."""
        phase, _ = self._phase(time_s)
        return np.array(self.amplitude_m) * np.sin(np.array(self.ratio) * phase)

    def _phase(self, time_s: float) -> tuple[float, float]:
        """Return the phase in rad and its rate in rad/s: quadratic during the ramp, linear after it."""
        full_rate = 2 * math.pi / self.period_s
        if time_s < self.ramp_s:
            return full_rate * time_s**2 / (2 * self.ramp_s), full_rate * time_s / self.ramp_s
        return full_rate * (time_s - self.ramp_s / 2), full_rate


References = Hover | Lissajous
