"""What a vehicle meets that its controller was not told of: forces, a load, worn rotors, poor sensors, a call rate.

Everything is data. Two tables of the same numbers and the same seed of a flight are the same flight.
"""

from typing import Annotated

import msgspec

Triple = tuple[float, float, float]
NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]
Factor = Annotated[float, msgspec.Meta(ge=0.1, le=10.0)]
Gain = Annotated[float, msgspec.Meta(ge=0.0, le=2.0)]
Clip = Annotated[float, msgspec.Meta(gt=0, le=1e6)]


class Perturbation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``mismatch`` of a vehicle; the defaults change nothing.

    Forces are in N in the world frame: ``force_n`` always; ``wind_n`` from ``wind_start_s`` (included) to
    ``wind_end_s`` (excluded); gusts with the standard deviation ``gust_n`` on each axis, correlated over
    ``gust_time_s`` (forces.py). ``payload_kg`` is a point mass at ``payload_offset_m`` (body frame) from the centre of
    mass; position and velocity are then those of the common centre. ``rotor_gain`` scales the thrust of each rotor,
    ``propeller_thrust`` that of all, ``propeller_torque`` the yaw torque per N of thrust. Sensors read what was
    ``delay_ms`` ago, plus white noise with these standard deviations a reading (sensing.py). ``call_rate_hz`` is how
    often the controller is called; None leaves the rig's. The clips and ``initial_action`` are the controller's
    variables as a flight stack sets them; None leaves the rig's.
    """

    force_n: Triple = (0.0, 0.0, 0.0)
    wind_n: Triple = (0.0, 0.0, 0.0)
    wind_start_s: NotNegative = 0.0
    wind_end_s: NotNegative = 1e5
    gust_n: tuple[NotNegative, NotNegative, NotNegative] = (0.0, 0.0, 0.0)
    gust_time_s: Annotated[float, msgspec.Meta(ge=0.01, le=100)] = 1.0
    payload_kg: NotNegative = 0.0
    payload_offset_m: Triple = (0.0, 0.0, 0.0)
    rotor_gain: tuple[Gain, Gain, Gain, Gain] = (1.0, 1.0, 1.0, 1.0)
    propeller_thrust: Factor = 1.0
    propeller_torque: Factor = 1.0
    delay_ms: Annotated[float, msgspec.Meta(ge=0, le=50)] = 0.0
    noise_position_m: NotNegative = 0.0
    noise_attitude_rad: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    noise_velocity_m_s: NotNegative = 0.0
    noise_rate_rad_s: NotNegative = 0.0
    call_rate_hz: Annotated[float, msgspec.Meta(ge=50, le=2500)] | None = None
    position_clip_m: Clip | None = None
    velocity_clip_m_s: Clip | None = None
    initial_action: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None = None

    def noise(self) -> tuple[float, ...]:
        """Return the standard deviations (12,): position 3, attitude 3, velocity 3, angular velocity 3."""
        channels = (self.noise_position_m, self.noise_attitude_rad, self.noise_velocity_m_s, self.noise_rate_rad_s)
        return tuple(one for one in channels for _ in range(3))

    def period_s(self, otherwise: float) -> float:
        """Return the time between two calls of the controller in s."""
        return otherwise if self.call_rate_hz is None else 1.0 / self.call_rate_hz

    def variables(self) -> dict[str, float]:
        """Return the controller variables that the table sets."""
        given = {
            "position_clip": self.position_clip_m,
            "velocity_clip": self.velocity_clip_m_s,
            "initial_action": self.initial_action,
        }
        return {name: value for name, value in given.items() if value is not None}
