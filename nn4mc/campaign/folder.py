"""The folder of a campaign: what it is the result of, which parts it has, and whether they are what was written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.durable import make_folder, remove_drafts, write_whole
from nn4mc.campaign.expand import Run
from nn4mc.campaign.row import Row
from nn4mc.campaign.table import read_part
from nn4mc.errors import ConfigError

MANIFEST = "campaign.json"
PARTS = "parts"
DAMAGED = ".damaged"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder is the result of; ``runs_sha256`` is over all ids of the runs, ``models`` by controller."""

    name: str
    kind: str
    rig: str
    runs: int
    runs_sha256: str
    rig_sha256: str
    nn4mc: str
    models: dict[str, str]


@dataclass(frozen=True)
class Parts:
    """The rows that a folder has, by run id; the numbers of whole chunks; the files that are damaged."""

    rows: Mapping[str, Row]
    chunks: frozenset[int]
    damaged: tuple[Path, ...]


def begin(folder: Path, manifest: Manifest) -> None:
    """Make the folder, or check that it is of the same campaign and clear what a crash left.

    Raises ConfigError where it holds another campaign, with what differs.
    """
    parts = folder / PARTS
    make_folder(parts)
    remove_drafts(folder)
    remove_drafts(parts)
    path = folder / MANIFEST
    if not path.exists():
        if any(parts.iterdir()):
            raise ConfigError(f"{folder}: has parts but no {MANIFEST} to say of what. Take another folder.")
        write_whole(path, msgspec.json.format(msgspec.json.encode(manifest)))
        return
    found = read_manifest(folder)
    differences = _differences(manifest, found)
    if differences:
        what, mine, other = differences[0]
        raise ConfigError(
            f"{folder}: holds campaign '{found.name}', and {what}: {other} then, {mine} now.\n"
            "Results of both do not belong in one table. Take another folder, or undo the change."
        )


def _differences(mine: Manifest, other: Manifest) -> list[tuple[str, object, object]]:
    reasons = {
        "name": "its name is another",
        "nn4mc": "the version of nn4mc is another",
        "kind": "its flights are of another kind",
        "rig": "the rig is another",
        "runs": "its file has changed (number of runs)",
        "runs_sha256": "its file or the rig's tables have changed (hash of all runs)",
        "rig_sha256": "the rig's code has changed (hash of its files)",
        "models": "a controller has changed (hash of its model)",
    }
    pairs = [(why, getattr(mine, field), getattr(other, field)) for field, why in reasons.items()]
    return [(why, one, two) for why, one, two in pairs if one != two]


def read_manifest(folder: Path) -> Manifest:
    """Return what a folder is the result of; ConfigError where it is no campaign's or the file is damaged."""
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise ConfigError(f"{folder}: no campaign was run here; there is no {MANIFEST}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: is damaged: {error}") from error


def read_parts(folder: Path) -> Parts:
    """Return what the folder's parts hold; a file whose bytes are not those written counts as damaged."""
    rows: dict[str, Row] = {}
    chunks: set[int] = set()
    damaged = []
    for path in sorted((folder / PARTS).glob("part-*.parquet")):
        found = read_part(path)
        if found is None:
            damaged.append(path)
            continue
        chunks.add(found[0])
        rows.update({row.id: row for row in found[1]})
    return Parts(rows, frozenset(chunks), tuple(damaged))


def set_aside(parts: Parts) -> None:
    """Rename damaged files, so that their runs are flown again and they can be looked at."""
    for path in parts.damaged:
        path.rename(path.with_name(path.name + DAMAGED))


def missing(chunks: Sequence[Chunk], parts: Parts) -> list[Chunk]:
    """Return the chunks that are not in the folder yet; ConfigError where a part is not of these chunks."""
    by_number = {chunk.number: {run.id for run in chunk.runs} for chunk in chunks}
    known = {identity for number in parts.chunks for identity in by_number.get(number, ())}
    if known != parts.rows.keys():
        raise ConfigError("the parts in the folder are not of this campaign's chunks. Take another folder.")
    return [chunk for chunk in chunks if chunk.number not in parts.chunks]


def runs_digest(runs: Sequence[Run]) -> str:
    """Return the sha256 over the ids of all runs, in their order."""
    return hashlib.sha256("".join(run.id for run in runs).encode()).hexdigest()
