"""A rig of one's own, begun as a copy of one that works."""

import re
import shutil
from pathlib import Path

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import load_rig

_NAME = re.compile(r'^name = "[^"]*"', re.MULTILINE)
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")


def copy_rig(like: str, folder: Path) -> tuple[Path, ...]:
    """Copy the rig ``like`` (a name or a folder) to ``folder``, which names it; return the new files.

    Raises ConfigError for an unknown rig, a folder that exists, or one whose name cannot name a rig.
    """
    source = load_rig(like).folder
    name = folder.resolve().name
    if not _PLAIN.fullmatch(name):
        raise ConfigError(f"{folder}: '{name}' cannot name a rig. Take a-z, 0-9 and _, with a letter first.")
    if folder.exists():
        raise ConfigError(f"{folder}: exists and stays as it is. Name another folder.")
    try:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        path = folder / "rig.toml"
        path.write_text(_NAME.sub(f'name = "{name}"', path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written ({error.strerror}). Name another folder.") from error
    return tuple(sorted(one for one in folder.rglob("*") if one.is_file()))
