"""Runs that are flown together: the unit of work, of storage, and of what a crash can lose."""

from collections.abc import Sequence

import msgspec

from nn4mc.campaign.expand import Kind, Run, flown_vehicle
from nn4mc.hil.rig import Rig, create_reference, step_count

BATCH_ROWS = 250
BATCH_STEPS = 2_000_000
"""Vehicles times steps of one simulated batch, which bounds its memory to some 100 MB."""


class Chunk(msgspec.Struct, frozen=True):
    """Part ``number`` of a campaign on ``rig`` (a name or a folder), whose files have the digest ``rig_sha256``."""

    number: int
    rig: str
    rig_sha256: str
    runs: tuple[Run, ...]


def cut(rig_name: str, rig_sha256: str, rig: Rig, kind: Kind, runs: Sequence[Run]) -> tuple[Chunk, ...]:
    """Return all runs in chunks, the same for the same runs: single flights on boards, batches in simulation.

    The flights of a batch have the controller, the reference and the call rate in common.
    """
    if kind == "board":
        groups = [[run] for run in runs]
    else:
        groups = [batch for group in _alike(rig, runs) for batch in _batches(rig, group)]
    return tuple(Chunk(number, rig_name, rig_sha256, tuple(group)) for number, group in enumerate(groups))


def _alike(rig: Rig, runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs by controller, reference and call rate, in the order in which these come up."""
    groups: dict[bytes, list[Run]] = {}
    periods: dict[bytes, float] = {}
    for run in runs:
        plant = msgspec.json.encode([run.vehicle, run.mismatch])
        if plant not in periods:
            periods[plant] = _period_s(rig, run)
        key = msgspec.json.encode([run.controller, run.reference, run.changes, periods[plant]])
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def _period_s(rig: Rig, run: Run) -> float:
    return float(rig.create_plant(flown_vehicle(rig, run), rig.call_period_s).period_s)


def _batches(rig: Rig, group: list[Run]) -> list[list[Run]]:
    first = group[0]
    steps = step_count(create_reference(rig, first.reference, first.changes), _period_s(rig, first))
    rows = max(1, min(BATCH_ROWS, BATCH_STEPS // max(1, steps)))
    return [group[at : at + rows] for at in range(0, len(group), rows)]
