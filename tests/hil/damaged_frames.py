"""Damaged frames between good neighbours, the same for the same seed; shared by the tests of both parsers."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from nn4mc.hil.faults import DAMAGE
from nn4mc.hil.frame import Frame, encode_frame
from nn4mc.hil.protocol import MAX_PAYLOAD, MESSAGES, REPLY

CASES = 60_000


@dataclass(frozen=True)
class Case:
    """One stream: a good frame, a damaged one, another good one."""

    kind: str
    before: Frame
    original: Frame
    damaged: bytes
    after: Frame

    @property
    def stream(self) -> bytes:
        return encode_frame(self.before) + self.damaged + encode_frame(self.after)


def random_frame(random: Random) -> Frame:
    """Any type and sequence number; payloads of all lengths, many of them short, some full of zeros."""
    code = random.choice(MESSAGES).code | random.choice((0, REPLY))
    length = random.choice((0, random.randint(0, 100), random.randint(0, MAX_PAYLOAD), MAX_PAYLOAD))
    payload = bytes(length) if random.random() < 0.1 else random.randbytes(length)
    return Frame(code, random.randrange(65536), payload)


def cases(count: int = CASES, seed: int = 2) -> Iterator[Case]:
    """Yield ``count`` cases, every kind equally often; each differs from its original between delimiters."""
    random = Random(seed)
    kinds = tuple(DAMAGE)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        original = random_frame(random)
        sent = encode_frame(original)
        damaged = sent
        while sent.strip(b"\0") in damaged.split(b"\0"):
            damaged = DAMAGE[kind](sent, random)
        yield Case(kind, random_frame(random), original, damaged, random_frame(random))
