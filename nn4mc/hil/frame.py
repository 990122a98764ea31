"""Frames on the wire: ``00 | COBS(version u8, type u8, seq u16, payload, crc32) | 00``.

Every frame carries both of its delimiters, so damage inside one frame, its own delimiters included,
never reaches the frame before or after it.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cobs import cobs

from nn4mc.errors import LinkError
from nn4mc.hil.protocol import MAX_PAYLOAD, VERSION

_HEADER = struct.Struct("<BBH")
_CRC = struct.Struct("<I")
OVERHEAD = _HEADER.size + _CRC.size
"""Bytes of a frame beside its payload, before COBS."""
MAX_ENCODED = cobs.max_encoded_length(OVERHEAD + MAX_PAYLOAD)
"""Longest run of non-zero bytes between two delimiters that can be a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that passed its checksum; ``version`` is what the sender claims: the reader judges it."""

    type: int
    seq: int
    payload: bytes
    version: int = VERSION


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame, both delimiters included; LinkError when the payload is too long.

    >>> encode_frame(Frame(type=1, seq=2, payload=b"")).hex()
    '000402010205221fb9b800'
    """
    if len(frame.payload) > MAX_PAYLOAD:
        raise LinkError(f"a payload of {len(frame.payload)} bytes does not fit a frame of {MAX_PAYLOAD}.")
    body = _HEADER.pack(frame.version, frame.type, frame.seq) + frame.payload
    encoded: bytes = cobs.encode(body + _CRC.pack(zlib.crc32(body)))
    return b"\0" + encoded + b"\0"


class FrameReader:
    """Bytes in, frames out, in pieces of any size; damaged frames are counted and dropped.

    ``crc_errors`` counts frames of a valid length and encoding whose checksum is wrong,
    ``framing_errors`` those that are too short, too long or no COBS. Empty frames, the gap between two
    delimiters, count as nothing. Between calls at most MAX_ENCODED bytes are kept, whatever arrives.
    """

    def __init__(self) -> None:
        """Start between frames with all counters at 0."""
        self.frames = 0
        self.crc_errors = 0
        self.framing_errors = 0
        self._tail = b""
        self._overlong = False

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that ``data`` completes, in order."""
        return [frame for chunk in self._chunks(data) if (frame := self._decode(chunk)) is not None]

    def clear(self) -> None:
        """Forget the unfinished frame, as after a resynchronisation; the counters stay."""
        self._tail = b""
        self._overlong = False

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        """Yield what stands between delimiters; an overlong run is counted where it is cut off, once."""
        *complete, tail = data.split(b"\0")
        for chunk in complete:
            if self._overlong:
                self._overlong = False
                self.framing_errors += 1
            elif self._tail or chunk:
                yield self._tail + chunk
            self._tail = b""
        if self._overlong:
            return
        self._tail += tail
        if len(self._tail) > MAX_ENCODED:
            self._overlong = True
            self._tail = b""

    def _decode(self, chunk: bytes) -> Frame | None:
        if len(chunk) > MAX_ENCODED:
            self.framing_errors += 1
            return None
        try:
            raw = cobs.decode(chunk)
        except cobs.DecodeError:
            self.framing_errors += 1
            return None
        if len(raw) < OVERHEAD:
            self.framing_errors += 1
            return None
        body = raw[: -_CRC.size]
        if zlib.crc32(body) != _CRC.unpack_from(raw, len(body))[0]:
            self.crc_errors += 1
            return None
        version, kind, seq = _HEADER.unpack_from(body)
        self.frames += 1
        return Frame(kind, seq, body[_HEADER.size :], version)
