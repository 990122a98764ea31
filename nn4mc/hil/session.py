"""A session with a board: requests and their replies by sequence number, sent again when one gets lost."""

import struct
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np

from nn4mc.errors import ConfigError, DeviceError, LinkError
from nn4mc.hil.frame import Frame, FrameReader, encode_frame
from nn4mc.hil.handshake import Expected, check_hello
from nn4mc.hil.link import Link
from nn4mc.hil.messages import (
    MESSAGE,
    REQUEST,
    BenchReply,
    DeviceStats,
    Hello,
    LogLine,
    RunReply,
    StepReply,
    Timing,
    Variable,
    Words,
    refusal,
    unpack_reply,
)
from nn4mc.hil.protocol import REPLY, VERSION, Mode

_ERROR = MESSAGE["ERROR"].code | REPLY
_STEP = MESSAGE["STEP"].code
_RUN_REPLY = MESSAGE["RUN"].code | REPLY
_STEP_REQUEST = struct.Struct("<I")
_STEP_REPLY = struct.Struct("<bBI")
_MODES = tuple(Mode)


@dataclass(frozen=True)
class Patience:
    """How long to wait for a reply: the first wait, doubled at each retry up to the longest, and how often.

    With these numbers a board that falls silent is given up after 4.7 s.
    """

    first_s: float = 0.1
    longest_s: float = 0.8
    attempts: int = 8

    def waits_s(self) -> Iterator[float]:
        """Yield the wait of each attempt in s."""
        for attempt in range(self.attempts):
            yield min(self.first_s * 2.0**attempt, self.longest_s)


@dataclass
class LinkCounters:
    """What the session's end of the link has seen; times are wall-clock seconds inside `step`."""

    frames: int = 0
    retries: int = 0
    steps: int = 0
    step_s: float = 0.0


