"""Flies a chunk: what a worker process, on this machine or another, is asked to do."""

import hashlib
from functools import lru_cache
from pathlib import Path

import msgspec

from nn4mc import __version__
from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.expand import flown_vehicle
from nn4mc.campaign.row import Row, simulated_row
from nn4mc.codegen.model_id import model_id
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import BatchPolicy, fly_batch, load_policy
from nn4mc.hil.rig import Rig, create_reference, load_rig, with_controller


class Flown(msgspec.Struct, frozen=True):
    """The rows of a chunk."""

    number: int
    rows: tuple[Row, ...]


def fly_chunk(chunk: Chunk, version: str) -> Flown:
    """Fly a simulated chunk; ConfigError where this worker has another nn4mc or other files of the rig."""
    check_worker(chunk, version)
    first = chunk.runs[0]
    rig, policy, identity = _ready(chunk.rig, first.controller)
    vehicles = [flown_vehicle(rig, run) for run in chunk.runs]
    reference = create_reference(rig, first.reference, first.changes)
    outcomes = fly_batch(rig, vehicles, [run.seed for run in chunk.runs], reference, policy)
    sha256 = policy.graph.source.sha256
    rows = [simulated_row(run.id, one, identity, sha256) for run, one in zip(chunk.runs, outcomes, strict=True)]
    return Flown(chunk.number, tuple(rows))


def check_worker(chunk: Chunk, version: str) -> None:
    """Raise ConfigError where results of this process would not belong to those of the one that asks."""
    if version != __version__:
        raise ConfigError(f"a worker has nn4mc {__version__}, the campaign runs with {version}. Install the same.")
    if rig_digest(load_rig(chunk.rig).folder) != chunk.rig_sha256:
        raise ConfigError(f"a worker has other files of rig '{chunk.rig}' than the campaign. Give both the same.")


@lru_cache(maxsize=8)
def _ready(rig_name: str, controller: str) -> tuple[Rig, BatchPolicy, str]:
    rig = with_controller(load_rig(rig_name), controller)
    policy = load_policy(rig)
    return rig, policy, model_id(policy.graph)


@lru_cache(maxsize=8)
def rig_digest(folder: Path) -> str:
    """Return the sha256 of a rig's code and tables: the bytes of its .py and .toml files."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.toml")]):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
