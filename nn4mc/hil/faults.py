"""Faults on purpose, repeatable by their seed: a noisy line around any link, sensors that read NaN or Inf."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

import numpy as np

from nn4mc.errors import ConfigError
from nn4mc.hil.frame import MAX_ENCODED
from nn4mc.hil.link import Link
from nn4mc.hil.messages import Words

_NOT_NUMBERS = np.array([0x7FC00000, 0xFFC00001, 0x7F800001, 0x7F800000, 0xFF800000], dtype=np.uint32)
"""Quiet, negative and signalling NaN, +Inf, -Inf."""


def _flip(frame: bytes, random: Random) -> bytes:
    """Flip one to three bits."""
    damaged = bytearray(frame)
    for _ in range(random.randint(1, 3)):
        damaged[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _burst(frame: bytes, random: Random) -> bytes:
    """Overwrite a run of bytes with noise."""
    start, end = _run(frame, random)
    return frame[:start] + random.randbytes(end - start) + frame[end:]


def _drop(frame: bytes, random: Random) -> bytes:
    """Lose a run of bytes, at times all of them."""
    start, end = _run(frame, random)
    return frame[:start] + frame[end:]


def _duplicate(frame: bytes, random: Random) -> bytes:
    """Deliver a run of bytes twice, at times the whole frame."""
    if random.random() < 0.25:
        return frame + frame
    start, end = _run(frame, random)
    return frame[:end] + frame[start:]


def _insert(frame: bytes, random: Random) -> bytes:
    """Put up to eight bytes of noise in."""
    where = random.randrange(len(frame) + 1)
    return frame[:where] + random.randbytes(random.randint(1, 8)) + frame[where:]


def _truncate(frame: bytes, random: Random) -> bytes:
    """Lose the end."""
    return frame[: random.randrange(len(frame))]


def _zero(frame: bytes, random: Random) -> bytes:
    """Turn a run of bytes into delimiters."""
    start, end = _run(frame, random)
    return frame[:start] + bytes(end - start) + frame[end:]


def _flood(frame: bytes, random: Random) -> bytes:
    """Put more noise in than any frame is long."""
    where = random.randrange(len(frame) + 1)
    noise = random.randbytes(random.randint(MAX_ENCODED, 4 * MAX_ENCODED))
    if random.random() < 0.5:
        noise = noise.replace(b"\0", b"\1")
    return frame[:where] + noise + frame[where:]


def _run(frame: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(frame))
    return start, random.randint(start + 1, len(frame))


DAMAGE: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "flip": _flip,
    "burst": _burst,
    "drop": _drop,
    "duplicate": _duplicate,
    "insert": _insert,
    "truncate": _truncate,
    "zero": _zero,
    "flood": _flood,
}
"""Every way to damage the bytes of one frame, its delimiters included; the outcome may equal the frame."""

FAULTS = (*DAMAGE, "damage", "delay", "nan")
"""Every fault by name: those of one frame, any of them, a late frame, a sensor word that is NaN or Inf."""


@dataclass(frozen=True)
class FaultSpec:
    """What goes wrong how often: probabilities a frame, in each direction, ``nan`` a step.

    ``damage`` picks one of all kinds; ``delay`` makes a frame late by ``delay_ms``, never out of order.
    """

    probability: Mapping[str, float] = field(default_factory=dict)
    delay_ms: float = 20.0
    seed: int = 0
    text: str = ""

    def __bool__(self) -> bool:
        """Tell whether anything can go wrong at all."""
        return any(self.probability.values())


def parse_faults(text: str | None) -> FaultSpec:
    """Read ``name=value`` pairs parted by commas; ConfigError lists the known names.

    >>> parse_faults("damage=0.01,seed=3").probability
    {'damage': 0.01}
    """
    probability: dict[str, float] = {}
    options = {"delay_ms": 20.0, "seed": 0.0}
    seen: set[str] = set()
    for part in (text or "").split(",") if text else ():
        name, equals, value = (word.strip() for word in part.partition("="))
        if name not in (*FAULTS, *options) or not equals:
            raise ConfigError(
                f"--faults {text!r}: {part!r} is no known fault=value.\n"
                f"Probabilities a frame: {', '.join(FAULTS)}; options: {', '.join(options)}."
            )
        if name in seen:
            raise ConfigError(f"--faults {text!r}: {name} is given twice.")
        seen.add(name)
        if name in options:
            options[name] = _number(text, name, value, 2**31 if name == "seed" else 1000.0)
        else:
            probability[name] = _number(text, name, value, 1.0)
    if options["seed"] != int(options["seed"]):
        raise ConfigError(f"--faults {text!r}: seed is a whole number.")
    return FaultSpec(probability, options["delay_ms"], int(options["seed"]), text or "")


def _number(text: str | None, name: str, value: str, maximum: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not 0.0 <= number <= maximum:
        raise ConfigError(f"--faults {text!r}: {name} is a number from 0 to {maximum:g}, not {value!r}.")
    return number


class FaultyLink:
    """A link whose frames are damaged, lost, repeated or late in both directions; `counts` says how many."""

    def __init__(self, link: Link, spec: FaultSpec, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wrap ``link``; the k-th frame of a direction meets the same fate for the same ``spec.seed``."""
        self.counts: Counter[str] = Counter()
        self._link = link
        self._spec = spec
        self._sleep = sleep
        self._to_device = Random(f"{spec.seed} to device")
        self._to_host = Random(f"{spec.seed} to host")
        self._arriving = b""

    def write(self, data: bytes) -> None:
        """Send one frame, or what is left of it."""
        damaged = self._disturb(data, self._to_device)
        if damaged:
            self._link.write(damaged)

    def read(self, timeout_s: float) -> bytes:
        """Return disturbed frames; a frame that is still arriving is kept back."""
        deadline = time.monotonic() + timeout_s
        while True:
            data = self._link.read(max(0.0, deadline - time.monotonic()))
            disturbed = b"".join(self._disturb(frame, self._to_host) for frame in self._split(data))
            if disturbed or time.monotonic() >= deadline:
                return disturbed

    def close(self) -> None:
        """Close the link underneath."""
        self._link.close()

    def describe(self) -> str:
        """Name the other end and the faults."""
        return f"{self._link.describe()} with faults {self._spec.text}"

    def _split(self, data: bytes) -> list[bytes]:
        """Cut the stream behind each closing delimiter: one non-empty run and the zeros around it."""
        self._arriving += data
        frames = []
        while (start := _first_nonzero(self._arriving)) is not None:
            end = self._arriving.find(b"\0", start)
            if end < 0:
                break
            frames.append(self._arriving[: end + 1])
            self._arriving = self._arriving[end + 1 :]
        return frames

    def _disturb(self, frame: bytes, random: Random) -> bytes:
        for name, probability in self._spec.probability.items():
            if name == "nan" or random.random() >= probability:
                continue
            self.counts[name] += 1
            if name == "delay":
                self._sleep(self._spec.delay_ms / 1000.0)
            elif frame:
                kind = random.choice(tuple(DAMAGE)) if name == "damage" else name
                frame = DAMAGE[kind](frame, random)
        return frame


def _first_nonzero(data: bytes) -> int | None:
    rest = len(data.lstrip(b"\0"))
    return len(data) - rest if rest else None


class SensorFaults:
    """Sensors that at times read NaN or Inf, before they are sent: device and twin see the same words."""

    def __init__(self, spec: FaultSpec) -> None:
        """Prepare the draws; the k-th step has the same faults for the same ``spec.seed``."""
        self.count = 0
        self._probability = spec.probability.get("nan", 0.0)
        self._random = np.random.default_rng([spec.seed, 0x6E616E])

    def disturb(self, sensors: Words) -> Words:
        """Return ``sensors`` (float32), with one word NaN or Inf at the stated probability."""
        if self._probability == 0.0 or self._random.random() >= self._probability:
            return sensors
        self.count += 1
        words = sensors.copy()
        where = self._random.integers(words.size)
        words.view(np.uint32)[where] = self._random.choice(_NOT_NUMBERS)
        return words
