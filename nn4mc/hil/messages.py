"""Payloads packed and unpacked by the table in protocol.py, and the replies as typed data."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import DeviceError, LinkError
from nn4mc.hil.protocol import (
    MAX_PAYLOAD,
    MESSAGES,
    VERSION,
    CycleSource,
    ErrorCode,
    Field,
    LogLevel,
    Message,
    Mode,
    ResetCause,
)

Words = npt.NDArray[np.float32]
_NUMBERS = {"u8": "B", "i8": "b", "u16": "H", "u32": "I", "f32": "f"}
_TAILS = ("floats", "text")


class PayloadCodec:
    """Packs and unpacks one payload; its formats are compiled once from the fields of the table.

    Numbers are int and float, ``char[N]`` and ``text`` are str, ``floats`` is a float32 array, bit for bit.
    """

    def __init__(self, where: str, fields: tuple[Field, ...]) -> None:
        """Compile ``fields``; ``where`` names the payload in messages."""
        self.where = where
        self.fields = fields
        tail = fields[-1] if fields and fields[-1].kind in _TAILS else None
        fixed = fields[:-1] if tail else fields
        self._names = tuple(field.name for field in fixed)
        self._strings = tuple(field.name for field in fixed if field.kind.startswith("char["))
        self._struct = struct.Struct("<" + "".join(_format(where, field) for field in fixed))
        self._tail = tail

    def pack(self, **values: Any) -> bytes:
        """Return the payload; LinkError when a field is missing, unknown, out of range or too long."""
        tail = b""
        if self._tail is not None:
            tail = _pack_tail(self._tail, values.pop(self._tail.name, None), self.where)
        if values.keys() != set(self._names):
            raise LinkError(f"{self.where} has the fields {self._names}; given: {tuple(values)}.")
        for name in self._strings:
            values[name] = values[name].encode("ascii")
        try:
            payload = self._struct.pack(*(values[name] for name in self._names)) + tail
        except struct.error as error:
            raise LinkError(f"{self.where}: {error} in {values}.") from error
        if len(payload) > MAX_PAYLOAD:
            raise LinkError(f"{self.where}: a payload of {len(payload)} bytes is longer than {MAX_PAYLOAD}.")
        return payload

    def unpack(self, payload: bytes) -> dict[str, Any]:
        """Return the fields by name; LinkError when the length is not the table's."""
        size = self._struct.size
        if len(payload) < size or (self._tail is None and len(payload) != size):
            least = "" if self._tail is None else "at least "
            raise LinkError(
                f"{self.where} came with {len(payload)} bytes, expected {least}{size}: "
                "the board speaks another version of the protocol. Rebuild its firmware."
            )
        values: dict[str, Any] = dict(zip(self._names, self._struct.unpack_from(payload), strict=True))
        for name in self._strings:
            values[name] = values[name].rstrip(b"\0").decode("ascii", "replace")
        if self._tail is not None:
            values[self._tail.name] = _unpack_tail(self._tail, payload[size:], self.where)
        return values


def _format(where: str, field: Field) -> str:
    if field.kind.startswith("char["):
        return f"{int(field.kind[5:-1])}s"
    if field.kind not in _NUMBERS:
        raise LinkError(f"{where}: field {field.name} of kind {field.kind} may only come last.")
    return _NUMBERS[field.kind]


def _pack_tail(field: Field, value: Any, where: str) -> bytes:
    if field.kind == "text" and isinstance(value, str):
        return value.encode("utf-8")
    if field.kind == "floats" and value is not None:
        return np.asarray(value, dtype="<f4").tobytes()
    raise LinkError(f"{where}: field {field.name} is missing or is no {field.kind}: {value!r}.")


def _unpack_tail(field: Field, data: bytes, where: str) -> Any:
    if field.kind == "text":
        return data.decode("utf-8", "replace")
    if len(data) % 4:
        raise LinkError(f"{where}: {field.name} has {len(data)} bytes, no whole number of float32 words.")
    return np.frombuffer(data, dtype="<f4")


