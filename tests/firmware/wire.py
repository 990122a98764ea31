"""Frames and payloads by the protocol's table alone: what the firmware's tests hold its answers against."""

import struct
import zlib
from dataclasses import dataclass

from cobs import cobs

from nn4mc.hil.protocol import MESSAGES, REPLY, VERSION, Field, Message

CODES = {message.name: message.code for message in MESSAGES}
_BY_CODE = {message.code: message for message in MESSAGES}
_FORMATS = {"u8": "B", "i8": "b", "u16": "H", "u32": "I", "f32": "f"}


@dataclass(frozen=True)
class Reply:
    """A reply: the name of its message, its sequence number and its fields by name."""

    name: str
    seq: int
    fields: dict[str, object]

    def __getitem__(self, field: str) -> object:
        return self.fields[field]


def request(kind: str | int, seq: int, payload: bytes = b"", *, version: int = VERSION) -> bytes:
    """Return a request as bytes on the wire."""
    code = CODES[kind] if isinstance(kind, str) else kind
    raw = struct.pack("<BBH", version, code, seq) + payload
    return b"\0" + cobs.encode(raw + struct.pack("<I", zlib.crc32(raw))) + b"\0"


def replies(data: bytes) -> list[Reply]:
    """Take bytes from the device apart; every frame in them has to be sound."""
    return [_reply(block) for block in data.split(b"\0") if block]


def _reply(block: bytes) -> Reply:
    raw = cobs.decode(block)
    version, code, seq = struct.unpack_from("<BBH", raw)
    assert struct.unpack("<I", raw[-4:])[0] == zlib.crc32(raw[:-4])
    assert version == VERSION
    assert code & REPLY
    message = _BY_CODE[code ^ REPLY]
    return Reply(message.name, seq, _fields(message, raw[4:-4]))


def _fields(message: Message, payload: bytes) -> dict[str, object]:
    values: dict[str, object] = {}
    at = 0
    for field in message.reply:
        values[field.name], at = _value(field, payload, at)
    assert at == len(payload)
    return values


def _value(field: Field, payload: bytes, at: int) -> tuple[object, int]:
    if field.kind == "floats":
        return struct.unpack(f"<{(len(payload) - at) // 4}f", payload[at:]), len(payload)
    if field.kind == "text":
        return payload[at:].decode("ascii"), len(payload)
    if field.kind.startswith("char"):
        size = int(field.kind[5:-1])
        return payload[at : at + size].rstrip(b"\0").decode("ascii"), at + size
    layout = struct.Struct("<" + _FORMATS[field.kind])
    return layout.unpack_from(payload, at)[0], at + layout.size
