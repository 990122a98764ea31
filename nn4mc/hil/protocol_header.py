"""Prints the protocol table as the C header of the firmware.

``python -m nn4mc.hil.protocol_header`` rewrites firmware/lib/hil/src/hil_protocol.h.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from nn4mc.hil import protocol
from nn4mc.hil.protocol import CycleSource, ErrorCode, Field, LogLevel, Message, Mode, ResetCause
from nn4mc.resources import resource

_SCALAR_BYTES = {"u8": 1, "i8": 1, "u16": 2, "u32": 4, "f32": 4}
_OPEN_ENDED = ("floats", "text")
_TEXT = re.compile(r"char\[(\d+)\]")

_ENUMS: tuple[tuple[str, type[IntEnum]], ...] = (
    ("ERROR", ErrorCode),
    ("MODE", Mode),
    ("CYCLES", CycleSource),
    ("RESET_CAUSE", ResetCause),
    ("LOG", LogLevel),
)


def fixed_size(fields: tuple[Field, ...]) -> int:
    """Return the bytes of a payload, without the ``floats`` or ``text`` that may end it.

    >>> fixed_size((Field("status", "i8", ""), Field("cycles", "u32", ""), Field("command", "floats", "")))
    5
    """
    return sum(_field_bytes(field) for field in fields)


def protocol_header() -> str:
    """Return the text of ``hil_protocol.h``."""
    return "\n".join(_lines()) + "\n"


def header_path() -> Path:
    """Return where the generated header lives in the firmware."""
    return resource("firmware", "lib", "hil", "src") / "hil_protocol.h"


def _field_bytes(field: Field) -> int:
    if field.kind in _OPEN_ENDED:
        return 0
    text = _TEXT.fullmatch(field.kind)
    return int(text[1]) if text else _SCALAR_BYTES[field.kind]


def _lines() -> Iterator[str]:
    yield "/* Generated from nn4mc/hil/protocol.py by `python -m nn4mc.hil.protocol_header`: do not edit. */"
    yield "#ifndef HIL_PROTOCOL_H"
    yield "#define HIL_PROTOCOL_H"
    yield ""
    yield f"#define HIL_VERSION {protocol.VERSION}u"
    yield f"#define HIL_MAX_PAYLOAD {protocol.MAX_PAYLOAD}u"
    yield f"#define HIL_REPLY {protocol.REPLY:#04x}u /* set in the type of every reply */"
    yield f"#define HIL_MIN_PERIOD_US {protocol.MIN_PERIOD_US}u"
    yield f"#define HIL_MAX_PERIOD_US {protocol.MAX_PERIOD_US}u"
    yield ""
    yield from _enum("type", [(f"TYPE_{m.name}", f"{m.code:#04x}") for m in protocol.MESSAGES])
    for prefix, members in _ENUMS:
        pairs = [(f"{prefix}_{member.name}", str(member.value)) for member in members]
        yield from _enum(_tag(members.__name__), pairs)
    yield "/* Bytes of a payload; HEAD where floats or text follow, to the end of the payload. */"
    for message in protocol.MESSAGES:
        yield from _sizes(message)
    yield ""
    yield "#endif"


def _enum(name: str, members: list[tuple[str, str]]) -> Iterator[str]:
    yield f"enum hil_{name} {{"
    yield from (f"    HIL_{member} = {value}," for member, value in members)
    yield "};"
    yield ""


def _tag(class_name: str) -> str:
    """Turn ``ResetCause`` into ``reset_cause``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()


def _sizes(message: Message) -> Iterator[str]:
    for direction, fields in (("REQUEST", message.request), ("REPLY", message.reply)):
        head = bool(fields) and fields[-1].kind in _OPEN_ENDED
        suffix = "HEAD" if head else "SIZE"
        yield f"#define HIL_{message.name}_{direction}_{suffix} {fixed_size(fields)}u"
        for field in fields:
            if _TEXT.fullmatch(field.kind):
                yield f"#define HIL_{message.name}_{field.name.upper()}_SIZE {_field_bytes(field)}u"


if __name__ == "__main__":
    header_path().write_text(protocol_header(), encoding="utf-8")
