"""The benchmark of RAPTOR: its flights, what they say, and what was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nn4mc.hil.rig import Rig, Vector
from nn4mc.raptor.bench_flights import FLOAT32, HOVER, SAMPLED, Case, Flown
from nn4mc.raptor.bench_plan import FIGURES, Plan, ReferencePlan, bench_cases, reference_cases
from nn4mc.raptor.bench_published import REFERENCE, Comparison, compare_lost, compare_median, compare_rmse
from nn4mc.raptor.bench_rows import Row, SampledVehicle, rows_of, sampled_vehicles
from nn4mc.raptor.bench_run import OnFlights, fly_cases


@dataclass(frozen=True)
class Bench:
    """Results of a protocol. ``paths`` are last loops (m, 3) in m by vehicle and period in s."""

    protocol: str
    rows: tuple[Row, ...]
    sampled: tuple[SampledVehicle, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    paths: Mapping[tuple[str, float], Vector] = field(default_factory=dict)


def run_bench(rig: Rig, plan: Plan, workers: int | None, on_flights: OnFlights) -> Bench:
    """Fly the paper's protocol and beyond; raises what `fly_cases` raises."""
    cases = bench_cases(rig, plan)
    flown = fly_cases(cases, workers, on_flights)
    sampled = sampled_vehicles(rig, cases, flown)
    return Bench("paper", rows_of(cases, flown), sampled, paths=_paths(cases, flown))


def run_reference(rig: Rig, plan: ReferencePlan, workers: int | None, on_flights: OnFlights) -> Bench:
    """Fly the protocol of the reference table and compare; raises what `fly_cases` raises."""
    cases = reference_cases(rig, plan)
    flown = fly_cases(cases, workers, on_flights)
    rows = rows_of(cases, flown)
    each = zip(cases, flown, rows, strict=True)
    made = [one for case, flights, row in each for one in compare(case, flights, row)]
    return Bench("reference", rows, comparisons=tuple(made))


def compare(case: Case, flights: Sequence[Flown], row: Row) -> list[Comparison]:
    """Return the comparisons of a case with its line of the reference table; none where the table has no figure."""
    line = REFERENCE.get(case.vehicle)
    if line is None:
        return []
    hovering = case.reference == HOVER
    quantity = "hover RMSE" if hovering else f"T = {case.period_s:g} s RMSE"
    published = line.hover_m if hovering else line.figure_m.get(case.period_s or 0.0)
    lost = [compare_lost(case.vehicle, row.lost, row.flights, line)] if hovering else []
    if published is None:
        return lost
    if case.vehicle != SAMPLED:
        return [*lost, compare_rmse(case.vehicle, quantity, row.rmse_m, published)]
    return [*lost, compare_median(case.vehicle, quantity, vehicle_medians(case, flights), published)]


def vehicle_medians(case: Case, flights: Sequence[Flown]) -> list[float]:
    """Return for each vehicle of a case the median RMSE in m of those of its flights that were not lost."""
    by_vehicle: dict[str | int, list[float]] = {}
    for flight, one in zip(case.flights, flights, strict=True):
        if not one.outcome.lost and one.outcome.rmse_m is not None:
            by_vehicle.setdefault(flight.vehicle, []).append(one.outcome.rmse_m)
    return [sorted(each)[len(each) // 2] for each in by_vehicle.values()]


def _paths(cases: Sequence[Case], flown: Sequence[Sequence[Flown]]) -> dict[tuple[str, float], Vector]:
    return {
        (case.vehicle, case.period_s): one.path
        for case, flights in zip(cases, flown, strict=True)
        for one in flights
        if case.group == FIGURES and case.network == FLOAT32 and one.path is not None and case.period_s is not None
    }
