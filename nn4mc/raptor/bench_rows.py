"""What a benchmark found, a row a case, and what every sampled vehicle did; docs/raptor.md explains the keys."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from nn4mc.hil.metrics import wilson_interval
from nn4mc.hil.rig import Rig
from nn4mc.raptor.bench_flights import FIGURE, FLOAT32, HOVER, INT8, SAMPLED, Case, Flown, vehicle_of
from nn4mc.raptor.bench_plan import FIGURES, PAPER_PERIOD_S
from nn4mc.raptor.bench_published import PAPER_REAL_M
from nn4mc.raptor.bench_settings import CLIP
from nn4mc.raptor.trials import AS_IT_IS, FOLLOWED_M, FigureTrial, fastest_period


class Row(msgspec.Struct, frozen=True):
    """One setting, vehicle and task: medians over the flights that were not lost, None where all were.

    ``followed`` counts figures with an RMSE of at most half their semi-axis, ``fastest`` those flights of which this is
    the shortest period that is followed, with all slower ones. Errors in m, times in s.
    """

    group: str
    setting: str
    value: float | None
    network: str
    vehicle: str
    task: str
    period_s: float | None
    flights: int
    lost: int
    lost_low: float
    lost_high: float
    rmse_m: float | None
    rmse_xy_m: float | None
    max_error_m: float | None
    settling_s: float | None
    followed: int | None
    fastest: int | None
    paper_m: float | None


class SampledVehicle(msgspec.Struct, frozen=True):
    """One sampled vehicle without perturbation: hover from its starts, and the paper's figure of 5.5 s.

    ``fastest_s`` is None where it does not follow the slowest figure.
    """

    index: int
    thrust_to_weight: float
    torque_to_inertia: float
    starts: int
    lost: int
    hover_rmse_m: float | None
    figure_lost: bool
    figure_rmse_m: float | None
    fastest_s: float | None


def rows_of(cases: Sequence[Case], flown: Sequence[Sequence[Flown]]) -> tuple[Row, ...]:
    """Return a row a case."""
    fastest = fastest_periods(cases, flown)
    return tuple(_row(case, flights, fastest) for case, flights in zip(cases, flown, strict=True))


def fastest_periods(
    cases: Sequence[Case], flown: Sequence[Sequence[Flown]]
) -> Mapping[tuple[str, str, str | int], float | None]:
    """Return the shortest period that each vehicle follows, by network, setting and vehicle (a name or a number)."""
    trials: dict[tuple[str, str, str | int], list[FigureTrial]] = {}
    for case, flights in zip(cases, flown, strict=True):
        if case.group != FIGURES or case.period_s is None:
            continue
        for flight, one in zip(case.flights, flights, strict=True):
            made = one.outcome
            trial = FigureTrial(case.setting, case.period_s, made.lost, made.rmse_m, made.rmse_xy_m, made.max_error_m)
            trials.setdefault((case.network, case.setting, flight.vehicle), []).append(trial)
    return {
        key: fastest_period(sorted(each, key=lambda trial: -trial.period_s), key[1]) for key, each in trials.items()
    }


def _row(case: Case, flights: Sequence[Flown], fastest: Mapping[tuple[str, str, str | int], float | None]) -> Row:
    kept = [one.outcome for one in flights if not one.outcome.lost]
    lost = len(flights) - len(kept)
    low, high = wilson_interval(lost, len(flights))
    hovering = case.reference == HOVER
    real = PAPER_REAL_M.get((case.vehicle, case.period_s or 0.0))
    return Row(
        group=case.group,
        setting=case.setting,
        value=case.value,
        network=case.network,
        vehicle=case.vehicle,
        task="hover" if hovering else "figure",
        period_s=case.period_s,
        flights=len(flights),
        lost=lost,
        lost_low=low,
        lost_high=high,
        rmse_m=_median([one.rmse_m for one in kept]),
        rmse_xy_m=_median([one.rmse_xy_m for one in kept]),
        max_error_m=_median([one.max_error_m for one in kept]),
        settling_s=_median([one.settling_s for one in kept]) if hovering else None,
        followed=None if hovering else sum(one.rmse_m is not None and one.rmse_m <= FOLLOWED_M for one in kept),
        fastest=_fastest(case, fastest) if case.group == FIGURES else None,
        paper_m=real if case.group == FIGURES and case.reference == FIGURE and case.setting == AS_IT_IS else None,
    )


def _fastest(case: Case, fastest: Mapping[tuple[str, str, str | int], float | None]) -> int:
    return sum(fastest[case.network, case.setting, flight.vehicle] == case.period_s for flight in case.flights)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def sampled_vehicles(rig: Rig, cases: Sequence[Case], flown: Sequence[Sequence[Flown]]) -> tuple[SampledVehicle, ...]:
    """Return what each sampled vehicle did without perturbation, in float32."""
    fastest = fastest_periods(cases, flown)
    hovers: dict[int, list[Flown]] = {}
    figures: dict[int, Flown] = {}
    for case, flights in zip(cases, flown, strict=True):
        if case.vehicle != SAMPLED or case.network != FLOAT32 or case.setting != AS_IT_IS:
            continue
        for flight, one in zip(case.flights, flights, strict=True):
            assert isinstance(flight.vehicle, int)
            if case.group == CLIP:
                hovers.setdefault(flight.vehicle, []).append(one)
            elif case.period_s == PAPER_PERIOD_S and case.reference == FIGURE:
                figures[flight.vehicle] = one
    return tuple(
        _sampled(rig, index, hovers[index], figures[index], fastest.get((FLOAT32, AS_IT_IS, index)))
        for index in sorted(hovers)
        if index in figures
    )


def _sampled(rig: Rig, index: int, hovers: Sequence[Flown], figure: Flown, fastest_s: float | None) -> SampledVehicle:
    assert rig.place_vehicle is not None
    places = {one.name: one.value for one in rig.place_vehicle(vehicle_of(rig, index))}
    return SampledVehicle(
        index=index,
        thrust_to_weight=places["thrust to weight"],
        torque_to_inertia=places["torque to inertia, roll"],
        starts=len(hovers),
        lost=sum(one.outcome.lost for one in hovers),
        hover_rmse_m=_median([one.outcome.rmse_m for one in hovers if not one.outcome.lost]),
        figure_lost=figure.outcome.lost,
        figure_rmse_m=None if figure.outcome.lost else figure.outcome.rmse_m,
        fastest_s=fastest_s,
    )


def int8_pairs(rows: Sequence[Row]) -> tuple[tuple[Row, Row], ...]:
    """Return each row of the int8 network with the float32 row of the same flights."""
    exact = {(one.vehicle, one.task, one.period_s): one for one in rows if _is_plain(one) and one.network == FLOAT32}
    return tuple(
        (exact[one.vehicle, one.task, one.period_s], one)
        for one in rows
        if one.network == INT8 and (one.vehicle, one.task, one.period_s) in exact
    )


def _is_plain(row: Row) -> bool:
    return row.setting == AS_IT_IS and row.group in (CLIP, FIGURES)
