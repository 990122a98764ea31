"""Which boards there are: those that run on this machine, and what is plugged into it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from serial.tools import list_ports

from nn4mc.errors import LinkError
from nn4mc.hil.link import BoardUri, parse_board

DEFAULT_BOARD = "qemu://netduinoplus2"

# Vendor and product ids as in the usb.ids list; None: any product of that vendor.
_KNOWN_USB: Sequence[tuple[int, int | None, str]] = (
    (0x0483, 0x374B, "ST-LINK/V2-1 (Nucleo, Discovery)"),
    (0x0483, 0x374E, "ST-LINK/V3 (Nucleo)"),
    (0x0483, 0x5740, "STM32 USB serial"),
    (0x16C0, 0x0483, "Teensy USB serial"),
    (0x239A, None, "Adafruit Feather"),
    (0x0403, 0x6001, "FTDI FT232 adapter"),
    (0x0403, 0x6015, "FTDI FT230X adapter"),
    (0x10C4, 0xEA60, "CP210x adapter"),
    (0x1A86, 0x7523, "CH340 adapter"),
)


@dataclass(frozen=True)
class LocalBoard:
    """A board that nn4mc starts itself, and the programs it needs that are not on PATH."""

    uri: str
    about: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class ConnectedPort:
    """A serial port of this machine; ``board`` is None when its USB ids are not those of a known board."""

    uri: str
    device: str
    description: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    board: str | None


def local_boards() -> tuple[LocalBoard, ...]:
    """Return the boards that need no hardware."""
    emulated = ("qemu-system-arm", "arm-none-eabi-gcc")
    return (
        LocalBoard(
            "sim://cortex-m4",
            "STM32F405, Cortex-M4F, emulated in this process; counts instructions and modelled cycles",
            _missing(("gcc", "arm-none-eabi-gcc")),
        ),
        LocalBoard(DEFAULT_BOARD, "STM32F405, Cortex-M4F, emulated by QEMU", _missing(emulated)),
        LocalBoard("host://", "the same firmware built for this machine", _missing(("gcc",))),
    )


def connected_ports() -> tuple[ConnectedPort, ...]:
    """Return the serial ports that are plugged in, by device name."""
    return tuple(
        ConnectedPort(
            uri=f"serial://{port.device}",
            device=port.device,
            description=port.description or "",
            vid=port.vid,
            pid=port.pid,
            serial_number=port.serial_number,
            board=_known_board(port.vid, port.pid),
        )
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
    )


def resolve_board(text: str) -> BoardUri:
    """Return the board of a URI; ``serial://`` alone stands for the only known board that is plugged in.

    Raises ConfigError for a wrong URI, and LinkError when no known board is there or more than one.
    """
    uri = parse_board(text)
    if uri.scheme != "serial" or uri.target:
        return uri
    known = [port for port in connected_ports() if port.board is not None]
    if len(known) == 1:
        return replace(uri, target=known[0].device)
    if not known:
        raise LinkError(
            "serial:// without a device: no known board is plugged in.\n"
            "`nn4mc boards` lists the serial ports; name one, such as serial:///dev/ttyACM0."
        )
    choices = "\n".join(f"  {port.uri}  {port.board}, serial number {port.serial_number}" for port in known)
    raise LinkError(f"serial:// without a device: {len(known)} boards are plugged in, name one of them:\n{choices}")


def _missing(programs: Sequence[str]) -> tuple[str, ...]:
    return tuple(program for program in programs if shutil.which(program) is None)


def _known_board(vid: int | None, pid: int | None) -> str | None:
    for vendor, product, name in _KNOWN_USB:
        if vid == vendor and product in (None, pid):
            return name
    return None
