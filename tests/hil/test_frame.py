"""Frames: what is sent arrives, and nothing else does."""

import zlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.errors import LinkError
from nn4mc.hil.frame import MAX_ENCODED, Frame, FrameReader, encode_frame
from nn4mc.hil.protocol import MAX_PAYLOAD
from tests.firmware.c_frames import CFrames
from tests.hil.damaged_frames import CASES, cases, random_frame

FRAMES = st.builds(
    Frame,
    type=st.integers(0, 255),
    seq=st.integers(0, 65535),
    payload=st.binary(max_size=MAX_PAYLOAD),
    version=st.integers(0, 255),
)


def test_bytes_of_a_frame_are_those_of_the_manual() -> None:
    body = bytes([2, 3, 0x34, 0x12]) + b"ab"
    assert encode_frame(Frame(3, 0x1234, b"ab")) == (
        b"\0" + cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    )


@given(st.lists(FRAMES, max_size=5), st.randoms(use_true_random=False))
def test_frames_arrive_as_sent_in_pieces_of_any_size(frames: list[Frame], random: Random) -> None:
    stream = b"".join(map(encode_frame, frames))
    reader = FrameReader()
    arrived: list[Frame] = []
    while stream:
        size = random.randint(1, 40)
        arrived += reader.feed(stream[:size])
        stream = stream[size:]
    assert arrived == frames
    assert (reader.frames, reader.crc_errors, reader.framing_errors) == (len(frames), 0, 0)


@given(st.lists(st.binary(max_size=600), max_size=8))
def test_any_bytes_are_survived_and_a_good_frame_behind_them_arrives(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        reader.feed(piece)
    assert reader.feed(encode_frame(Frame(1, 7, b"x")))[-1] == Frame(1, 7, b"x")


@pytest.mark.parametrize("length", [0, 1, MAX_PAYLOAD - 1, MAX_PAYLOAD])
@pytest.mark.parametrize("byte", [b"\0", b"\1", b"\xff"])
def test_longest_and_shortest_frames_of_one_byte(length: int, byte: bytes) -> None:
    frame = Frame(3, 0, byte * length)
    encoded = encode_frame(frame)
    assert len(encoded) <= MAX_ENCODED + 2
    assert FrameReader().feed(encoded) == [frame]


def test_a_payload_that_does_not_fit_is_refused() -> None:
    with pytest.raises(LinkError, match="241 bytes"):
        encode_frame(Frame(3, 0, bytes(241)))


def test_a_wrong_checksum_and_a_wrong_encoding_are_counted_apart() -> None:
    reader = FrameReader()
    good = bytearray(encode_frame(Frame(1, 1, b"abc")))
    good[7] ^= 0x40
    reader.feed(bytes(good))
    assert (reader.crc_errors, reader.framing_errors) == (1, 0)
    reader.feed(b"\0\x05ab\0" + b"\0" + b"\x01" * 3 + b"\0" + b"\0" + b"\x07" * 300 + b"\0")
    assert (reader.crc_errors, reader.framing_errors) == (1, 3)


def test_empty_frames_count_as_nothing() -> None:
    reader = FrameReader()
    assert reader.feed(bytes(1000)) == []
    assert (reader.frames, reader.crc_errors, reader.framing_errors) == (0, 0, 0)


def test_a_flood_without_delimiter_is_not_kept() -> None:
    reader = FrameReader()
    for _ in range(1000):
        reader.feed(b"\x55" * 1000)
        assert len(reader._tail) <= MAX_ENCODED
    assert reader.feed(encode_frame(Frame(1, 1, b""))) == [Frame(1, 1, b"")]
    assert reader.framing_errors == 1


def test_no_damaged_frame_is_accepted_and_no_neighbour_is_lost() -> None:
    reader = FrameReader()
    kinds: Counter[str] = Counter()
    accepted = lost = 0
    for case in cases():
        arrived = reader.feed(case.stream)
        kinds[case.kind] += 1
        lost += (case.before not in arrived[:1]) + (case.after not in arrived[-1:])
        accepted += len(arrived) - 2
    assert (accepted, lost) == (0, 0)
    assert sum(kinds.values()) == CASES and len(kinds) == 8
    assert reader.crc_errors > 1000 and reader.framing_errors > 1000


def test_the_c_parser_and_ours_agree_on_every_damaged_stream(tmp_path: Path) -> None:
    ours, theirs = FrameReader(), CFrames(tmp_path, sanitize=False)
    for case in cases():
        stream = case.stream
        accepted = [(frame.version, frame.type, frame.seq, frame.payload) for frame in ours.feed(stream)]
        assert [(frame.version, frame.type, frame.seq, frame.payload) for frame in theirs.feed(stream)] == accepted
        assert len(accepted) == 2
    assert (theirs.accepted, theirs.crc_errors, theirs.framing_errors) == (
        ours.frames,
        ours.crc_errors,
        ours.framing_errors,
    )


def test_the_c_encoder_and_ours_write_the_same_bytes(tmp_path: Path) -> None:
    theirs = CFrames(tmp_path)
    random = Random(7)
    for _ in range(1000):
        frame = random_frame(random)
        assert theirs.encode(frame.type, frame.seq, frame.payload) == encode_frame(frame)


def test_the_same_seed_makes_the_same_damage() -> None:
    assert [case.stream for case in cases(50)] == [case.stream for case in cases(50)]
    assert random_frame(Random(1)) == random_frame(Random(1))
