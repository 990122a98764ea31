"""The wire protocol as one table: every message, every field, every code.

The C header (firmware/lib/hil/src/hil_protocol.h) and docs/protocol.md are generated from it, so that host,
firmware and manual cannot disagree. A frame is ``00 | COBS(version u8, type u8, seq u16, payload, crc32) | 00``,
little-endian, CRC-32 as zlib's over everything before it. The host asks, the device answers with the request's
sequence number and its type with bit 7 set.
"""

from dataclasses import dataclass
from enum import IntEnum

VERSION = 2
MAX_PAYLOAD = 240
MIN_PERIOD_US = 500
MAX_PERIOD_US = 1_000_000
"""Bounds of RUN's period_us, in microseconds."""
REPLY = 0x80
"""Bit that turns a request's type into that of its reply."""


@dataclass(frozen=True)
class Field:
    """One field of a payload: ``kind`` is u8 i8 u16 u32 f32, ``floats`` (f32, to the end), ``char[N]`` or ``text``.

    ``char[N]`` is ASCII, padded with NUL; ``floats`` and ``text`` fill the rest of the payload and come last.
    """

    name: str
    kind: str
    about: str


@dataclass(frozen=True)
class Message:
    """A request and its reply: an empty tuple is an empty payload."""

    name: str
    code: int
    about: str
    request: tuple[Field, ...]
    reply: tuple[Field, ...]


class ErrorCode(IntEnum):
    """Why a device answered ERROR."""

    VERSION = 1
    TYPE = 2
    LENGTH = 3
    RANGE = 4
    STALE = 5
    SELFTEST = 6
    BUSY = 7


class Mode(IntEnum):
    """What the last command is: a fresh one, the last good one held, or on the way to the safe one."""

    TRACKING = 0
    HOLDING = 1
    SAFE = 2


class CycleSource(IntEnum):
    """What counted the cycles of a STEP: nothing on this board, or the core's DWT cycle counter."""

    NONE = 0
    DWT = 1


class ResetCause(IntEnum):
    """Why the device last started."""

    UNKNOWN = 0
    POWER_ON = 1
    PIN = 2
    SOFTWARE = 3
    WATCHDOG = 4
    BROWN_OUT = 5


class LogLevel(IntEnum):
    """How serious a log line is."""

    INFO = 0
    WARNING = 1
    ERROR = 2


