"""The firmware's dispatcher around the test controller, driven from Python without any board."""

import ctypes
import struct
from pathlib import Path

from tests.firmware.c_library import LIB_HIL, PROBE, TEST_CONTROLLER, build_library
from tests.firmware.wire import Reply, replies, request

COMMAND_LEN = 2
_ROOM = 1 << 16


def load_dispatch(folder: Path) -> ctypes.CDLL:
    """Compile dispatcher, test controller and probe into ``folder``."""
    sources = [PROBE / "dispatch_probe.c", TEST_CONTROLLER / "controller.c", *sorted(LIB_HIL.glob("*.c"))]
    library = build_library(folder, "dispatch", sources)
    for function in ("probe_size", "probe_feed", "probe_tick"):
        getattr(library, function).restype = ctypes.c_size_t
    library.probe_period.restype = ctypes.c_uint32
    return library


class CDevice:
    """A device: time stands still unless ``millis`` is set, every controller step takes 100 cycles."""

    def __init__(self, library: ctypes.CDLL, *, selftest_limit: float = 1e-6, command_len: int = COMMAND_LEN) -> None:
        self._library = library
        self._memory = ctypes.create_string_buffer(library.probe_size())
        self.fits = bool(library.probe_init(self._memory, ctypes.c_float(selftest_limit), command_len))

    def feed(self, data: bytes) -> list[Reply]:
        """Return the answers to bytes on the wire."""
        room = ctypes.create_string_buffer(_ROOM)
        end = self._library.probe_feed(self._memory, data, ctypes.c_size_t(len(data)), room)
        return replies(room.raw[:end])

    def ask(self, kind: str | int, seq: int = 1, payload: bytes = b"", **options: int) -> Reply:
        """Return the one answer to one request."""
        (reply,) = self.feed(request(kind, seq, payload, **options))
        return reply

    def step(self, seq: int, *words: float, time_us: int = 0) -> Reply:
        """STEP with three sensors and two references."""
        return self.ask("STEP", seq, struct.pack("<I5f", time_us, *words))

    def tick(self, periods: int = 1) -> list[Reply]:
        """Let ``periods`` of RUN begin."""
        room = ctypes.create_string_buffer(_ROOM)
        end = self._library.probe_tick(self._memory, periods, room)
        return replies(room.raw[:end])

    def output(self) -> tuple[float, ...] | None:
        """Return what the pins are told, None when nothing changed."""
        command = (ctypes.c_float * COMMAND_LEN)()
        return tuple(command) if self._library.probe_output(self._memory, command) else None

    def keep_time(self) -> None:
        """Have a controller that commands the time in ms and the stamp it is called with."""
        self._library.probe_keep_time(self._memory)

    def log(self, level: int, text: str) -> None:
        """Write a log line on the device's side."""
        self._library.probe_log(self._memory, level, text.encode())

    def add_bench(self, cycle_source: int) -> None:
        """Give the board two kernels, and a counter or none."""
        self._library.probe_add_bench(self._memory, cycle_source)

    def set_millis(self, millis: int) -> None:
        """Set the board's clock, in ms since its start."""
        self._library.probe_set_millis(ctypes.c_uint32(millis))

    @property
    def period_us(self) -> int:
        """Return the period the board's timer should have; 0 for none."""
        return int(self._library.probe_period(self._memory))
