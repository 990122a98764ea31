"""The firmware's frame parser, fed from Python: the same C, built for this machine."""

import ctypes
import struct
from dataclasses import dataclass
from pathlib import Path

from tests.firmware.c_library import LIB_HIL, PROBE, build_library

MAX_FRAME = 251
_HEAD = struct.Struct("<HBBH")


@dataclass(frozen=True)
class CFrame:
    """A frame as the C parser saw it."""

    version: int
    type: int
    seq: int
    payload: bytes


class CFrames:
    """One parser, with its counters. ``folder`` takes the compiled library and may be shared by several."""

    def __init__(self, folder: Path, *, sanitize: bool = True) -> None:
        sources = [PROBE / "frames_probe.c", LIB_HIL / "hil_frame.c", LIB_HIL / "hil_crc32.c"]
        self._library = build_library(folder, "frames", sources, sanitize=sanitize)
        self._library.probe_parse.restype = ctypes.c_size_t
        self._library.probe_encode.restype = ctypes.c_size_t
        self._library.probe_parser_size.restype = ctypes.c_size_t
        self._parser = ctypes.create_string_buffer(self._library.probe_parser_size())
        self.reset()

    def reset(self) -> None:
        """Forget what was fed, and start the counters at 0."""
        self._library.hil_parser_init(self._parser)

    def feed(self, data: bytes) -> list[CFrame]:
        """Return the frames that ``data`` completes; what is left over waits for the next call."""
        # No frame takes less room on the wire than its record, but for the frame begun in an earlier call.
        records = ctypes.create_string_buffer(len(data) + MAX_FRAME)
        end = self._library.probe_parse(self._parser, data, ctypes.c_size_t(len(data)), records)
        raw, at, frames = records.raw[:end], 0, []
        while at < end:
            length, version, kind, seq = _HEAD.unpack_from(raw, at)
            at += _HEAD.size
            frames.append(CFrame(version, kind, seq, raw[at : at + length]))
            at += length
        return frames

    def encode(self, kind: int, seq: int, payload: bytes) -> bytes:
        """Return the frame the firmware would send."""
        out = ctypes.create_string_buffer(MAX_FRAME)
        size = self._library.probe_encode(out, kind, seq, payload, ctypes.c_size_t(len(payload)))
        return out.raw[:size]

    @property
    def accepted(self) -> int:
        """Frames accepted since the last reset."""
        return self._counters()[0]

    @property
    def crc_errors(self) -> int:
        """Frames dropped for their checksum."""
        return self._counters()[1]

    @property
    def framing_errors(self) -> int:
        """Frames dropped for their length or encoding."""
        return self._counters()[2]

    def _counters(self) -> tuple[int, int, int]:
        counters = (ctypes.c_uint32 * 3)()
        self._library.probe_counters(self._parser, counters)
        return tuple(counters)
