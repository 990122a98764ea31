"""The schema of a campaign file, checked strictly: what to fly, with whom, how often, under which perturbations."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.hil.rig_file import Name, convert

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
NotNegative = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
MAX_RUNS = 1_000_000
Grid = dict[str, Any]
"""Lists of alternatives by name; every combination of one of each is a point of the grid."""


class Sampled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``count`` vehicles of the rig's distribution, from ``first`` on, of the sample ``seed``."""

    count: Count
    seed: NotNegative = 0
    first: NotNegative = 0


class Seeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The seeds ``first``, ``first`` + 1 and so on, ``count`` of them."""

    count: Count
    first: NotNegative = 0


class ReferenceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the rig's references; ``changes`` is a grid over its keys."""

    name: str
    changes: Grid = {}


class CampaignFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign file holds; docs/campaigns.md explains each key.

    Without ``vehicles`` and ``sampled`` the rig's first vehicle flies; without ``references`` its default one; without
    ``controllers`` its first. ``perturbations`` are grids over the knobs of the vehicle's mismatch, one after another;
    without any the vehicles fly as they are. With ``boards`` the flights are on boards, otherwise simulated.
    """

    name: Name
    rig: str
    vehicles: tuple[str, ...] = ()
    sampled: Sampled | None = None
    seeds: Seeds | tuple[NotNegative, ...] = (0,)
    references: tuple[ReferenceTable, ...] = ()
    perturbations: tuple[Grid, ...] = ()
    controllers: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()


def read_campaign(path: Path) -> CampaignFile:
    """Return the checked contents of a campaign file; ConfigError when it cannot be read or breaks the schema."""
    try:
        table = msgspec.toml.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    return convert(table, CampaignFile, path, "")


def rig_name(file: CampaignFile, folder: Path) -> str:
    """Return the rig's folder where the file names one beside itself, else its name."""
    beside = folder / file.rig
    return str(beside.resolve()) if (beside / "rig.toml").is_file() else file.rig
