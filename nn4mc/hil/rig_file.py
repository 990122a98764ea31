"""The schema of rig.toml, checked strictly: an unknown key is an error, and so is a value of a wrong type."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.profile.budget import Budget

Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]
Kind = TypeVar("Kind")


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group of float words in a layout: name, number of words, unit (empty for none), and what it is.

    ``labels`` names each word for a reader; without them the words are numbered.
    """

    name: Name
    size: Annotated[int, msgspec.Meta(ge=1, le=56)]
    unit: str
    about: str = ""
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse labels that do not match the size; msgspec reports it with its place in the file."""
        if self.labels and len(self.labels) != self.size:
            raise ValueError(f"{len(self.labels)} labels for {self.size} words")


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which controller runs on the board, on which model, and the values its variables start with."""

    kind: str
    model: str
    observation: tuple[str, ...] = ()
    variables: dict[str, float] = {}


class RigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rig.toml holds; the tables of vehicles and references are checked by the rig's own types."""

    name: Name
    title: str
    period_s: Annotated[float, msgspec.Meta(gt=0, le=1)]
    controller: Controller
    sensors: tuple[Signal, ...]
    reference: tuple[Signal, ...]
    command: tuple[Signal, ...]
    vehicles: dict[Name, dict[str, Any]]
    references: dict[Name, dict[str, Any]]
    budget: Budget = Budget()


def read_rig_file(path: Path) -> RigFile:
    """Return the checked contents of a rig.toml; ConfigError when it cannot be read or breaks the schema."""
    try:
        table = msgspec.toml.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    return convert(table, RigFile, path, "")


def convert(table: Any, kind: type[Kind], path: Path, where: str) -> Kind:
    """Return ``table`` as ``kind``; ConfigError names the file, the key inside it and what was expected."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        message, _, inside = str(error).partition(" - at `$")
        key = f"{where}{inside.rstrip('`')}".lstrip(".") or "the file itself"
        raise ConfigError(f"{path}, at {key}: {message}") from error
