"""Flights of a benchmark as data, and how they are put together into batches: one simulation of many vehicles each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn4mc.hil.batch import BatchPolicy, BatchRecord, Simulated, judge, load_policy, record_batch
from nn4mc.hil.rig import Reference, Rig, Vector, create_reference, load_rig, perturbed, step_count
from nn4mc.quantize import Quantizing

RIG = "quadrotor"
HOVER, FIGURE, SLOW_RAMP_FIGURE = "hover", "lissajous_paper", "lissajous"
FLOAT32, INT8 = "float32", "int8"
SAMPLED = "sampled"
SAMPLE_SEED = 0
BATCH_ROWS = 500
BATCH_STEPS = 4_000_000
"""Vehicles times steps of a batch, which bounds its memory to some 100 MB."""
PATH_POINTS = 200


@dataclass(frozen=True)
class Flight:
    """A vehicle of the rig, or the number of a sampled one; its seed; what it meets (the rig's mismatch).

    With ``path`` its last loop of the figure is kept.
    """

    vehicle: str | int
    seed: int
    mismatch: Mapping[str, Any] = field(default_factory=dict)
    path: bool = False


@dataclass(frozen=True)
class Case:
    """Flights that become one row of results; all fly the same reference with the same network.

    ``vehicle`` is a name, or `SAMPLED`.
    """

    group: str
    setting: str
    value: float | None
    network: str
    vehicle: str
    reference: str
    period_s: float | None
    flights: tuple[Flight, ...]


@dataclass(frozen=True)
class Batch:
    """Flights that are simulated together; ``origins`` says for each its case and its place in it."""

    network: str
    reference: str
    period_s: float | None
    steps: int
    flights: tuple[Flight, ...]
    origins: tuple[tuple[int, int], ...]

    @property
    def cost(self) -> float:
        """Return about how long it takes, in units of a step of one vehicle: a step of numpy costs some 150 of them."""
        return self.steps * (150.0 + len(self.flights))


@dataclass(frozen=True)
class Flown:
    """What became of one flight; ``path`` (m, 3) in m is its last loop, where that was asked for."""

    outcome: Simulated
    path: Vector | None = None


def vehicle_of(rig: Rig, vehicle: str | int) -> Any:
    """Return a vehicle of the rig by name, or a sampled one by number."""
    if isinstance(vehicle, str):
        return rig.vehicles[vehicle]
    assert rig.sample_vehicle is not None
    return rig.sample_vehicle(SAMPLE_SEED, vehicle)


def cut(rig: Rig, cases: Sequence[Case]) -> list[Batch]:
    """Return all flights of the cases in batches of at most `BATCH_ROWS`, the most costly first."""
    groups: dict[tuple[Any, ...], list[tuple[Flight, tuple[int, int]]]] = {}
    for number, case in enumerate(cases):
        for place, flight in enumerate(case.flights):
            rate = flight.mismatch.get("call_rate_hz", 1.0 / rig.period_s)
            key = (case.network, case.reference, case.period_s, rate)
            groups.setdefault(key, []).append((flight, (number, place)))
    return sorted((batch for item in groups.items() for batch in _batches(rig, *item)), key=lambda one: -one.cost)


def _batches(rig: Rig, key: tuple[Any, ...], members: list[tuple[Flight, tuple[int, int]]]) -> Iterator[Batch]:
    network, reference, period_s, rate = key
    steps = step_count(create_reference(rig, reference, changes_of(period_s)), 1.0 / rate)
    rows = max(1, min(BATCH_ROWS, BATCH_STEPS // steps))
    for at in range(0, len(members), rows):
        flights, origins = zip(*members[at : at + rows], strict=True)
        yield Batch(network, reference, period_s, steps, flights, origins)


def changes_of(period_s: float | None) -> dict[str, float]:
    """Return the change to a reference's table that a period is."""
    return {} if period_s is None else {"period_s": period_s}


def fly_one_batch(batch: Batch, policies: dict[str, tuple[Rig, BatchPolicy]]) -> list[Flown]:
    """Fly a batch; ``policies`` keeps what was loaded for the next one of the same process."""
    if batch.network not in policies:
        rig = load_rig(RIG)
        policies[batch.network] = rig, load_policy(rig, Quantizing() if batch.network == INT8 else None)
    rig, policy = policies[batch.network]
    vehicles = [perturbed(rig, vehicle_of(rig, one.vehicle), one.mismatch) for one in batch.flights]
    reference = create_reference(rig, batch.reference, changes_of(batch.period_s))
    record = record_batch(rig, vehicles, [one.seed for one in batch.flights], reference, policy)
    outcomes = judge(record, reference)
    paths = _last_loops(batch, record, reference)
    return [Flown(one, None if one.lost else paths.get(row)) for row, one in enumerate(outcomes)]


def _last_loops(batch: Batch, record: BatchRecord, reference: Reference) -> dict[int, Vector]:
    rows = [row for row, flight in enumerate(batch.flights) if flight.path]
    if batch.period_s is None or not rows:
        return {}
    loop = np.flatnonzero(record.time_s >= reference.duration_s - batch.period_s - 1e-9)
    kept = loop[:: max(1, len(loop) // PATH_POINTS)]
    wanted = np.array([reference.position(time) for time in record.time_s[kept].tolist()])
    return {row: wanted + record.error[kept, row] for row in rows}
