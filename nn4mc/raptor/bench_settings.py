"""What a policy is tried under: the settings of flight stacks, disturbances, late and noisy sensors, call rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nn4mc.raptor.trials import CLIPS
from nn4mc.raptor.vehicle_file import GRAVITY_M_S2

CLIP, DISTURBANCE, DELAY, NOISE, RATE = "clips", "disturbance", "delay", "noise", "call rate"
WIND_START_S = 2.0
"""When a step of wind begins: most vehicles have settled by then."""


@dataclass(frozen=True)
class Setting:
    """A perturbation of the quadrotor rig: ``changes`` as they are, and parts that are relative to the vehicle.

    ``value`` is the number that a group varies: ms of delay, Hz. ``wind_weights`` and ``gust_weights`` are forces in
    weights of the vehicle, ``payload_masses`` a load in masses of it.
    """

    group: str
    name: str
    value: float | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    wind_weights: float = 0.0
    gust_weights: float = 0.0
    payload_masses: float = 0.0


def mismatch_of(setting: Setting, vehicle: Any) -> dict[str, Any]:
    """Return the rig's perturbation of a vehicle (an instance of the rig's Vehicle) under a setting."""
    weight = vehicle.mass_kg * GRAVITY_M_S2
    table = dict(setting.changes)
    if setting.wind_weights:
        table |= {"wind_n": (setting.wind_weights * weight, 0.0, 0.0), "wind_start_s": WIND_START_S}
    if setting.gust_weights:
        table |= {"gust_n": (setting.gust_weights * weight,) * 3, "gust_time_s": 0.5}
    if setting.payload_masses:
        table |= {"payload_kg": setting.payload_masses * vehicle.mass_kg}
    return table


CLIP_SETTINGS = tuple(Setting(CLIP, name, None, changes) for name, changes in CLIPS.items())
"""As it is first: what all others are compared with."""


def _weak(gain: float) -> dict[str, Any]:
    return {"rotor_gain": (gain, 1.0, 1.0, 1.0)}


DISTURBANCES = (
    Setting(DISTURBANCE, "wind step, 0.1 weights", wind_weights=0.1),
    Setting(DISTURBANCE, "wind step, 0.2 weights", wind_weights=0.2),
    Setting(DISTURBANCE, "gusts, 0.1 weights", gust_weights=0.1),
    Setting(DISTURBANCE, "payload, 0.2 masses", payload_masses=0.2),
    Setting(DISTURBANCE, "payload, 0.4 masses", payload_masses=0.4),
    Setting(DISTURBANCE, "one rotor 15 % weaker", changes=_weak(0.85)),
    Setting(DISTURBANCE, "one rotor 30 % weaker", changes=_weak(0.7)),
    Setting(DISTURBANCE, "propellers, 20 % less thrust", changes={"propeller_thrust": 0.8}),
    Setting(DISTURBANCE, "propellers, 25 % more thrust", changes={"propeller_thrust": 1.25}),
)


def _noise(factor: float) -> dict[str, float]:
    return {
        "noise_position_m": 0.005 * factor,
        "noise_velocity_m_s": 0.02 * factor,
        "noise_attitude_rad": 0.005 * factor,
        "noise_rate_rad_s": 0.05 * factor,
    }


NOISES = (
    Setting(NOISE, "noise: 5 mm, 2 cm/s, 5 mrad, 0.05 rad/s", 1.0, _noise(1.0)),
    Setting(NOISE, "four times that noise", 4.0, _noise(4.0)),
)


def delays(late_ms: Sequence[float]) -> tuple[Setting, ...]:
    """Return sensors that are late by so many ms."""
    return tuple(Setting(DELAY, f"sensors {late:g} ms late", late, {"delay_ms": late}) for late in late_ms)


def rates(calls_hz: Sequence[float]) -> tuple[Setting, ...]:
    """Return calls of the policy, through its executor, so often."""
    return tuple(Setting(RATE, f"called at {rate:g} Hz", rate, {"call_rate_hz": rate}) for rate in calls_hz)
