"""Flies RAPTOR in simulation, many vehicles at once, and prints tables: ``python -m benchmarks.simulated [STARTS]``.

The first table is hover from STARTS random starts a vehicle (1,000 by default) and the Lissajous figure; the second how
long 1,000 vehicles take for 10 s, plant and policy, on this machine.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from rich.table import Table

from nn4mc.cli.console import out, table
from nn4mc.hil.batch import fly_batch, load_policy
from nn4mc.hil.metrics import wilson_interval
from nn4mc.hil.rig import create_reference, load_rig

PERIODS_S = (6.5, 5.5, 4.0)
VEHICLES = 1000
COLUMNS = ("vehicle", "lost", "95 % (%)", "hover", "settled", *(f"{period} s" for period in PERIODS_S))


def vehicle_row(name: str, starts: int) -> tuple[str, ...]:
    """Return the line of one vehicle: medians over the starts that did not lose it."""
    rig = load_rig("quadrotor")
    policy, vehicle = load_policy(rig), rig.vehicles[name]
    flights = fly_batch(rig, [vehicle] * starts, range(starts), create_reference(rig, "hover"), policy)
    kept = [one for one in flights if not one.lost]
    low, high = wilson_interval(starts - len(kept), starts)
    settled = [one.settling_s for one in kept if one.settling_s is not None]
    figures = [create_reference(rig, "lissajous", {"period_s": period}) for period in PERIODS_S]
    tracked = [fly_batch(rig, [vehicle], [0], figure, policy)[0].rmse_m for figure in figures]
    return (
        name,
        str(starts - len(kept)),
        f"{100 * low:.1f}-{100 * high:.1f}",
        f"{np.median([one.rmse_m for one in kept]):.4f}",
        f"{np.median(settled):.2f}",
        *(f"{rmse:.3f}" for rmse in tracked),
    )


def published_table(starts: int) -> Table:
    """Return the table of all vehicles of the rig."""
    names = list(load_rig("quadrotor").vehicles)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(vehicle_row, names, [starts] * len(names)))
    return table(
        f"RAPTOR, {starts:,} starts: RMSE in m of hover and of the figure by its period; settled in s",
        COLUMNS,
        rows,
        COLUMNS[1:],
        COLUMNS,
    )


def seconds_of(rows: range) -> float:
    """Return the processor time of a batch of sampled vehicles that hover for 10 s."""
    rig = load_rig("quadrotor")
    policy, vehicles = load_policy(rig), [rig.sample_vehicle(0, row) for row in rows]
    began = time.process_time()
    fly_batch(rig, vehicles, list(rows), create_reference(rig, "hover"), policy)
    return time.process_time() - began


def speed_table() -> Table:
    """Return how long the vehicles take with one process and with one a core."""
    rows = []
    for workers in dict.fromkeys((1, os.cpu_count() or 1)):
        parts = [range(k * VEHICLES // workers, (k + 1) * VEHICLES // workers) for k in range(workers)]
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(seconds_of, [range(1)] * workers))
            began = time.perf_counter()
            used = list(pool.map(seconds_of, parts))
            rows.append((str(workers), f"{time.perf_counter() - began:.1f}", f"{sum(used):.1f}"))
    columns = ("processes", "wall clock (s)", "processor (s)")
    return table(f"{VEHICLES:,} sampled vehicles, 10 s at 100 Hz", columns, rows, columns, columns)


if __name__ == "__main__":
    out.print(published_table(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
    out.print(speed_table())
