"""What this machine has of what nn4mc needs, as data."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from nn4mc.build.process import run
from nn4mc.errors import Nn4mcError


@dataclass(frozen=True)
class Need:
    """Something nn4mc uses: why, how to find it (a version, or None), and how to get it."""

    name: str
    purpose: str
    find: Callable[[], str | None]
    get: str


@dataclass(frozen=True)
class Finding:
    """A need and what was found; ``get`` says how to get what is missing."""

    name: str
    purpose: str
    found: str | None
    get: str


def _program(name: str, *version_words: str) -> Callable[[], str | None]:
    def find() -> str | None:
        path = shutil.which(name)
        if path is None:
            return None
        try:
            printed = run([path, *version_words], stage=f"asking {name} for its version", timeout_s=20)
        except Nn4mcError:
            return None
        number = re.search(r"\d+\.\d+[.\d]*", re.sub(r"\(.*?\)", "", printed))
        return number[0] if number else path

    return find


def _package(name: str) -> Callable[[], str | None]:
    def find() -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return find


_APT = "sudo apt-get install --no-install-recommends "
_EXTRA = "pip install 'nn4mc[hil]'"

NEEDS = (
    Need("gcc", "verify, the twin of every flight, host://", _program("gcc", "--version"), f"{_APT}gcc libc6-dev"),
    Need(
        "arm-none-eabi-gcc",
        "firmware, sizes on the target",
        _program("arm-none-eabi-gcc", "--version"),
        f"{_APT}gcc-arm-none-eabi",
    ),
    Need("qemu-system-arm", "qemu:// boards", _program("qemu-system-arm", "--version"), f"{_APT}qemu-system-arm"),
    Need("platformio", "builds the firmware", _package("platformio"), _EXTRA),
    Need("scons", "PlatformIO without its registry", _package("scons"), _EXTRA),
    Need("foundation-policy", "the RAPTOR policy", _package("foundation-policy"), "pip install 'nn4mc[raptor]'"),
    Need("pyserial", "serial lines", _package("pyserial"), _EXTRA),
    Need("cobs", "frames", _package("cobs"), _EXTRA),
    Need("mcap", "flight logs", _package("mcap"), _EXTRA),
    Need("matplotlib", "plots", _package("matplotlib"), _EXTRA),
    Need("plotly", "reports", _package("plotly"), _EXTRA),
    Need("pyelftools", "firmware sizes, nn4mc profile", _package("pyelftools"), _EXTRA),
    Need("unicorn", "nn4mc profile, sim:// boards", _package("unicorn"), "pip install 'nn4mc[profile]'"),
    Need("capstone", "nn4mc profile, sim:// boards", _package("capstone"), "pip install 'nn4mc[profile]'"),
)
"""What `nn4mc hil` on the emulated board needs."""


def examine() -> tuple[Finding, ...]:
    """Look for every need; nothing is installed or changed."""
    return tuple(Finding(need.name, need.purpose, need.find(), need.get) for need in NEEDS)


def boards() -> tuple[str, ...]:
    """Return the URIs of the boards a flight can run on here; none without pyserial, which looks for them."""
    if find_spec("serial") is None:
        return ()
    from nn4mc.hil.boards import connected_ports, local_boards  # noqa: PLC0415 - needs pyserial

    local = (board.uri for board in local_boards() if not board.missing)
    return (*local, *(port.uri for port in connected_ports() if port.board is not None))
