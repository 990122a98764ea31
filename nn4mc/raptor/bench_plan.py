"""What a benchmark flies: the paper's protocol and beyond, or the protocol of the published reference table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nn4mc.hil.rig import Rig
from nn4mc.raptor.bench_flights import FIGURE, FLOAT32, HOVER, INT8, SAMPLED, SLOW_RAMP_FIGURE, Case, Flight, vehicle_of
from nn4mc.raptor.bench_settings import (
    CLIP,
    CLIP_SETTINGS,
    DISTURBANCES,
    NOISES,
    Setting,
    delays,
    mismatch_of,
    rates,
)
from nn4mc.raptor.trials import AS_IT_IS, PERIODS_S

FIGURES, REFERENCE = "figures", "reference"
PAPER_PERIOD_S = 5.5
REFERENCE_PERIODS_S = (6.5, 5.5, 4.0)


@dataclass(frozen=True)
class Plan:
    """How much is flown. ``vehicles`` are names of the rig, ``sampled`` the number of sampled vehicles.

    ``starts`` hover starts a named vehicle and ``sampled_starts`` a sampled one, the latter without a perturbation;
    with one, each sampled vehicle starts once. ``figure_sampled`` and ``rate_sampled`` bound the sampled vehicles in
    figures under perturbations and at other call rates, ``rate_starts`` the starts of named ones there.
    """

    vehicles: tuple[str, ...]
    sampled: int
    starts: int = 50
    sampled_starts: int = 4
    figure_sampled: int = 100
    rate_starts: int = 20
    rate_sampled: int = 100
    periods_s: tuple[float, ...] = PERIODS_S
    int8_periods_s: tuple[float, ...] = (10.0, 5.5, 4.0)
    settings: tuple[Setting, ...] = (
        *CLIP_SETTINGS,
        *DISTURBANCES,
        *delays((5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0)),
        *NOISES,
    )
    rates: tuple[Setting, ...] = rates((50.0, 250.0, 400.0, 1000.0, 2500.0))


def quick_plan(vehicles: tuple[str, ...], sampled: int) -> Plan:
    """Return the same with few flights: for a look, and for tests."""
    return Plan(
        vehicles,
        sampled,
        starts=5,
        sampled_starts=1,
        figure_sampled=5,
        rate_starts=3,
        rate_sampled=5,
        periods_s=(5.5, 4.0),
        int8_periods_s=(5.5,),
        settings=(*CLIP_SETTINGS, DISTURBANCES[0], DISTURBANCES[6], *delays((20.0, 40.0)), NOISES[0]),
        rates=rates((250.0,)),
    )


def bench_cases(rig: Rig, plan: Plan) -> tuple[Case, ...]:
    """Return the cases of the paper's protocol and beyond."""
    return tuple(_cases(rig, plan))


def _cases(rig: Rig, plan: Plan) -> Iterator[Case]:
    bare = CLIP_SETTINGS[0]
    for setting in plan.settings:
        starts = plan.sampled_starts if setting == bare else 1
        yield from hover(rig, setting, FLOAT32, plan.vehicles, plan.starts, plan.sampled, starts)
        if setting not in CLIP_SETTINGS:
            yield from figure(
                rig, setting, FLOAT32, PAPER_PERIOD_S, plan.vehicles, min(plan.sampled, plan.figure_sampled)
            )
    for setting in plan.rates:
        yield from hover(
            rig, setting, FLOAT32, plan.vehicles, plan.rate_starts, min(plan.sampled, plan.rate_sampled), 1
        )
        yield from figure(rig, setting, FLOAT32, PAPER_PERIOD_S, plan.vehicles, 0)
    for period in plan.periods_s:
        for setting in CLIP_SETTINGS:
            sampled = plan.sampled if setting == bare else 0
            yield from figure(rig, setting, FLOAT32, period, plan.vehicles, sampled, FIGURES)
    yield from hover(rig, bare, INT8, plan.vehicles, plan.starts, plan.sampled, plan.sampled_starts)
    for period in plan.int8_periods_s:
        sampled = plan.sampled if period == PAPER_PERIOD_S else 0
        yield from figure(rig, bare, INT8, period, plan.vehicles, sampled, FIGURES)


def hover(
    rig: Rig, setting: Setting, network: str, vehicles: Sequence[str], starts: int, sampled: int, sampled_starts: int
) -> Iterator[Case]:
    """Yield hover recovery from random starts, a case a vehicle and one of all sampled ones.

    Sampled vehicle i starts from the seeds i, i + sampled, ...; every named one from 0 to ``starts`` - 1.
    """
    named: dict[str, list[tuple[str | int, int]]] = {
        name: [(name, seed) for seed in range(starts)] for name in vehicles
    }
    drawn: list[tuple[str | int, int]] = [(i, i + k * sampled) for i in range(sampled) for k in range(sampled_starts)]
    yield from _each(rig, setting, setting.group, network, HOVER, None, {**named, SAMPLED: drawn})


def figure(
    rig: Rig,
    setting: Setting,
    network: str,
    period_s: float,
    vehicles: Sequence[str],
    sampled: int,
    group: str | None = None,
    reference: str = FIGURE,
) -> Iterator[Case]:
    """Yield the figure of eight with a period, a case a vehicle and one of all sampled ones."""
    named: dict[str, list[tuple[str | int, int]]] = {name: [(name, 0)] for name in vehicles}
    drawn: list[tuple[str | int, int]] = [(i, i) for i in range(sampled)]
    yield from _each(rig, setting, group or setting.group, network, reference, period_s, {**named, SAMPLED: drawn})


def _each(
    rig: Rig,
    setting: Setting,
    group: str,
    network: str,
    reference: str,
    period_s: float | None,
    flown: dict[str, list[tuple[str | int, int]]],
) -> Iterator[Case]:
    drawn = group == FIGURES and setting == CLIP_SETTINGS[0] and network == FLOAT32
    for name, pairs in flown.items():
        flights = tuple(
            Flight(vehicle, seed, mismatch_of(setting, vehicle_of(rig, vehicle)), drawn and name != SAMPLED)
            for vehicle, seed in pairs
        )
        if flights:
            yield Case(group, setting.name, setting.value, network, name, reference, period_s, flights)


@dataclass(frozen=True)
class ReferencePlan:
    """How much of the reference table is flown; its own protocol has 100 sampled vehicles of 8 starts each."""

    vehicles: tuple[str, ...]
    starts: int = 1000
    sampled: int = 100
    sampled_starts: int = 8


def reference_cases(rig: Rig, plan: ReferencePlan) -> tuple[Case, ...]:
    """Return the cases of the published reference table, whose sampled vehicles fly without a force from outside."""
    still = Setting(CLIP, AS_IT_IS, None, {"force_n": (0.0, 0.0, 0.0)})
    cases = [*hover(rig, still, FLOAT32, plan.vehicles, plan.starts, plan.sampled, plan.sampled_starts)]
    for period in REFERENCE_PERIODS_S:
        sampled = plan.sampled if period == REFERENCE_PERIODS_S[0] else 0
        cases += figure(rig, still, FLOAT32, period, plan.vehicles, sampled, REFERENCE, SLOW_RAMP_FIGURE)
    return tuple(cases)
