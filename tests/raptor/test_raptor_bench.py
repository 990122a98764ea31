"""The benchmark of RAPTOR: its statistics, what it flies, what it makes of flights, and the published figures."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from nn4mc.hil.batch import Simulated
from nn4mc.hil.rig import load_rig, perturbed
from nn4mc.raptor import bench_figures
from nn4mc.raptor.bench import compare
from nn4mc.raptor.bench_flights import BATCH_ROWS, BATCH_STEPS, FLOAT32, HOVER, SAMPLED, Case, Flight, Flown, cut
from nn4mc.raptor.bench_plan import FIGURES, Plan, ReferencePlan, bench_cases, quick_plan, reference_cases
from nn4mc.raptor.bench_published import (
    REFERENCE,
    Published,
    compare_lost,
    compare_median,
    compare_rmse,
    fisher_exact,
    median_interval,
)
from nn4mc.raptor.bench_rows import SampledVehicle, int8_pairs, rows_of
from nn4mc.raptor.bench_run import fly_cases
from nn4mc.raptor.bench_settings import DISTURBANCES, mismatch_of
from nn4mc.raptor.trials import AS_IT_IS, PERIODS_S

RIG = load_rig("quadrotor")
NAMES = tuple(RIG.vehicles)


def flown(rmse_m: float | None, lost: bool = False, settling_s: float | None = 1.0) -> Flown:
    return Flown(Simulated(lost, 100, rmse_m, rmse_m, rmse_m, (0.0, 0.0, 0.0), None if lost else settling_s))


def case(vehicle: str = "soft", period_s: float | None = None, count: int = 1, **other: str) -> Case:
    reference = HOVER if period_s is None else "lissajous_paper"
    group = "clips" if period_s is None else FIGURES
    flights = tuple(Flight(vehicle, seed) for seed in range(count))
    return Case(
        other.get("group", group), AS_IT_IS, None, other.get("network", FLOAT32), vehicle, reference, period_s, flights
    )


@pytest.mark.parametrize("counts", [(0, 1000, 0, 100), (41, 1000, 4, 100), (60, 1000, 0, 100), (32, 800, 24, 800)])
def test_fishers_exact_test_is_scipys(counts: tuple[int, int, int, int]):
    hits, count, other_hits, other_count = counts
    table = [[hits, count - hits], [other_hits, other_count - other_hits]]
    assert fisher_exact(*counts) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)


@pytest.mark.parametrize("count", [8, 9, 100])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_median_interval_is_the_narrowest_of_its_confidence(count: int, confidence: float):
    low, high = median_interval(range(count), confidence)
    assert low + high == count - 1

    def coverage(rank: int) -> float:
        """Of the interval between the values of this rank from either end."""
        return float(1 - 2 * stats.binom.cdf(rank, count, 0.5))

    assert coverage(int(low)) >= confidence > coverage(int(low) + 1)


def test_what_is_reproduced_and_what_is_not():
    assert compare_rmse("soft", "hover RMSE", 0.1019, 0.1).reproduced
    assert not compare_rmse("soft", "hover RMSE", 0.1021, 0.1).reproduced
    assert not compare_rmse("soft", "hover RMSE", None, 0.1).reproduced
    line = Published(100, 4, 0.05, {})
    assert compare_lost("soft", 78, 1000, line).reproduced
    assert not compare_lost("soft", 200, 1000, line).reproduced
    spread = np.linspace(0.1, 0.2, 100).tolist()
    assert compare_median("sampled", "hover RMSE", spread, 0.155).reproduced
    assert not compare_median("sampled", "hover RMSE", spread, 0.18).reproduced


def test_settings_are_relative_to_the_vehicle():
    vehicle = RIG.vehicles["crazyflie"]
    wind, payload = (next(one for one in DISTURBANCES if one.name.startswith(name)) for name in ("wind", "payload"))
    assert mismatch_of(wind, vehicle)["wind_n"] == pytest.approx((0.1 * 0.0306 * 9.81, 0, 0))
    assert mismatch_of(payload, vehicle) == {"payload_kg": pytest.approx(0.2 * 0.0306)}


@pytest.mark.parametrize("plan", [Plan(NAMES, 30, starts=3), quick_plan(NAMES, 20)], ids=["full", "quick"])
def test_every_flight_is_in_one_batch_and_fits_it(plan: Plan):
    cases = bench_cases(RIG, plan)
    batches = cut(RIG, cases)
    origins = Counter(origin for batch in batches for origin in batch.origins)
    assert origins == {(number, place): 1 for number, one in enumerate(cases) for place in range(len(one.flights))}
    for batch in batches:
        assert len(batch.flights) <= BATCH_ROWS and len(batch.flights) * batch.steps <= BATCH_STEPS
        assert len({flight.mismatch.get("call_rate_hz") for flight in batch.flights}) == 1
        for flight, (number, place) in zip(batch.flights, batch.origins, strict=True):
            assert cases[number].flights[place] == flight
            assert (cases[number].network, cases[number].reference) == (batch.network, batch.reference)
    assert [batch.cost for batch in batches] == sorted((batch.cost for batch in batches), reverse=True)


def test_the_full_plan_flies_what_the_paper_flew_and_every_setting_is_one_of_the_rig():
    cases = bench_cases(RIG, Plan(("soft",), 2))
    figures = {one.period_s for one in cases if one.group == FIGURES and one.network == FLOAT32}
    assert figures == set(PERIODS_S) >= {10.0, 5.5}
    for one in cases:
        for flight in one.flights:
            if isinstance(flight.vehicle, str):
                perturbed(RIG, RIG.vehicles[flight.vehicle], flight.mismatch)
    rates = {flight.mismatch.get("call_rate_hz") for one in cases for flight in one.flights}
    assert rates == {None, 50.0, 250.0, 400.0, 1000.0, 2500.0}


def test_a_row_has_medians_of_what_was_kept_and_the_share_of_what_was_lost():
    (row,) = rows_of([case(count=4)], [[flown(0.1, settling_s=2.0), flown(0.3), flown(9.0, lost=True), flown(0.2)]])
    assert (row.flights, row.lost, row.rmse_m, row.settling_s) == (4, 1, 0.2, 1.0)
    low, high = stats.binomtest(1, 4).proportion_ci(0.95, method="wilson")
    assert (row.lost_low, row.lost_high) == pytest.approx((low, high))
    (gone,) = rows_of([case(count=1)], [[flown(9.0, lost=True)]])
    assert (gone.rmse_m, gone.settling_s, gone.lost) == (None, None, 1)


def test_the_fastest_period_has_all_slower_ones_followed():
    cases = [case(period_s=period) for period in (4.0, 10.0, 5.5, 3.0)]
    rows = rows_of(cases, [[flown(0.6)], [flown(0.1)], [flown(0.2)], [flown(0.4)]])
    assert [row.followed for row in rows] == [0, 1, 1, 1]
    assert [row.fastest for row in rows] == [0, 0, 1, 0]
    assert [row.paper_m for row in rows] == [None, 0.09, 0.26, None]


def test_int8_is_compared_with_float32_of_the_same_task():
    cases = [case(), case(network="int8"), case(period_s=5.5), case(period_s=5.5, network="int8"), case("mrs", 4.0)]
    rows = rows_of(cases, [[flown(k / 10)] for k in range(5)])
    assert [(a.rmse_m, b.rmse_m) for a, b in int8_pairs(rows)] == [(0.0, 0.1), (0.2, 0.3)]


def test_figures_of_the_reference_table_are_within_two_percent():
    """The exact protocol, all nine vehicles at one period; the command flies the rest."""
    cases = [one for one in reference_cases(RIG, ReferencePlan(NAMES, 1, 0)) if one.period_s == 5.5]
    results = fly_cases(cases, 1, lambda done, total: None)
    rows = rows_of(cases, results)
    made = [one for each in zip(cases, results, rows, strict=True) for one in compare(*each)]
    assert {one.vehicle for one in made} == set(NAMES) == set(REFERENCE) - {SAMPLED}
    assert [one.vehicle for one in made if not one.reproduced] == []


def test_sampled_vehicles_of_the_reference_table_fly_without_a_force():
    (drawn,) = (one for one in reference_cases(RIG, ReferencePlan((), 1, 2)) if one.reference == HOVER)
    assert len(drawn.flights) == 16
    assert {flight.mismatch["force_n"] for flight in drawn.flights} == {(0.0, 0.0, 0.0)}


def test_cells_of_the_map_are_over_the_vehicles_in_them():
    def vehicle(ratio: float, torque: float) -> SampledVehicle:
        return SampledVehicle(0, ratio, torque, 1, 0, 0.1, False, 0.2, 4.0)

    vehicles = [*[vehicle(1.6, 50.0)] * 3, *[vehicle(4.9, 1100.0)] * 3, *[vehicle(3.1, 200.0)] * 2]
    cells = bench_figures._binned(vehicles, np.array([1.0, 2.0, 6.0, 4.0, math.nan, 4.0, 7.0, 7.0]), np.mean)
    assert cells[0, 0] == 3.0
    assert np.isfinite(cells).sum() == 1  # two, or two of three that have a value, are too few