@dataclass
class Session:
    """One board behind one link; use it as a context manager, or call ``close()``."""

    link: Link
    patience: Patience = field(default_factory=Patience)
    counters: LinkCounters = field(default_factory=LinkCounters)
    reader: FrameReader = field(default_factory=FrameReader)
    _seq: int = 0
    _arrived: deque[Frame] = field(default_factory=deque)
    _command_len: int | None = None

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the link."""
        self.close()

    def close(self) -> None:
        """Close the link; an emulator ends."""
        self.link.close()

    def connect(self, expected: Expected) -> Hello:
        """Ask who is there, refuse another model or a failed self-test with DeviceError, and reset."""
        self.synchronise()
        hello = self.hello()
        check_hello(hello, expected, self.link.describe())
        self.reset()
        return hello

    def synchronise(self) -> None:
        """Throw away what a former session left on the line."""
        while self.link.read(0.0):
            pass
        self.reader.clear()
        self._arrived.clear()

    def hello(self) -> Hello:
        """Return who the board says it is."""
        hello = Hello(**self._ask("HELLO"))
        self._command_len = hello.command_len
        return hello

    def reset(self) -> None:
        """Stop streaming and clear the controller's state; its variables keep their values."""
        status = self._ask("RESET")["status"]
        if status != 0:
            raise DeviceError(f"{self.link.describe()}: RESET ended with status {status}, expected 0.")

    def step(self, words: Words, time_us: int = 0) -> StepReply:
        """Run one step on float32 ``words`` (sensors, then reference); sent again until it is answered.

        ``time_us``, modulo 2^32, is when the sensors were read, for a controller that keeps time.
        """
        began = time.perf_counter()
        payload = self._request(_STEP, _pack_step(words, time_us))
        self.counters.step_s += time.perf_counter() - began
        self.counters.steps += 1
        return self._unpack_step(payload)

    def stats(self) -> DeviceStats:
        """Return the board's counters."""
        return DeviceStats(**self._ask("STATS"))

    def timing(self) -> Timing:
        """Return how the controller was called since the last reset; DeviceError for one that keeps no time."""
        return Timing(**self._ask("TIMING"))

    def variables(self) -> tuple[Variable, ...]:
        """Return every variable of the controller, in the order of its indices."""
        count = self.hello().variable_len
        return tuple(Variable(**self._ask("VARS", index=index)) for index in range(count))

    def set(self, index: int, value: float) -> float:
        """Set a variable and return the value in force; DeviceError when it is out of range."""
        reply = self._ask("SET", index=index, value=value)
        if reply["index"] != index:
            raise LinkError(f"{self.link.describe()}: SET of variable {index} was answered for {reply['index']}.")
        return float(reply["value"])

    def log(self) -> Iterator[LogLine]:
        """Yield the log lines that wait on the board, oldest first."""
        while True:
            line = LogLine(**self._ask("LOG"))
            if not line.text:
                return
            yield line
            if line.remaining == 0:
                return

    def bench(self) -> Iterator[BenchReply]:
        """Yield the kernels that the board has, each timed; DeviceError where it has none, or counts no cycles."""
        index, count = 0, 1
        while index < count:
            reply = BenchReply(**self._ask("BENCH", index=index))
            yield reply
            index, count = index + 1, reply.bench_len

    def run(self, period_us: int, words: Words) -> Iterator[RunReply]:
        """Stream: yield one reply a period, the acknowledgement first, until the iterator is closed.

        ``words`` go out as soon as RUN is acknowledged; send newer ones with `feed`. LinkError when a reply is late
        by more than the longest wait of `patience`.
        """
        seq = self._next_seq()
        payload = self._exchange(MESSAGE["RUN"].code, seq, REQUEST["RUN"].pack(period_us=period_us))
        alive = True
        try:
            self.feed(words)
            yield RunReply(**unpack_reply("RUN", payload))
            while True:
                yield self._next_tick(seq, period_us)
        except LinkError:
            alive = False
            raise
        finally:
            if alive:
                self._ask("RUN", period_us=0)

    def feed(self, words: Words) -> int:
        """Send the newest sensors while streaming and return their sequence number; nothing answers.

        The device steps by its own clock, so that there is no time to send.
        """
        seq = self._next_seq()
        self._send(Frame(_STEP, seq, _pack_step(words, 0)))
        return seq

    def _next_tick(self, seq: int, period_us: int) -> RunReply:
        wait_s = period_us / 1e6 + self.patience.longest_s
        deadline = time.monotonic() + wait_s
        while (frame := self._receive(deadline)) is not None:
            if frame.type == _RUN_REPLY and frame.seq == seq:
                return RunReply(**unpack_reply("RUN", frame.payload))
        raise LinkError(f"{self.link.describe()}: no reply for {wait_s:.1f} s while streaming.")

    def _ask(self, name: str, **values: Any) -> dict[str, Any]:
        return unpack_reply(name, self._request(MESSAGE[name].code, REQUEST[name].pack(**values)))

    def _request(self, code: int, payload: bytes) -> bytes:
        return self._exchange(code, self._next_seq(), payload)

    def _exchange(self, code: int, seq: int, payload: bytes) -> bytes:
        """Send a request until its reply comes; the sequence number stays, so that STEP is done once."""
        request = Frame(code, seq, payload)
        for attempt, wait_s in enumerate(self.patience.waits_s()):
            self.counters.retries += attempt > 0
            self._send(request)
            deadline = time.monotonic() + wait_s
            while (frame := self._receive(deadline)) is not None:
                if frame.seq == seq and frame.type in (code | REPLY, _ERROR):
                    return self._accept(frame)
        name = next(message.name for message in MESSAGE.values() if message.code == code)
        raise LinkError(
            f"{self.link.describe()} did not answer {name}, sent {self.patience.attempts} times "
            f"({self.reader.frames} good and {self._damaged()} damaged frames came).\n"
            "Does the board run nn4mc firmware, at this baud rate?"
        )

    def _accept(self, frame: Frame) -> bytes:
        """Return the payload of our reply; an ERROR, or a reply of another version, is raised."""
        if frame.type == _ERROR and frame.version == VERSION:
            raise refusal(frame.payload)
        if frame.version != VERSION:
            raise DeviceError(
                f"{self.link.describe()} speaks version {frame.version} of the protocol, we {VERSION}: "
                "rebuild and upload its firmware."
            )
        return frame.payload

    def _send(self, frame: Frame) -> None:
        self.link.write(encode_frame(frame))
        self.counters.frames += 1

    def _receive(self, deadline: float) -> Frame | None:
        """Return the next good frame, None when none came before ``deadline``."""
        while not self._arrived:
            left_s = deadline - time.monotonic()
            if left_s <= 0.0:
                return None
            self._arrived.extend(self.reader.feed(self.link.read(left_s)))
        return self._arrived.popleft()

    def _unpack_step(self, payload: bytes) -> StepReply:
        if len(payload) < _STEP_REPLY.size or (len(payload) - _STEP_REPLY.size) % 4:
            unpack_reply("STEP", payload)  # raises with the table's words
        status, mode, cycles = _STEP_REPLY.unpack_from(payload)
        command = np.frombuffer(payload, "<f4", offset=_STEP_REPLY.size)
        if mode >= len(_MODES) or command.size != self._command_len:
            raise LinkError(
                f"{self.link.describe()}: a reply to STEP with mode {mode} and {command.size} command words, "
                f"expected a mode below {len(_MODES)} and {self._command_len} words. Rebuild the firmware."
            )
        return StepReply(status, _MODES[mode], cycles, command)

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) & 0xFFFF
        return self._seq

    def _damaged(self) -> int:
        return self.reader.crc_errors + self.reader.framing_errors


def _pack_step(words: Words, time_us: int) -> bytes:
    return _STEP_REQUEST.pack(time_us) + np.asarray(words, "<f4").tobytes()


def set_variables(session: Session, values: Mapping[str, float]) -> None:
    """Set variables by name; ConfigError names one the controller does not have, DeviceError a bad value."""
    known = {variable.name: variable for variable in session.variables()}
    unknown = values.keys() - known.keys()
    if unknown:
        raise ConfigError(f"the controller has no variable {sorted(unknown)}. It has: {', '.join(known)}.")
    for name, value in values.items():
        session.set(known[name].index, value)
