"""Links: bytes to and from a board that is named by a URI."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from nn4mc.errors import ConfigError
from nn4mc.hil.process_link import HostLink, QemuLink
from nn4mc.hil.serial_link import SerialLink
from nn4mc.hil.sim_link import SIM_BOARDS, SimLink
from nn4mc.hil.socket_link import SocketLink

SCHEMES = ("sim", "qemu", "host", "serial", "socket")
_OPTIONS = {"serial": {"baud"}, "sim": {"line"}}
"""What may stand behind the ? of a scheme."""
DEFAULT_BAUD = 921_600


class Link(Protocol):
    """A line of bytes to a board; all methods raise LinkError when the other end is gone."""

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting up to ``timeout_s`` seconds for a first byte; b"" if none came."""

    def close(self) -> None:
        """Release the line and end an emulator; a second call does nothing."""

    def describe(self) -> str:
        """Name the other end in a message."""


@dataclass(frozen=True)
class BoardUri:
    """A board's URI taken apart: ``qemu://netduinoplus2``, ``serial:///dev/ttyACM0?baud=115200``."""

    text: str
    scheme: str
    target: str
    options: Mapping[str, str]

    @property
    def baud(self) -> int:
        """Line speed of a serial port in bits a second."""
        return int(self.options.get("baud", DEFAULT_BAUD))

    @property
    def host_port(self) -> tuple[str, int]:
        """Host and port of a socket."""
        host, _, port = self.target.rpartition(":")
        return host.strip("[]"), int(port)


def parse_board(text: str) -> BoardUri:
    """Read a board URI; ConfigError says what is wrong with it.

    >>> parse_board("serial:///dev/ttyACM0?baud=115200").target
    '/dev/ttyACM0'
    """
    parts = urlsplit(text)
    if parts.scheme not in SCHEMES or "://" not in text:
        raise ConfigError(
            f"board {text!r} is no board URI. Known: sim://cortex-m4, qemu://netduinoplus2, host://, "
            "socket://HOST:PORT, serial:///dev/ttyACM0 (`nn4mc boards` lists them)."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    allowed = _OPTIONS.get(parts.scheme, set())
    if options.keys() - allowed or parts.fragment:
        takes = f"the option {', '.join(allowed)}" if allowed else "no options"
        raise ConfigError(f"board {text!r}: {parts.scheme}:// takes {takes}.")
    target = parts.netloc + parts.path
    uri = BoardUri(text, parts.scheme, target, options)
    _check_target(uri)
    return uri


def _check_target(uri: BoardUri) -> None:
    baud = uri.options.get("baud", "1")
    if not baud.isdecimal() or int(baud) == 0:
        raise ConfigError(f"board {uri.text!r}: baud is a positive whole number, not {baud!r}.")
    if uri.scheme == "sim" and uri.target not in SIM_BOARDS:
        raise ConfigError(f"board {uri.text!r}: sim:// emulates {', '.join(SIM_BOARDS)}.")
    if uri.options.get("line", "fast") not in ("fast", "timed"):
        raise ConfigError(f"board {uri.text!r}: line is fast or timed, not {uri.options['line']!r}.")
    if uri.scheme == "host" and uri.target:
        raise ConfigError(f"board {uri.text!r}: host:// is this machine and takes no name behind it.")
    if uri.scheme == "serial" and uri.target and not uri.target.startswith("/"):
        raise ConfigError(f"board {uri.text!r}: write three slashes, serial:///dev/ttyACM0.")
    if uri.scheme == "socket":
        host, _, port = uri.target.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ConfigError(f"board {uri.text!r}: expected socket://HOST:PORT with a port from 1 to 65535.")


def open_link(uri: BoardUri, elf: Path | None = None) -> Link:
    """Open the line to a board; ``elf`` is the firmware that sim:// and qemu:// boot or host:// starts.

    Raises LinkError when the port, the socket or the emulator cannot be had, ToolMissingError without QEMU,
    and ConfigError when sim://, qemu:// or host:// comes without a firmware.
    """
    if uri.scheme == "serial":
        return SerialLink(uri.target, uri.baud)
    if uri.scheme == "socket":
        return SocketLink(*uri.host_port)
    if elf is None:
        raise ConfigError(f"board {uri.text!r} needs a firmware to run; build one first.")
    if uri.scheme == "sim":
        return SimLink(uri.target, elf, uri.options.get("line") == "timed")
    return HostLink(elf) if uri.scheme == "host" else QemuLink(uri.target, elf)
