"""Flights that judge a vehicle: hover from random starts under several settings, and figures of eight, ever faster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn4mc.hil.batch import BatchPolicy, Simulated, fly_batch
from nn4mc.hil.metrics import wilson_interval
from nn4mc.hil.rig import Rig, create_reference, perturbed
from nn4mc.raptor.vehicle_file import GRAVITY_M_S2

AS_IT_IS = "as it is"
PX4_CLIPS = "PX4's clips"
CLIPS: Mapping[str, Mapping[str, float]] = {
    AS_IT_IS: {},
    PX4_CLIPS: {"position_clip_m": 0.5, "velocity_clip_m_s": 1.0},
    "Betaflight's clips": {"position_clip_m": 0.6, "velocity_clip_m_s": 2.0},
}
"""How far flight stacks let errors reach the policy (PX4's mc_raptor; RLtools' Betaflight adapter)."""
PERIODS_S = (10.0, 8.0, 6.5, 5.5, 4.75, 4.0, 3.5, 3.0, 2.5, 2.0)
"""Periods of the figure of eight, from slow to fast; 10 and 5.5 s are the paper's."""
FOLLOWED_M = 0.5
"""A figure counts as followed where the RMSE is at most half the figure's semi-axis of 1 m."""


@dataclass(frozen=True)
class HoverTrial:
    """Hover from random starts: 10 s each, judged over the last 5 s; None where every start was lost.

    ``lost_interval`` is the 95 % interval of the share that is lost (Wilson). ``rmse_m``, ``offset_m`` (distance of
    the mean position from the set-point) and ``settling_s`` are medians over the starts that were not lost;
    ``worst_m`` is the largest error of any of them.
    """

    setting: str
    starts: int
    lost: int
    lost_interval: tuple[float, float]
    rmse_m: float | None
    worst_m: float | None
    offset_m: float | None
    settling_s: float | None


@dataclass(frozen=True)
class FigureTrial:
    """Five loops of the paper's figure of eight with a period, after a ramp of 1 s; errors as in metrics.Tracking."""

    setting: str
    period_s: float
    lost: bool
    rmse_m: float | None
    rmse_xy_m: float | None
    max_error_m: float | None

    @property
    def followed(self) -> bool:
        """Whether the vehicle was not lost and stayed near the figure."""
        return not self.lost and self.rmse_m is not None and self.rmse_m <= FOLLOWED_M


def hardships(vehicle: Any) -> dict[str, dict[str, Any]]:
    """Return what a vehicle is tried under beside the flight stacks' clips: perturbations by name."""
    weight = vehicle.mass_kg * GRAVITY_M_S2
    return {
        "sensors 20 ms late": {"delay_ms": 20.0},
        "sensors 40 ms late": {"delay_ms": 40.0},
        "wind of 0.1 weight": {"wind_n": (0.1 * weight, 0.0, 0.0)},
        "payload of 0.2 mass": {"payload_kg": 0.2 * vehicle.mass_kg},
        "one rotor 15 % weaker": {"rotor_gain": (0.85, 1.0, 1.0, 1.0)},
    }


def hover_trials(
    rig: Rig, policy: BatchPolicy, vehicle: Any, starts: int, settings: Mapping[str, Mapping[str, Any]]
) -> tuple[HoverTrial, ...]:
    """Fly ``starts`` random starts under every setting, the same ones each; one batch."""
    flown = [perturbed(rig, vehicle, changes) for changes in settings.values() for _ in range(starts)]
    seeds = list(range(starts)) * len(settings)
    flights = fly_batch(rig, flown, seeds, create_reference(rig, "hover"), policy)
    parts = [flights[k * starts : (k + 1) * starts] for k in range(len(settings))]
    return tuple(_summed_up(name, part) for name, part in zip(settings, parts, strict=True))


def _summed_up(setting: str, flights: Sequence[Simulated]) -> HoverTrial:
    kept = [one for one in flights if not one.lost]
    lost = len(flights) - len(kept)
    return HoverTrial(
        setting=setting,
        starts=len(flights),
        lost=lost,
        lost_interval=wilson_interval(lost, len(flights)),
        rmse_m=_median([one.rmse_m for one in kept]),
        worst_m=max((one.max_error_m for one in kept if one.max_error_m is not None), default=None),
        offset_m=_median([float(np.linalg.norm(one.offset_m)) for one in kept if one.offset_m is not None]),
        settling_s=_median([one.settling_s for one in kept]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def figure_trials(
    rig: Rig, policy: BatchPolicy, vehicle: Any, settings: Mapping[str, Mapping[str, Any]]
) -> tuple[FigureTrial, ...]:
    """Fly the figure under every setting, ever faster, until no setting follows it any more."""
    flown = [perturbed(rig, vehicle, changes) for changes in settings.values()]
    trials: list[FigureTrial] = []
    for period in PERIODS_S:
        figure = create_reference(rig, "lissajous_paper", {"period_s": period})
        flights = fly_batch(rig, flown, [0] * len(flown), figure, policy)
        made = [_figure(name, period, one) for name, one in zip(settings, flights, strict=True)]
        trials += made
        if not any(one.followed for one in made):
            break
    return tuple(trials)


def _figure(setting: str, period_s: float, flight: Simulated) -> FigureTrial:
    return FigureTrial(setting, period_s, flight.lost, flight.rmse_m, flight.rmse_xy_m, flight.max_error_m)


def fastest_period(trials: Sequence[FigureTrial], setting: str) -> float | None:
    """Return the shortest period that a setting follows with all slower ones; None where it follows not even those."""
    fastest = None
    for trial in (one for one in trials if one.setting == setting):
        if not trial.followed:
            break
        fastest = trial.period_s
    return fastest
