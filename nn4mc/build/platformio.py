"""Builds the firmware with PlatformIO, in folders of nn4mc's own."""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nn4mc.build.platformio_core import core_dir, ensure_scons
from nn4mc.build.process import run
from nn4mc.errors import BuildError, ConfigError, ToolMissingError
from nn4mc.resources import resource

__all__ = ["Firmware", "build_firmware", "cache_dir", "core_dir", "ensure_scons"]

_SOURCE_FOLDERS = ("src", "ports", "lib", "bench", "platform")
BENCH_VARIABLE = "NN4MC_BENCH"
"""Of the environment: when it is not empty, the firmware has the kernels that BENCH times."""
_COMPILERS = {"netduinoplus2": "arm-none-eabi-gcc", "host": "gcc"}


@dataclass(frozen=True)
class Firmware:
    """A built firmware: the program, its linker map and the build id that HELLO answers with."""

    elf: Path
    map: Path
    build_id: str


def cache_dir() -> Path:
    """Return where nn4mc keeps what can be made again: ``$XDG_CACHE_HOME/nn4mc``, or ``~/.cache/nn4mc``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nn4mc"


def build_firmware(board: str, controller_dir: Path, build_dir: Path, bench: bool = False) -> Firmware:
    """Build the firmware of ``board`` around the generated controller in ``controller_dir``.

    With ``bench`` it also has the kernels that BENCH times, where the board has a cycle counter to time them by.

    Everything is written below ``build_dir``; the firmware's own folder may be read-only. When no input changed
    since the last build there, nothing is started. Raises ConfigError for an unknown board, ToolMissingError, and
    BuildError with the compiler's words.
    """
    firmware_dir = resource("firmware")
    if not (firmware_dir / "platform" / "boards" / f"{board}.json").is_file():
        raise ConfigError(f"board '{board}' has no firmware. Known: {', '.join(sorted(boards()))}.")
    work = build_dir.resolve() / (f"{board}-bench" if bench else board)
    stamp = work / "inputs.sha256"
    inputs = _inputs(board, firmware_dir, controller_dir)
    with _alone_in(work):
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs and _artefacts(work, board)):
            stamp.unlink(missing_ok=True)
            _run_platformio(board, firmware_dir, controller_dir, work, bench)
            stamp.write_text(inputs, encoding="utf-8")
        firmware = _artefacts(work, board)
    if firmware is None:
        raise BuildError(f"PlatformIO built no firmware for {board} in {work}. Delete that folder and try again.")
    return firmware


def boards() -> tuple[str, ...]:
    """Return the names of the boards there is a firmware for."""
    return tuple(sorted(path.stem for path in (resource("firmware") / "platform" / "boards").glob("*.json")))


@contextmanager
def _alone_in(work: Path) -> Iterator[None]:
    """Let one process at a time build in a folder; the others wait and then find its work done."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run_platformio(board: str, firmware_dir: Path, controller_dir: Path, work: Path, bench: bool) -> None:
    ensure_scons()
    run(
        [sys.executable, "-m", "platformio", "run", "-d", firmware_dir, "-e", board],
        stage=f"building the firmware for {board}",
        env={
            "NN4MC_CONTROLLER_DIR": str(controller_dir.resolve()),
            BENCH_VARIABLE: "1" if bench else "",
            "PLATFORMIO_WORKSPACE_DIR": str(work / "workspace"),
            "PLATFORMIO_BUILD_DIR": str(work / "build"),
            "PLATFORMIO_PLATFORMS_DIR": str(work / "platforms"),
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No",
            "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        },
    )


def _artefacts(work: Path, board: str) -> Firmware | None:
    built = work / "build" / board
    elf = next((path for path in (built / "firmware.elf", built / "firmware") if path.is_file()), None)
    link_map = built / "firmware.map"
    build_id = built / "build_id.txt"
    if elf is None or not link_map.is_file() or not build_id.is_file():
        return None
    return Firmware(elf=elf, map=link_map, build_id=build_id.read_text(encoding="utf-8").strip())


def _inputs(board: str, firmware_dir: Path, controller_dir: Path) -> str:
    """Return a hash over all that decides what the build yields, and where it lies."""
    digest = hashlib.sha256(f"{board}\0{firmware_dir}\0{controller_dir.resolve()}\0{_compiler(board)}\0".encode())
    digest.update(_platformio_version().encode())
    folders = [firmware_dir / name for name in _SOURCE_FOLDERS]
    files = [firmware_dir / "platformio.ini"]
    for folder in (*folders, controller_dir):
        files += (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in sorted(files):
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _compiler(board: str) -> str:
    """Return the board's compiler as a file and its date: asking it for its version would start it."""
    name = _COMPILERS.get(board, "gcc")
    path = shutil.which(name)
    if path is None:
        raise ToolMissingError(f"{name} was not found on PATH. Run `nn4mc doctor`.")
    return f"{path} {Path(path).resolve().stat().st_mtime_ns}"


def _platformio_version() -> str:
    try:
        return version("platformio")
    except PackageNotFoundError as error:
        raise ToolMissingError("PlatformIO is not installed. pip install 'nn4mc[hil]'") from error
