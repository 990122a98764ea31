"""A board in Python, answering by the table: what sessions are tested against without an emulator."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from nn4mc.errors import LinkError
from nn4mc.hil.frame import Frame, FrameReader, encode_frame
from nn4mc.hil.messages import MESSAGE, REPLY_TO, REQUEST, Words
from nn4mc.hil.protocol import REPLY, VERSION, ErrorCode

NAMES = {message.code: message.name for message in MESSAGE.values()}
HELLO = {
    "build_id": "b" * 16,
    "model_id": "0123456789abcdef",
    "controller": "policy",
    "board": "fake",
    "sensor_len": 13,
    "reference_len": 6,
    "command_len": 4,
    "variable_len": 2,
    "clock_hz": 168_000_000,
    "cycle_source": 0,
    "reset_cause": 1,
    "selftest_error": 0.0,
}


def mean_of_words(words: Words) -> Words:
    """A controller that any change of any input shows in."""
    clean = np.where(np.isfinite(words), words, 0.0)
    return np.full(4, np.clip(np.mean(clean), -1.0, 1.0), np.float32)


@dataclass
class FakeDevice:
    """A link whose other end answers at once; ``tamper`` may change, drop or add to what it sends."""

    controller: Callable[[Words], Words] = mean_of_words
    hello: dict[str, object] = field(default_factory=lambda: dict(HELLO))
    tamper: Callable[[Frame, bytes], bytes] = lambda request, reply: reply
    dies_after: int | None = None
    version: int = VERSION
    steps: int = 0
    seen: list[Frame] = field(default_factory=list)
    closed: int = 0
    values: list[float] = field(default_factory=lambda: [0.5, 2.0])
    lines: list[str] = field(default_factory=lambda: ["started", "ready"])

    def __post_init__(self) -> None:
        self.reader = FrameReader()
        self.out = b""
        self.cache: tuple[int, bytes] | None = None
        self.run_seq: int | None = None
        self.tick = 0

    def write(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            self.seen.append(frame)
            if self.dies_after is not None and len(self.seen) > self.dies_after:
                raise LinkError("the fake board stopped answering: fake was killed by SIGKILL")
            reply = self.answer(frame)
            if reply is not None:
                self.out += self.tamper(frame, encode_frame(reply))

    def read(self, timeout_s: float) -> bytes:
        if not self.out and self.run_seq is not None and timeout_s > 0:
            self.tick += 1
            return encode_frame(Frame(MESSAGE["RUN"].code | REPLY, self.run_seq, self.tick_payload()))
        data, self.out = self.out, b""
        return data

    def close(self) -> None:
        self.closed += 1

    def describe(self) -> str:
        return "the fake board"

    def answer(self, frame: Frame) -> Frame | None:
        name = NAMES.get(frame.type, "")
        if not name or name == "ERROR":
            return self.refuse(frame, ErrorCode.TYPE, "unknown type")
        payload = getattr(self, f"on_{name.lower()}")(frame)
        if isinstance(payload, Frame) or payload is None:
            return payload
        return Frame(frame.type | REPLY, frame.seq, payload, self.version)

    def refuse(self, frame: Frame, code: ErrorCode, text: str) -> Frame:
        payload = REPLY_TO["ERROR"].pack(code=code, request=frame.type, text=text)
        return Frame(MESSAGE["ERROR"].code | REPLY, frame.seq, payload)

    def on_hello(self, frame: Frame) -> bytes:
        return REPLY_TO["HELLO"].pack(**self.hello)

    def on_reset(self, frame: Frame) -> bytes:
        self.cache = None
        self.run_seq = None
        return REPLY_TO["RESET"].pack(status=0)

    def on_step(self, frame: Frame) -> bytes | Frame | None:
        if self.cache is not None and self.cache[0] == frame.seq:
            return self.cache[1]
        if len(frame.payload) != 80:
            return self.refuse(frame, ErrorCode.LENGTH, "19 words expected")
        words = np.frombuffer(frame.payload, "<f4", offset=4)
        self.steps += 1
        status = 0 if np.isfinite(words).all() else -3
        reply = REPLY_TO["STEP"].pack(status=status, mode=status != 0, cycles=1000, command=self.controller(words))
        self.cache = (frame.seq, reply)
        return None if self.run_seq is not None else reply

    def on_run(self, frame: Frame) -> bytes:
        period = REQUEST["RUN"].unpack(frame.payload)["period_us"]
        self.run_seq = frame.seq if period else None
        self.tick = 0
        return self.tick_payload()

    def tick_payload(self) -> bytes:
        seq = self.cache[0] if self.cache else 0
        return REPLY_TO["RUN"].pack(
            status=0, mode=0, step_seq=seq, tick=self.tick, missed=0, cycles=7, command=[0.0] * 4
        )

    def on_stats(self, frame: Frame) -> bytes:
        names = [item.name for item in MESSAGE["STATS"].reply]
        return REPLY_TO["STATS"].pack(**{**dict.fromkeys(names, 0), "steps": self.steps})

    def on_vars(self, frame: Frame) -> bytes | Frame:
        index = frame.payload[0]
        if index >= len(self.values):
            return self.refuse(frame, ErrorCode.RANGE, "no such variable")
        return REPLY_TO["VARS"].pack(
            index=index, value=self.values[index], minimum=0.0, maximum=10.0, unit="m", name=f"clip_{index}"
        )

    def on_set(self, frame: Frame) -> bytes | Frame:
        asked = REQUEST["SET"].unpack(frame.payload)
        if not 0.0 <= asked["value"] <= 10.0:
            return self.refuse(frame, ErrorCode.RANGE, "clip_0 is 0 to 10 m")
        self.values[asked["index"]] = asked["value"]
        return REPLY_TO["SET"].pack(**asked)

    def on_log(self, frame: Frame) -> bytes:
        text = self.lines.pop(0) if self.lines else ""
        return REPLY_TO["LOG"].pack(remaining=len(self.lines), level=0, uptime_ms=5, text=text)
