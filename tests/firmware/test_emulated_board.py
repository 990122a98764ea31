"""The firmware of netduinoplus2, booted in QEMU and asked over its serial line."""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from nn4mc.build.platformio import Firmware, build_firmware
from nn4mc.build.sizes import firmware_sizes
from nn4mc.hil.protocol import CycleSource, ErrorCode, ResetCause
from tests.firmware.c_library import TEST_CONTROLLER
from tests.firmware.serial_board import Board, emulated
from tests.firmware.wire import request

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return build_firmware("netduinoplus2", TEST_CONTROLLER, tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="module")
def running(firmware: Firmware) -> Iterator[Board]:
    with emulated(firmware.elf) as board:
        board.wake()
        yield board


@pytest.fixture
def board(running: Board) -> Board:
    running.ask("RESET")
    return running


def test_hello_names_board_build_and_clock(board: Board, firmware: Firmware):
    hello = board.ask("HELLO")
    assert (hello["board"], hello["build_id"]) == ("netduinoplus2", firmware.build_id)
    assert (hello["clock_hz"], hello["selftest_error"]) == (168_000_000, 0.0)
    # QEMU has no cycle counter, and the firmware must not claim one.
    assert hello["cycle_source"] == CycleSource.NONE


def test_step_computes_what_the_formula_says(board: Board):
    reply = board.ask("STEP", 3, struct.pack("<I5f", 0, 0.25, 0.0, 0.5, 0.5, 0.5))
    assert (reply["status"], reply["cycles"], reply["command"]) == (0, 0, (0.375, -0.25))
    assert board.ask("STEP", 3, struct.pack("<I5f", 0, 0.25, 0.0, 0.5, 0.5, 0.5)) == reply


def test_burst_larger_than_a_frame_is_answered_completely(board: Board):
    # 16 requests of 31 bytes fit the receive ring even if the core does not run meanwhile.
    board.send(b"".join(request("STEP", seq, bytes(24)) for seq in range(16)))
    assert [reply.seq for _ in range(16) if (reply := board.receive()) is not None] == list(range(16))
    assert board.ask("STATS")["rx_overruns"] == 0


def test_vars_set_and_errors(board: Board):
    assert board.ask("VARS", 1, b"\0")["name"] == "gain"
    assert board.ask("SET", 2, struct.pack("<Bf", 0, 2.0))["value"] == 2.0
    assert board.ask("SET", 3, struct.pack("<Bf", 0, 2.5))["code"] == ErrorCode.RANGE
    assert board.ask("SET", 4, struct.pack("<Bf", 0, 0.5))["value"] == 0.5
    assert board.ask(0x55)["code"] == ErrorCode.TYPE
    assert board.ask("HELLO", version=9)["code"] == ErrorCode.VERSION


def test_stats_knows_stack_and_time(board: Board):
    first, second = board.ask("STATS"), board.ask("STATS")
    assert 4096 < first["stack_free"] < 8192
    assert second["uptime_ms"] >= first["uptime_ms"] > 0


def test_run_counts_every_period_in_order(board: Board):
    assert board.ask("RUN", 5, struct.pack("<I", 5000))["tick"] == 0
    board.send(request("STEP", 6, struct.pack("<I5f", 0, 0.25, 0.0, 0.5, 0.5, 0.5)))
    ticks = [reply for _ in range(40) if (reply := board.receive()) is not None]
    assert {reply.name for reply in ticks} == {"RUN"}
    assert [reply["tick"] - reply["missed"] for reply in ticks] == list(range(1, 41))
    assert ticks[-1]["step_seq"] == 6
    board.send(request("RUN", 7, struct.pack("<I", 0)))
    late = {reply.seq for reply in iter(lambda: board.receive(0.5), None)}
    assert {7} <= late <= {5, 7}


def test_silence_makes_the_output_safe_and_is_logged(board: Board):
    for seq in range(50, 60):
        board.ask("LOG", seq)  # lines of the tests before
    before = board.ask("STATS")["link_trips"]
    board.ask("STEP", 1, bytes(24))
    stages = (board.ask("STATS")["link_stage"] for _ in range(10_000))  # many times the watchdog's half second
    assert 2 in stages
    assert board.ask("STATS")["link_trips"] == before + 1
    assert [board.ask("LOG", seq)["text"] for seq in (60, 61)] == ["no STEP: output held", "no STEP: safe output"]


@pytest.mark.parametrize(
    ("crash", "address_known"),
    [
        ("*(volatile uint32_t *)0xF0000000u = 1u;", True),
        ("test_init((void *)0xF0000000u);", True),
        ("overflow(1u);", False),
    ],
    ids=["bad store", "bad state", "stack overflow"],
)
def test_crash_resets_the_board_and_says_where(tmp_path: Path, crash: str, address_known: bool):
    folder = tmp_path / "controller"
    shutil.copytree(TEST_CONTROLLER, folder)
    source = folder / "controller.c"
    text = source.read_text()
    recursion = (
        "static uint32_t overflow(uint32_t depth)\n{\n"
        "    volatile uint32_t local[64];\n    local[depth % 64u] = depth;\n"
        "    return depth == 0u ? 0u : overflow(depth + 1u) + local[depth % 64u];\n}\n\n"
    )
    text = text.replace("static nn4mc_status_t test_step", f"{recursion}static nn4mc_status_t test_step")
    text = text.replace(
        "    const float gain", f"    if (sensors[0] > 1.0e6f) {{\n        {crash}\n    }}\n    const float gain"
    )
    if "overflow(" not in crash:
        text = text.replace(recursion, "")
    source.write_text(text)
    with emulated(build_firmware("netduinoplus2", folder, tmp_path / "build").elf) as board:
        board.wake()
        board.ask("STEP", 1, bytes(24))
        board.send(request("STEP", 2, struct.pack("<I5f", 0, 2e6, 0, 0, 0, 0)))
        hello = board.wake()
        assert hello["reset_cause"] == ResetCause.SOFTWARE
        assert board.ask("STATS")["steps"] == 0
        line = board.ask("LOG")["text"]
    assert line.startswith("hard fault at 0x0800" if address_known else "hard fault at 0x0000")


def test_firmware_without_a_controller_leaves_room_for_one(firmware: Firmware):
    sizes = firmware_sizes(firmware)
    assert sizes.flash_bytes - sizes.controller_flash_bytes < 12_000