MESSAGES = (
    Message(
        "HELLO",
        0x01,
        "Who are you? Sent once on connect, before RESET.",
        (),
        (
            Field("build_id", "char[16]", "first 16 hex digits of the sha256 over firmware sources and flags"),
            Field(
                "model_id", "char[16]", "identity of the controller: of a policy as it is, NAME_MODEL_ID of its network"
            ),
            Field("controller", "char[16]", "kind of controller: policy, nmpc, pid"),
            Field("board", "char[16]", "name of the board"),
            Field("sensor_len", "u8", "float words a STEP brings as sensors"),
            Field("reference_len", "u8", "float words a STEP brings as reference, after the sensors"),
            Field("command_len", "u8", "float words a STEP answers with"),
            Field("variable_len", "u8", "number of variables VARS and SET know"),
            Field("clock_hz", "u32", "core clock; 0 where the board has none"),
            Field("cycle_source", "u8", "CycleSource: what counts `cycles` in STEP"),
            Field("reset_cause", "u8", "ResetCause: why the device last started"),
            Field(
                "selftest_error", "f32", "largest error of the golden vectors; beyond the model's limit STEP is refused"
            ),
        ),
    ),
    Message(
        "RESET",
        0x02,
        "Stop RUN, clear the controller's state and the STEP cache; variables keep their values.",
        (),
        (Field("status", "i8", "0"),),
    ),
    Message(
        "STEP",
        0x03,
        "One step of the controller. Idempotent: a repeated sequence number gets the same answer again.",
        (
            Field("time_us", "u32", "when the sensors were read, modulo 2^32; only a controller that keeps time looks"),
            Field("words", "floats", "sensor_len sensors, then reference_len references"),
        ),
        (
            Field("status", "i8", "nn4mc_status_t: 0, positive for a warning, negative for why the step was bad"),
            Field("mode", "u8", "Mode of the command"),
            Field("cycles", "u32", "what the controller took, in clocks of cycle_source; 0 where nothing counts"),
            Field("command", "floats", "command_len words, finite and within their limits whatever came in"),
        ),
    ),
    Message(
        "RUN",
        0x04,
        "Stream: step every period on the newest sensors, sent as STEP and not answered; a reply each period.",
        (Field("period_us", "u32", "period of the control loop, 500 to 1,000,000 us; 0 stops"),),
        (
            Field("status", "i8", "as in STEP"),
            Field("mode", "u8", "as in STEP"),
            Field("step_seq", "u16", "sequence number of the STEP whose sensors were used"),
            Field("tick", "u32", "periods since RUN began; 0 is the acknowledgement of RUN itself"),
            Field("missed", "u32", "periods that began before the step of the one before had ended"),
            Field("cycles", "u32", "as in STEP"),
            Field("command", "floats", "as in STEP"),
        ),
    ),
    Message(
        "STATS",
        0x05,
        "Counters since the device started.",
        (),
        (
            Field("steps", "u32", "controller steps"),
            Field("bad_steps", "u32", "steps that ended in a negative status"),
            Field("frames", "u32", "frames accepted"),
            Field("crc_errors", "u32", "frames dropped for their checksum"),
            Field("framing_errors", "u32", "frames dropped for their length or their encoding"),
            Field("repeated", "u32", "STEPs answered from the cache"),
            Field("stale", "u32", "STEPs older than the newest one, refused"),
            Field("rx_overruns", "u32", "bytes lost because the receive ring was full"),
            Field("missed", "u32", "deadline misses of RUN"),
            Field("max_cycles", "u32", "largest `cycles` of any step"),
            Field("uptime_ms", "u32", "time since start"),
            Field("stack_free", "u32", "bytes of stack never touched; 0 where it is not known"),
            Field("link_stage", "u8", "link watchdog of the output pins: 0 fresh, 1 holding, 2 safe"),
            Field("link_trips", "u32", "times the link watchdog reached the safe stage"),
        ),
    ),
    Message(
        "VARS",
        0x06,
        "Describe one variable of the controller.",
        (Field("index", "u8", "0 to variable_len - 1"),),
        (
            Field("index", "u8", "as asked"),
            Field("value", "f32", "value in force"),
            Field("minimum", "f32", "smallest value SET takes"),
            Field("maximum", "f32", "largest value SET takes"),
            Field("unit", "char[8]", "unit, empty for none"),
            Field("name", "text", "name"),
        ),
    ),
    Message(
        "SET",
        0x07,
        "Set one variable; outside its range the answer is ERROR RANGE and nothing changes.",
        (Field("index", "u8", "0 to variable_len - 1"), Field("value", "f32", "new value")),
        (Field("index", "u8", "as asked"), Field("value", "f32", "value now in force")),
    ),
    Message(
        "LOG",
        0x08,
        "The oldest log line not yet read.",
        (),
        (
            Field("remaining", "u8", "lines still waiting behind this one"),
            Field("level", "u8", "LogLevel"),
            Field("uptime_ms", "u32", "when it was written; 0 with an empty text: nothing waits"),
            Field("text", "text", "the line"),
        ),
    ),
    Message(
        "BENCH",
        0x09,
        "Time one small kernel. TYPE where the firmware has none or nothing counts cycles, BUSY while RUN goes on.",
        (Field("index", "u8", "0 to bench_len - 1"),),
        (
            Field("index", "u8", "as asked"),
            Field("bench_len", "u8", "number of kernels that BENCH knows"),
            Field("operations", "u32", "multiply-accumulates, elements or instructions in `cycles`"),
            Field("cycles", "u32", "fewest core clocks of five runs, without those of an empty function"),
            Field("first_cycles", "u32", "those of the first of the five"),
            Field("digest", "u32", "of the words it computed; 0 where it computes none"),
            Field("name", "text", "name"),
        ),
    ),
    Message(
        "TIMING",
        0x0A,
        "How a controller that keeps time was called since RESET. TYPE where the controller keeps none.",
        (),
        (
            Field("calls", "u32", "calls of the controller"),
            Field("native_steps", "u32", "calls that advanced the policy's state"),
            Field("missed", "u32", "native steps that were due while no call came"),
            Field("restarts", "u32", "times the policy started afresh after a gap"),
            Field("steps_back", "u32", "times the clock was set back"),
            Field(
                "mean_us",
                "f32",
                "mean interval between calls, of the last full hundred as all below; 0 before there is one",
            ),
            Field("variance_us2", "f32", "variance of the intervals; its root is the jitter"),
            Field("shortest_us", "u32", "shortest interval"),
            Field("longest_us", "u32", "longest interval"),
        ),
    ),
    Message(
        "ERROR",
        0x7F,
        "Only ever a reply (0xFF): the request was understood as a frame and refused.",
        (),
        (
            Field("code", "u8", "ErrorCode"),
            Field("request", "u8", "type that was refused"),
            Field("text", "text", "what was wrong"),
        ),
    ),
)
