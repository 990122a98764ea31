"""From a campaign file to its runs: every one with all that defines it, in one order, under a name made of that."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Literal

import msgspec

from nn4mc.campaign.file import MAX_RUNS, CampaignFile, Grid, ReferenceTable, Seeds
from nn4mc.errors import ConfigError
from nn4mc.hil.rig import Rig, create_reference, perturbed, with_controller, with_rate

Kind = Literal["simulated", "board"]
ID_DIGITS = 20
SAMPLED = "sampled"
SAME_S = 1e-9
"""Periods this close are the same."""


class Run(msgspec.Struct, frozen=True):
    """One flight: ``vehicle`` is a name of the rig's or ``sampled-SEED-INDEX``; ``id`` is a hash of all numbers.

    ``changes`` go over the reference's table, ``mismatch`` over the vehicle's.
    """

    index: int
    id: str
    kind: Kind
    controller: str
    reference: str
    changes: dict[str, Any]
    vehicle: str
    mismatch: dict[str, Any]
    seed: int


def expand(file: CampaignFile, rig: Rig, kind: Kind) -> tuple[Run, ...]:
    """Return the runs: by controller, reference, vehicle, perturbation, seed, the last one fastest.

    Raises ConfigError for an unknown name, a value out of range, a run that is listed twice, or too many runs.
    """
    axes = _axes(file, rig)
    total = 1
    for axis in axes:
        total *= len(axis)
    if total > MAX_RUNS:
        raise ConfigError(f"campaign '{file.name}' has {total:,} runs; {MAX_RUNS:,} are the most")
    runs = tuple(_runs(rig, kind, axes))
    seen: dict[str, Run] = {}
    for run in runs:
        if run.id in seen:
            raise ConfigError(
                f"campaign '{file.name}' lists a run twice: {run.vehicle}, {run.reference}, seed {run.seed}, "
                f"mismatch {run.mismatch}"
            )
        seen[run.id] = run
    return runs


def grid_points(grid: Grid, where: str) -> list[dict[str, Any]]:
    """Return every combination of a grid's alternatives, the last key fastest; ConfigError for no list or an empty one.

    >>> grid_points({"delay_ms": [0, 10], "payload_kg": [0.1]}, "here")
    [{'delay_ms': 0, 'payload_kg': 0.1}, {'delay_ms': 10, 'payload_kg': 0.1}]
    """
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{where}: '{name}' is {values}, expected a list of alternatives, such as [0.1, 0.2]")
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def vehicle_of(rig: Rig, name: str) -> Any:
    """Return a vehicle of the rig by name, or the sampled one of the name ``sampled-SEED-INDEX``; ConfigError."""
    if name in rig.vehicles:
        return rig.vehicles[name]
    words = name.split("-")
    if len(words) == 3 and words[0] == SAMPLED and words[1].isdigit() and words[2].isdigit():
        if rig.sample_vehicle is None:
            raise ConfigError(f"rig '{rig.name}' has no distribution of vehicles: its plant.py has no sample_vehicle")
        return rig.sample_vehicle(int(words[1]), int(words[2]))
    raise ConfigError(f"rig '{rig.name}' has no vehicle '{name}'. It has: {', '.join(rig.vehicles)}")


def flown_vehicle(rig: Rig, run: Run) -> Any:
    """Return the vehicle of a run, perturbed."""
    return perturbed(rig, vehicle_of(rig, run.vehicle), run.mismatch, f"vehicles.{run.vehicle}")


def called_rig(rig: Rig, vehicle: Any) -> Rig:
    """Return the rig with its controller called as the vehicle's mismatch says; ConfigError where it cannot be."""
    period_s = rig.create_plant(vehicle, rig.call_period_s).period_s
    return rig if abs(period_s - rig.call_period_s) < SAME_S else with_rate(rig, 1 / period_s)


def _axes(file: CampaignFile, rig: Rig) -> tuple[Sequence[Any], ...]:
    for name in file.controllers:
        with_controller(rig, name)
    seeds = (
        range(file.seeds.first, file.seeds.first + file.seeds.count) if isinstance(file.seeds, Seeds) else file.seeds
    )
    tables = file.references or (ReferenceTable(rig.default_reference),)
    return (
        file.controllers or (rig.controller_name,),
        [(one.name, point) for one in tables for point in grid_points(one.changes, f"references, {one.name}")],
        _vehicles(file, rig),
        [point for grid in file.perturbations for point in grid_points(grid, "perturbations")] or [{}],
        seeds,
    )


def _vehicles(file: CampaignFile, rig: Rig) -> list[str]:
    names = list(rig.vehicles) if file.vehicles == ("all",) else list(file.vehicles)
    if file.sampled is not None:
        last = file.sampled.first + file.sampled.count
        names += [f"{SAMPLED}-{file.sampled.seed}-{index}" for index in range(file.sampled.first, last)]
    return names or [next(iter(rig.vehicles))]


def _runs(rig: Rig, kind: Kind, axes: tuple[Sequence[Any], ...]) -> Iterator[Run]:
    controllers, references, vehicles, perturbations, seeds = axes
    index = 0
    for controller, (reference, changes) in product(controllers, references):
        chosen = with_controller(rig, controller)
        table = msgspec.to_builtins(create_reference(rig, reference, changes))
        for vehicle, mismatch in product(vehicles, perturbations):
            numbers = _numbers(chosen, kind, vehicle, mismatch)
            prefix = _encoded([rig.name, rig.period_s, kind, controller, reference, table, vehicle, numbers])
            for seed in seeds:
                identity = hashlib.sha256(prefix + str(seed).encode()).hexdigest()[:ID_DIGITS]
                yield Run(index, identity, kind, controller, reference, changes, vehicle, mismatch, seed)
                index += 1


def _numbers(rig: Rig, kind: Kind, vehicle: str, mismatch: dict[str, Any]) -> Mapping[str, Any]:
    """Return the numbers of a perturbed vehicle; what its plant refuses is refused here."""
    found = perturbed(rig, vehicle_of(rig, vehicle), mismatch, f"vehicles.{vehicle}")
    if kind == "board":
        called_rig(rig, found)
    numbers: Mapping[str, Any] = msgspec.to_builtins(found)
    return numbers


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
