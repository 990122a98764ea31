"""Kernels timed on boards: on sim:// the very figures of the model, elsewhere a clear word."""

import json
import os
import select
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nn4mc.build.platformio import Firmware, build_firmware
from nn4mc.build.sizes import firmware_sizes
from nn4mc.cli import main
from nn4mc.errors import DeviceError
from nn4mc.hil.kernel_bench import time_kernels
from nn4mc.hil.kernel_result import KernelTimes
from nn4mc.hil.messages import BenchReply
from nn4mc.hil.session import Session
from nn4mc.hil.sim_link import SimLink
from nn4mc.profile.program import load_program
from tests.firmware.c_library import TEST_CONTROLLER

pytestmark = pytest.mark.emulator
SIM = "sim://cortex-m4"
ROWS, COLUMNS = 48, 32
Multiply = Callable[[np.float32, np.float32, np.float32], np.float32]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.delenv("NN4MC_BOARD", raising=False)
        yield folder


@pytest.fixture(scope="module")
def on_sim(cache: Path) -> KernelTimes:
    return time_kernels(SIM, 5, lambda _: nullcontext())


@pytest.fixture(scope="module")
def with_kernels(on_sim: KernelTimes, cache: Path) -> Path:
    return next(cache.glob("nn4mc/kernels/firmware/*-bench/build/*/firmware.elf"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return build_firmware("netduinoplus2", TEST_CONTROLLER, tmp_path_factory.mktemp("plain"))


def test_the_counter_of_sim_reads_the_models_figures_exactly(on_sim: KernelTimes) -> None:
    assert len(on_sim.kernels) == 26
    for one in on_sim.kernels.values():
        assert one.modelled is not None
        assert (one.name, one.cycles, one.first_cycles) == (one.name, *2 * (one.modelled.cycles["headline"],))


def test_chains_of_one_instruction_cost_what_the_manual_says(on_sim: KernelTimes) -> None:
    manual = {
        "VADD": 1.0,
        "VMUL": 1.0,
        "VMUL and VADD": 2.0,
        "VFMA": 3.0,
        "VDIV": 14.0,
        "VDIV and 4 ADDS": 18.0,
        "VLDM of 16 words": 17.0,
        "branch taken": 3.0,
    }
    assert {name: on_sim.kernels[name].per_operation for name in manual} == manual
    # One cycle more for each that reads the result of the one before: all but the first.
    assert on_sim.kernels["VADD on the sum before"].cycles == 64 + 63
    assert on_sim.kernels["VFMA on the sum before"].cycles == 3 * 64 + 63


def test_variants_differ_where_they_should(on_sim: KernelTimes) -> None:
    def saved(name: str, variant: str) -> int:
        modelled = on_sim.kernels[name].modelled
        assert modelled is not None
        return modelled.cycles["headline"] - modelled.cycles[variant]

    assert saved("16 rows, fma, ram", "fma-1") == 2 * ROWS * COLUMNS
    assert saved("16 rows, mul-add, ram", "fma-1") == 0
    # The emulator ends a block in the middle at times, and what a division hides ends there. Behind the last chain it
    # hides nothing or, of what needs none of the sums, up to the rest of a division.
    assert 4 * 63 <= saved("VDIV and 4 ADDS", "divide-overlap") <= 4 * 64 + 9
    assert saved("VMOV from the core", "manual-strict") == -64
    assert saved("branch taken", "refill-1") == 64


def test_only_weights_in_flash_wait(on_sim: KernelTimes) -> None:
    for one in on_sim.kernels.values():
        assert one.modelled is not None
        # A line of four weights costs five cycles, and a few lines are kept from the run before.
        lines = ROWS * (COLUMNS + 1) // 4
        expected = 5 * lines if one.name.endswith("flash") else 0
        assert expected <= one.modelled.wait_cycles <= expected * 1.03


def weights() -> np.ndarray:
    """The firmware's numbers, by its rule: 75 x + 74 mod 65537."""
    words, x = [], 1
    for _ in range(ROWS * (COLUMNS + 1)):
        x = (75 * x + 74) % 65537
        words.append(0x3D000000 | (x & 1) << 31 | (x & 0xFFFF) << 7 | (x & 0x7F))
    return np.array(words, np.uint32).view(np.float32)


def inputs() -> np.ndarray:
    steps = np.array([(i * 29) % ROWS for i in range(ROWS)], np.float32)
    return steps * np.float32(1.0 / 6.0) - np.float32(4.0)


def mul_add(total: np.float32, w: np.float32, x: np.float32) -> np.float32:
    return np.float32(total + np.float32(w * x))


def fma(total: np.float32, w: np.float32, x: np.float32) -> np.float32:
    """Round once: exact in rationals, then to the nearer of the two floats around, to the even one of a tie."""
    exact = Fraction(float(w)) * Fraction(float(x)) + Fraction(float(total))
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(around, key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(np.uint32)) & 1))


def digest(words: np.ndarray) -> int:
    """FNV-1a over words."""
    value = 2166136261
    for word in words.astype(np.float32).view(np.uint32):
        value = (value ^ int(word)) * 16777619 & 0xFFFFFFFF
    return value


@pytest.mark.parametrize("rows", [16, 8])
@pytest.mark.parametrize(("name", "multiply"), [("mul-add", mul_add), ("fma", fma)])
def test_products_are_those_of_float32_by_hand(on_sim: KernelTimes, rows: int, name: str, multiply: Multiply) -> None:
    x = inputs()
    y = []
    for block in weights().reshape(-1, COLUMNS + 1, rows):
        sums = list(block[0])
        for column in range(COLUMNS):
            sums = [multiply(total, w, x[column]) for total, w in zip(sums, block[column + 1], strict=True)]
        y += sums
    for memory in ("flash", "ram", "ccm"):
        assert on_sim.kernels[f"{rows} rows, {name}, {memory}"].digest == digest(np.array(y))


