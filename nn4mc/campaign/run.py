"""Runs a campaign to its end: what is in the folder stays, the rest is flown, and the table is written."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nn4mc import __version__
from nn4mc.campaign.boards import fly_on_boards
from nn4mc.campaign.chunks import Chunk, cut
from nn4mc.campaign.cluster import fly_on_cluster
from nn4mc.campaign.durable import is_locked, locked, make_folder
from nn4mc.campaign.expand import Kind, Run, expand
from nn4mc.campaign.file import CampaignFile, read_campaign, rig_name
from nn4mc.campaign.fly import Flown, rig_digest
from nn4mc.campaign.folder import PARTS, Manifest, begin, missing, read_manifest, read_parts, runs_digest, set_aside
from nn4mc.campaign.processes import fly_here, fly_on_processes
from nn4mc.campaign.row import Row
from nn4mc.campaign.table import RESULTS, write_part, write_results
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import load_policy
from nn4mc.hil.controller import compile_controller
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import PolicyTable

OnRuns = Callable[[int, int], None]
"""Called with the runs done and the runs in all: once at the start, then after each part."""


@dataclass(frozen=True)
class Workers:
    """Who flies what is simulated: processes of this machine, one a core by default, or a Dask scheduler's workers."""

    processes: int | None = None
    scheduler: str | None = None


class Summary(msgspec.Struct, frozen=True):
    """What a call of `run_campaign` did: ``flown`` runs are new, ``kept`` were there, ``damaged`` parts were redone."""

    campaign: str
    runs: int
    kept: int
    flown: int
    lost: int
    damaged: tuple[str, ...]
    results: str


@dataclass(frozen=True)
class Campaign:
    """A campaign that is ready to be flown: its runs in order, and the chunks they are flown in."""

    file: CampaignFile
    rig_name: str
    rig: Rig
    kind: Kind
    boards: tuple[str, ...]
    runs: tuple[Run, ...]
    chunks: tuple[Chunk, ...]
    manifest: Manifest


def prepare(path: Path, boards: Sequence[str] = ()) -> Campaign:
    """Read a campaign file and expand it; ``boards`` go over its own.

    Raises ConfigError for what does not fit, and what the importer of a controller's model raises.
    """
    file = read_campaign(path)
    name = rig_name(file, path.parent)
    rig = load_rig(name)
    flown_on = tuple(boards) or file.boards
    kind: Kind = "board" if flown_on else "simulated"
    models = _models(file, rig, kind)
    runs = expand(file, rig, kind)
    digest = rig_digest(rig.folder)
    manifest = Manifest(
        name=file.name,
        kind=kind,
        rig=rig.name,
        runs=len(runs),
        runs_sha256=runs_digest(runs),
        rig_sha256=digest,
        nn4mc=__version__,
        models=models,
    )
    chunks = cut(name, digest, rig, kind, runs)
    return Campaign(file, name, rig, kind, flown_on, runs, chunks, manifest)


def run_campaign(campaign: Campaign, folder: Path, workers: Workers, on_runs: OnRuns) -> Summary:
    """Fly what ``folder`` does not have yet, and write the table of all runs.

    Raises ConfigError when the folder holds another campaign or is in use, and what flying raises; what was flown
    until then stays in the folder.
    """
    _check_workers(campaign, workers)
    make_folder(folder)
    with locked(folder):
        begin(folder, campaign.manifest)
        parts = read_parts(folder)
        todo = missing(campaign.chunks, parts)
        set_aside(parts)
        rows = dict(parts.rows)
        kept = len(rows)
        on_runs(kept, len(campaign.runs))
        by_number = {chunk.number: chunk for chunk in todo}
        for flown in _fly(campaign, todo, workers):
            _keep(folder, by_number[flown.number], flown, rows)
            on_runs(len(rows), len(campaign.runs))
        results = write_results(folder, campaign.runs, rows, _common(campaign))
    return Summary(
        campaign=campaign.file.name,
        runs=len(rows),
        kept=kept,
        flown=len(rows) - kept,
        lost=sum(row.lost for row in rows.values()),
        damaged=tuple(path.name for path in parts.damaged),
        results=str(results),
    )


def _check_workers(campaign: Campaign, workers: Workers) -> None:
    if campaign.kind == "board" and workers.scheduler:
        raise ConfigError("--scheduler flies simulated campaigns; boards are flown by the machine they hang on.")
    if workers.processes and (workers.scheduler or campaign.kind == "board"):
        raise ConfigError(
            "--workers is for this machine's processes; a board has one, a scheduler knows its own workers."
        )


class Status(msgspec.Struct, frozen=True):
    """How far the campaign of a folder is; ``damaged`` names parts whose bytes are not those that were written."""

    campaign: str
    kind: str
    nn4mc: str
    runs: int
    done: int
    lost: int
    damaged: tuple[str, ...]
    running: bool
    results: str | None


def status(folder: Path) -> Status:
    """Return how far a folder is, whether or not it is being worked in; ConfigError where it is no campaign's."""
    manifest, parts = read_manifest(folder), read_parts(folder)
    results = folder / RESULTS
    return Status(
        campaign=manifest.name,
        kind=manifest.kind,
        nn4mc=manifest.nn4mc,
        runs=manifest.runs,
        done=len(parts.rows),
        lost=sum(row.lost for row in parts.rows.values()),
        damaged=tuple(path.name for path in parts.damaged),
        running=is_locked(folder),
        results=str(results) if results.exists() else None,
    )


def _models(file: CampaignFile, rig: Rig, kind: Kind) -> dict[str, str]:
    chosen = {name: with_controller(rig, name) for name in file.controllers or (rig.controller_name,)}
    if kind == "board":
        return {name: compile_controller(one).sha256 for name, one in chosen.items()}
    for name, one in chosen.items():
        if rig.create_batch is None or not isinstance(one.controller, PolicyTable):
            raise ConfigError(
                f"campaign '{file.name}': rig '{rig.name}' with controller '{name}' cannot be simulated in batches;\n"
                "only policies can, on rigs with create_batch. Fly it on boards, such as --board host://."
            )
    return {name: load_policy(one).graph.source.sha256 for name, one in chosen.items()}


def _fly(campaign: Campaign, todo: Sequence[Chunk], workers: Workers) -> Iterator[Flown]:
    if not todo:
        return iter(())
    if campaign.kind == "board":
        return fly_on_boards(todo, __version__, campaign.boards)
    if workers.scheduler:
        return fly_on_cluster(todo, __version__, workers.scheduler)
    count = min(workers.processes or os.cpu_count() or 1, len(todo))
    return fly_here(todo, __version__) if count == 1 else fly_on_processes(todo, __version__, count)


def _keep(folder: Path, chunk: Chunk, flown: Flown, rows: dict[str, Row]) -> None:
    """Store the rows of a chunk, then count them as done."""
    made = {row.id: row for row in flown.rows}
    assert list(made) == [run.id for run in chunk.runs], "a worker answers with the runs it was asked for"
    write_part(folder / PARTS, flown.number, flown.rows)
    rows.update(made)


def _common(campaign: Campaign) -> dict[str, str]:
    return {"campaign": campaign.file.name, "nn4mc": __version__, "rig": campaign.rig.name}