@dataclass(frozen=True)
class Hello:
    """Who the device says it is."""

    build_id: str
    model_id: str
    controller: str
    board: str
    sensor_len: int
    reference_len: int
    command_len: int
    variable_len: int
    clock_hz: int
    cycle_source: CycleSource
    reset_cause: ResetCause
    selftest_error: float


@dataclass(frozen=True)
class StepReply:
    """One controller step: ``command`` is float32 [command_len], ``cycles`` 0 where nothing counts."""

    status: int
    mode: Mode
    cycles: int
    command: Words


@dataclass(frozen=True)
class RunReply:
    """One period of streaming; ``tick`` counts periods, ``missed`` the deadline misses so far."""

    status: int
    mode: Mode
    step_seq: int
    tick: int
    missed: int
    cycles: int
    command: Words


@dataclass(frozen=True)
class DeviceStats:
    """The device's counters since it started."""

    steps: int
    bad_steps: int
    frames: int
    crc_errors: int
    framing_errors: int
    repeated: int
    stale: int
    rx_overruns: int
    missed: int
    max_cycles: int
    uptime_ms: int
    stack_free: int
    link_stage: int
    link_trips: int


@dataclass(frozen=True)
class Variable:
    """One variable of the controller with its range and unit."""

    index: int
    value: float
    minimum: float
    maximum: float
    unit: str
    name: str


@dataclass(frozen=True)
class Timing:
    """How a controller that keeps time was called since its reset; intervals are of the last full hundred calls."""

    calls: int
    native_steps: int
    missed: int
    restarts: int
    steps_back: int
    mean_us: float
    variance_us2: float
    shortest_us: int
    longest_us: int


@dataclass(frozen=True)
class LogLine:
    """One line of the device's log."""

    remaining: int
    level: LogLevel
    uptime_ms: int
    text: str


@dataclass(frozen=True)
class BenchReply:
    """One timed kernel: ``cycles`` for ``operations``; ``digest`` is of the words it computed."""

    index: int
    bench_len: int
    operations: int
    cycles: int
    first_cycles: int
    digest: int
    name: str


MESSAGE: Mapping[str, Message] = {message.name: message for message in MESSAGES}
"""The protocol's messages by name."""
REQUEST = {message.name: PayloadCodec(f"request {message.name}", message.request) for message in MESSAGES}
"""Codec of every request by name."""
REPLY_TO = {message.name: PayloadCodec(f"reply to {message.name}", message.reply) for message in MESSAGES}
"""Codec of every reply by name."""

_ENUMS: Mapping[str, type[Mode] | type[CycleSource] | type[ResetCause] | type[LogLevel]] = {
    "mode": Mode,
    "cycle_source": CycleSource,
    "reset_cause": ResetCause,
    "level": LogLevel,
}


def unpack_reply(name: str, payload: bytes) -> dict[str, Any]:
    """Return a reply's fields with its codes as enums; LinkError on a wrong length or an unknown code."""
    values = REPLY_TO[name].unpack(payload)
    for field, kind in _ENUMS.items():
        if field in values:
            try:
                values[field] = kind(values[field])
            except ValueError as error:
                raise LinkError(f"reply to {name}: {error}. Rebuild the firmware of the board.") from error
    return values


def refusal(payload: bytes) -> DeviceError:
    """Return the exception that an ERROR reply stands for.

    >>> str(refusal(bytes([4, 7]) + b"gain is 0 to 1"))
    'the board refused SET (RANGE): gain is 0 to 1'
    """
    values = REPLY_TO["ERROR"].unpack(payload)
    names = {message.code: message.name for message in MESSAGES}
    request = names.get(values["request"], f"type 0x{values['request']:02x}")
    known = values["code"] in ErrorCode.__members__.values()
    code = ErrorCode(values["code"]).name if known else f"code {values['code']}"
    text = values["text"] or "it gave no reason"
    mend = f"\nRebuild and upload its firmware; this host speaks version {VERSION} of the protocol."
    return DeviceError(f"the board refused {request} ({code}): {text}{mend if code == ErrorCode.VERSION.name else ''}")