def test_relu_is_too_and_chains_compute_no_words(on_sim: KernelTimes) -> None:
    x = np.zeros(ROWS, np.float32)
    x[:] = np.maximum(inputs(), 0)
    assert on_sim.kernels["relu"].digest == digest(x)
    assert on_sim.kernels["VFMA"].digest == 0 and on_sim.kernels["tanh"].digest != 0


def test_timing_leaves_the_controller_as_it_was(with_kernels: Path) -> None:
    words = np.linspace(-0.5, 0.5, 19).astype(np.float32)
    words[3:7] = (1.0, 0.0, 0.0, 0.0)  # upright

    def commands(timed: bool) -> list[bytes]:
        with Session(SimLink("cortex-m4", with_kernels)) as session:
            session.hello()
            session.reset()
            found = [session.step(words).command.tobytes()]
            replies = list(session.bench()) if timed else []
            found += [session.step(words).command.tobytes() for _ in range(3)]
            stats = session.stats()
            assert (len(replies), stats.steps, stats.bad_steps, stats.rx_overruns) == (26 * timed, 4, 0, 0)
        return found

    assert commands(timed=True) == commands(timed=False)


def test_every_turn_gives_the_same_figures_also_beside_interrupts(with_kernels: Path) -> None:
    def figures(line: str) -> list[BenchReply]:
        with Session(SimLink("cortex-m4", with_kernels, timed_line=line == "timed")) as session:
            session.hello()
            return [*session.bench(), *session.bench()]

    fast = figures("fast")
    assert fast[:26] == fast[26:]
    assert figures("timed") == fast


def test_no_other_firmware_carries_kernels(plain: Firmware, with_kernels: Path) -> None:
    assert not [name for name in load_program(plain.elf).symbols if name.startswith("bench")]
    bench = build_firmware("netduinoplus2", TEST_CONTROLLER, plain.elf.parents[3], bench=True)
    assert bench.build_id != plain.build_id and bench.elf != plain.elf
    assert firmware_sizes(plain).flash_bytes < firmware_sizes(bench).flash_bytes - 6000
    assert "bench_cases" in load_program(with_kernels).symbols
    assert build_firmware("netduinoplus2", TEST_CONTROLLER, plain.elf.parents[3]) == plain


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", "kernels", *arguments])


def test_the_command_prints_a_table_and_says_what_wins(on_sim: KernelTimes) -> None:
    result = invoke("--board", SIM)
    text = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "VLDM of 16 words 64 1,088 17.00 1,088 17.00 0" in text
    assert "--mac mul-add wins here, fma takes 29% more" in text
    assert "nearest variant is 'headline'" in text and "0.0% off" in text
    assert "A board settles it." in text and "This board has no flash wait states" in text


def test_json_has_all_of_it(on_sim: KernelTimes) -> None:
    found = json.loads(invoke("--board", SIM, "--wait-states", "2", "--json").stdout)
    assert (found["mac"], found["nearest_variant"], found["modelled_clock"]) == ("mul-add", "headline", "headline")
    first = found["kernels"][0]
    assert first["name"] == "16 rows, mul-add, flash" and first["cycles"] == first["modelled_cycles"]["headline"]
    assert 0 < first["modelled_wait_cycles"] <= 2 * 396 * 1.03
    assert len(found["verdict"]) == 4


@pytest.mark.parametrize("board", ["host://", "qemu://netduinoplus2"])
def test_boards_without_a_counter_say_so(board: str) -> None:
    result = invoke("--board", board)
    assert (result.exit_code, result.stdout) == (DeviceError.exit_code, "")
    assert f"{board} has no cycle counter" in result.stderr and "serial:///dev/ttyACM0" in result.stderr


@contextmanager
def on_a_serial_port(elf: Path) -> Iterator[str]:
    """Put the emulated board behind a pseudo terminal, where it is as good as one on a desk."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    ended = threading.Event()

    def carry() -> None:
        board = SimLink("cortex-m4", elf)
        while not ended.is_set():
            if select.select([ours], [], [], 0.01)[0]:
                board.write(os.read(ours, 256))
                os.write(ours, board.read(0.01))
        board.close()

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield f"serial://{name}"
    finally:
        ended.set()
        thread.join()
        os.close(ours)
        os.close(theirs)


def test_a_serial_board_is_timed_and_its_build_is_recognised(on_sim: KernelTimes, with_kernels: Path) -> None:
    with on_a_serial_port(with_kernels) as board:
        found = time_kernels(board, 5, lambda _: nullcontext())
    assert (found.board, found.modelled_clock, found.build_id) == (board, None, on_sim.build_id)
    assert {one.name: one.cycles for one in found.kernels.values()} == {
        one.name: one.cycles for one in on_sim.kernels.values()
    }
    assert all(one.modelled for one in found.kernels.values())


def test_a_serial_board_of_another_build_is_timed_without_a_model(plain: Firmware) -> None:
    other = build_firmware("netduinoplus2", TEST_CONTROLLER, plain.elf.parents[3], bench=True)
    with on_a_serial_port(other.elf) as board:
        result = invoke("--board", board)
    assert result.exit_code == 0 and "no model beside" in " ".join(result.stdout.split())


def test_a_serial_board_without_kernels_is_told_how_to_get_them(plain: Firmware) -> None:
    with on_a_serial_port(plain.elf) as board:
        result = invoke("--board", board)
    assert result.exit_code == DeviceError.exit_code
    assert "built without kernels to time" in result.stderr
    assert "NN4MC_BENCH=1 NN4MC_CONTROLLER_DIR=" in result.stderr and "-t upload" in result.stderr
