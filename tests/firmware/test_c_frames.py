"""The C frame parser and encoder, held against the cobs library and zlib."""

import struct
import zlib
from pathlib import Path
from random import Random

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.hil.protocol import MAX_PAYLOAD
from tests.firmware.c_frames import CFrame, CFrames
from tests.firmware.wire import request

PAYLOADS = st.one_of(
    st.binary(max_size=MAX_PAYLOAD),
    st.lists(st.sampled_from([0, 1, 255]), max_size=MAX_PAYLOAD).map(bytes),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> CFrames:
    return CFrames(tmp_path_factory.mktemp("frames"))


@pytest.fixture
def parser(library: CFrames) -> CFrames:
    library.reset()
    return library


def _block(raw: bytes) -> bytes:
    return b"\0" + cobs.encode(raw) + b"\0"


@given(payload=PAYLOADS, kind=st.integers(0, 255), seq=st.integers(0, 0xFFFF))
def test_encoder_writes_what_cobs_and_zlib_write(library: CFrames, payload: bytes, kind: int, seq: int):
    assert library.encode(kind, seq, payload) == request(kind, seq, payload)


@given(payload=PAYLOADS, kind=st.integers(0, 255), seq=st.integers(0, 0xFFFF), version=st.integers(0, 255))
def test_parser_reads_what_cobs_and_zlib_wrote(library: CFrames, payload: bytes, kind: int, seq: int, version: int):
    library.reset()
    assert library.feed(request(kind, seq, payload, version=version)) == [CFrame(version, kind, seq, payload)]


def test_frames_come_whole_however_the_bytes_are_cut(parser: CFrames):
    stream = b"".join(request(3, seq, bytes(range(seq % 50))) for seq in range(200))
    random = Random(1)
    found: list[CFrame] = []
    at = 0
    while at < len(stream):
        size = random.randrange(1, 40)
        found += parser.feed(stream[at : at + size])
        at += size
    assert [frame.seq for frame in found] == list(range(200))


def test_empty_frames_mean_nothing(parser: CFrames):
    assert parser.feed(bytes(1000)) == []
    assert (parser.accepted, parser.crc_errors, parser.framing_errors) == (0, 0, 0)


def test_garbage_before_a_frame_does_not_hide_it(parser: CFrames):
    assert len(parser.feed(b"\x17garbage" + request(1, 5))) == 1
    assert parser.framing_errors == 1


@pytest.mark.parametrize("size", [250, 251, 255, 10_000, 70_000])
def test_flood_is_one_framing_error_and_costs_no_neighbour(parser: CFrames, size: int):
    assert len(parser.feed(request(1, 1) + b"\xff" * size + request(1, 2))) == 2
    assert (parser.accepted, parser.framing_errors) == (2, 1)


def test_payload_over_the_maximum_is_refused(parser: CFrames):
    raw = bytes(4) + b"\x01" * (MAX_PAYLOAD + 1)
    assert parser.feed(_block(raw + struct.pack("<I", zlib.crc32(raw)))) == []
    assert parser.framing_errors == 1


def test_frame_without_room_for_header_and_checksum_is_a_framing_error(parser: CFrames):
    raw = b"\x01\x02\x03"
    assert parser.feed(_block(raw + struct.pack("<I", zlib.crc32(raw)))) == []
    assert parser.framing_errors == 1


def test_every_single_bit_flip_is_refused_and_spares_the_neighbours(parser: CFrames):
    whole = request(3, 7, b"\x00\x01\xff\x80\x00\x00\x41")
    for bit in range(8, 8 * (len(whole) - 1)):  # the zeros at both ends belong to the neighbours as much
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        found = parser.feed(request(1, 1) + bytes(damaged) + request(1, 2))
        assert [frame.seq for frame in found] == [1, 2]


def test_every_truncation_is_refused_and_spares_the_neighbours(parser: CFrames):
    whole = request(3, 7, b"\x00\x01\xff\x80\x00\x00\x41")
    for size in range(1, len(whole) - 1):
        found = parser.feed(request(1, 1) + whole[:size] + request(1, 2))
        assert [frame.seq for frame in found] == [1, 2]


def test_random_bytes_are_never_a_frame(parser: CFrames):
    assert parser.feed(Random(2).randbytes(1_000_000)) == []
    assert parser.crc_errors > 0


def test_parser_writes_nothing_outside_its_struct(tmp_path: Path):
    """The same floods under AddressSanitizer, in a program of their own."""
    import subprocess

    from tests.firmware.c_library import INCLUDES, LIB_HIL, WARNINGS

    source = tmp_path / "flood.c"
    source.write_text(
        '#include "hil_frame.h"\n#include <stdlib.h>\n'
        "int main(void)\n{\n"
        "    hil_parser_t *parser = malloc(sizeof *parser);\n"
        "    uint32_t word = 1;\n"
        "    hil_parser_init(parser);\n"
        "    for (long i = 0; i < 3000000; i++) {\n"
        "        hil_frame_t frame;\n"
        "        word = word * 1664525u + 1013904223u;\n"
        "        const uint8_t byte = (uint8_t)(word >> 24);\n"
        "        (void)hil_parser_byte(parser, i % 2000 < 1000 && byte == 0 ? 1 : byte, &frame);\n"
        "    }\n"
        "    free(parser);\n"
        "    return 0;\n}\n"
    )
    program = tmp_path / "flood"
    sources = [source, LIB_HIL / "hil_frame.c", LIB_HIL / "hil_crc32.c"]
    flags = ["-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *WARNINGS]
    subprocess.run(["gcc", *flags, *INCLUDES, *map(str, sources), "-o", str(program)], check=True)
    subprocess.run([str(program)], check=True)
