"""PlatformIO's own folder, and SCons in it where PlatformIO's registry cannot be reached.

PlatformIO Core wants SCons as a package of its registry, and nothing else of it for this firmware. The SCons of the
Python Package Index is the same program, so a copy of the installed one serves.
"""

import json
import os
import shutil
import socket
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

from nn4mc.errors import ToolMissingError

_PROBE_S = 2.0
_LAUNCHER = '''"""Starts the SCons beside this file."""

from SCons.Script import main

main()
'''


def core_dir() -> Path:
    """Return PlatformIO's folder: PLATFORMIO_CORE_DIR, or ``.platformio`` in the home directory."""
    given = os.environ.get("PLATFORMIO_CORE_DIR")
    return Path(given).expanduser() if given else Path.home() / ".platformio"


def ensure_scons() -> bool:
    """Put a copy of the installed SCons where PlatformIO looks for it; True when it had to.

    Does nothing where a copy is, or where PlatformIO can reach its registry and will fetch its own. Safe to call
    from several processes at once: the copy appears in one rename. Raises ToolMissingError when it is needed and
    either of the Python packages ``platformio`` and ``scons`` is not installed.
    """
    packages = Path(os.environ.get("PLATFORMIO_PACKAGES_DIR") or core_dir() / "packages")
    target = packages / "tool-scons"
    if target.exists() or _registry_answers():
        return False
    packages.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tool-scons-", dir=packages) as scratch:
        package = Path(scratch) / "tool-scons"
        _write_package(package)
        try:
            package.rename(target)
        except OSError:
            if not target.exists():  # another process was quicker: its copy is as good
                raise
            return False
    return True


def _write_package(package: Path) -> None:
    version = _scons_requirement().lstrip("~^=")
    spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
    manifest = {"name": "tool-scons", "version": version, "description": "SCons, copied from this Python"}
    marker = {"type": "tool", "name": "tool-scons", "version": version, "spec": spec}
    shutil.copytree(_scons_source(), package / "SCons", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "scons.py").write_text(_LAUNCHER, encoding="utf-8")
    (package / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (package / ".piopm").write_text(json.dumps(marker), encoding="utf-8")


def _scons_source() -> Path:
    spec = find_spec("SCons")
    if spec is None or spec.origin is None:
        raise ToolMissingError(
            "SCons is not installed and PlatformIO's registry cannot be reached. pip install 'nn4mc[hil]'"
        )
    return Path(spec.origin).parent


def _scons_requirement() -> str:
    """Return the version of tool-scons that the installed PlatformIO asks for, such as ``~4.41101.0``."""
    try:
        from platformio.dependencies import get_core_dependencies  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise ToolMissingError("PlatformIO is not installed. pip install 'nn4mc[hil]'") from error
    return str(get_core_dependencies()["tool-scons"])


def _registry_answers() -> bool:
    """Probe for a network, briefly: without one PlatformIO retries for a minute before it fails."""
    try:
        from platformio import __registry_mirror_hosts__ as hosts  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise ToolMissingError("PlatformIO is not installed. pip install 'nn4mc[hil]'") from error
    answered = threading.Event()
    # Daemons, since looking up a name has no time limit of its own.
    probes = [threading.Thread(target=_probe, args=(f"api.{host}", answered), daemon=True) for host in hosts]
    for probe in probes:
        probe.start()
    for probe in probes:
        probe.join(_PROBE_S / len(probes))
    return answered.is_set()


def _probe(host: str, answered: threading.Event) -> None:
    try:
        socket.create_connection((host, 443), timeout=_PROBE_S).close()
    except OSError:
        return
    answered.set()
