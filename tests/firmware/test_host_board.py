"""The host build of the firmware, as a process: pipes in, pipes out."""

import struct
import subprocess
from collections.abc import Iterator

import pytest

from nn4mc.build.platformio import Firmware, build_firmware
from nn4mc.hil.protocol import CycleSource
from tests.firmware.c_library import TEST_CONTROLLER
from tests.firmware.wire import Reply, replies, request


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return build_firmware("host", TEST_CONTROLLER, tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def process(firmware: Firmware) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([firmware.elf], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as board:
        yield board
        board.kill()


def session(firmware: Firmware, *requests: bytes) -> list[Reply]:
    """Send requests, close the line, and return every answer."""
    done = subprocess.run([firmware.elf], input=b"".join(requests), stdout=subprocess.PIPE, check=True, timeout=20)
    return replies(done.stdout)


def test_every_request_is_answered_before_the_program_ends_with_its_line(firmware: Firmware):
    steps = [request("STEP", seq, struct.pack("<I5f", 0, 0.25, 0.0, 0.5, 0.5, 0.5)) for seq in range(2000)]
    answers = session(firmware, request("HELLO", 1), request("RESET", 2), *steps, request("STATS", 3))
    assert [answer.name for answer in answers] == ["HELLO", "RESET", *["STEP"] * 2000, "STATS"]
    assert answers[2]["command"] == (0.375, -0.25)
    assert answers[-1]["steps"] == 2000


def test_hello_names_the_build_and_claims_no_clock(firmware: Firmware):
    (hello,) = session(firmware, request("HELLO", 1))
    assert (hello["board"], hello["build_id"]) == ("host", firmware.build_id)
    assert (hello["clock_hz"], hello["cycle_source"], hello["selftest_error"]) == (0, CycleSource.NONE, 0.0)


def test_run_streams_at_its_period(process: subprocess.Popen[bytes]):
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request("STEP", 1, bytes(24)) + request("RUN", 2, struct.pack("<I", 2000)))
    received = b""
    while received.count(b"\0\0") < 12:
        received += process.stdout.read(4096)
    answers = replies(received[: received.rindex(b"\0\0")])
    ticks = [answer["tick"] for answer in answers if answer.name == "RUN"]
    missed = [answer["missed"] for answer in answers if answer.name == "RUN"]
    assert ticks[0] == 0
    # Every period is accounted for: it was answered, or it is counted as missed.
    assert [tick - lost for tick, lost in zip(ticks, missed, strict=True)] == list(range(len(ticks)))


def test_program_ends_when_nobody_reads_any_more(process: subprocess.Popen[bytes]):
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request("RUN", 1, struct.pack("<I", 500)))
    process.stdout.close()
    assert process.wait(timeout=20) == 0
