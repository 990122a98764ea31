"""``sim://cortex-m4``: the board's own firmware in this process, its devices, interrupts and counters."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from nn4mc.build.platformio import build_firmware
from nn4mc.errors import LinkError
from nn4mc.hil.bench import open_bench
from nn4mc.hil.faults import parse_faults
from nn4mc.hil.flight import Bench, FlightPlan, Recorder, fly
from nn4mc.hil.frame import Frame, encode_frame
from nn4mc.hil.messages import MESSAGE
from nn4mc.hil.protocol import CycleSource, ResetCause
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.hil.session import Session
from nn4mc.hil.sim_link import SimLink
from nn4mc.profile.machine import CLOCK_HZ, Machine

pytestmark = pytest.mark.emulator

TEST_CONTROLLER = Path(__file__).parents[1] / "firmware" / "controller"
HOVER = FlightPlan("x500_real", "hover", {"duration_s": 2.0, "window_start_s": 1.0}, seed=3)
LINES = ("sim://cortex-m4", "sim://cortex-m4?line=timed")


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("quadrotor")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware around the tests' own controller."""
    return build_firmware("netduinoplus2", TEST_CONTROLLER, tmp_path_factory.mktemp("firmware")).elf


@pytest.fixture
def session(firmware: Path) -> Iterator[Session]:
    with Session(SimLink("cortex-m4", firmware)) as opened:
        yield opened


def stage(text: str) -> nullcontext[None]:
    return nullcontext()


@pytest.mark.parametrize("board", LINES)
def test_a_flight_is_that_of_the_host_and_every_step_is_counted(rig: Rig, board: str):
    recorder = Recorder()
    with open_bench(rig, board, parse_faults(""), stage) as bench:
        assert bench.hello.clock_hz == CLOCK_HZ
        assert bench.hello.cycle_source is CycleSource.DWT
        result = fly(bench, HOVER, recorder)
    columns = recorder.record.columns()
    assert (result.mismatched_words, result.bad_steps, result.lost, result.steps) == (0, 0, False, 200)
    assert result.link.retries == 0 and result.link.crc_errors == 0
    assert result.cycle_source == "dwt, model 'headline'"
    assert result.device_instructions == columns.instructions.mean() > 1000
    assert (columns.cycles > columns.instructions).all()


def test_two_runs_are_the_same_to_the_cycle(rig: Rig):
    columns = []
    for _ in range(2):
        recorder = Recorder()
        with open_bench(rig, LINES[0], parse_faults(""), stage) as bench:
            fly(bench, HOVER, recorder)
            stats = bench.session.stats()
        columns.append((recorder.record.columns(), stats))
    (first, first_stats), (second, second_stats) = columns
    np.testing.assert_array_equal(first.cycles, second.cycles)
    np.testing.assert_array_equal(first.instructions, second.instructions)
    assert first_stats == second_stats


def test_damaged_frames_are_asked_for_again(rig: Rig):
    recorder = Recorder()
    with open_bench(rig, LINES[0], parse_faults("flip=0.02,seed=1"), stage) as bench:
        result = fly(bench, HOVER, recorder)
    assert result.mismatched_words == 0 and result.link.retries > 0


def test_the_firmware_finds_silicon(session: Session):
    """What QEMU lacks: the clock tree, the reset flags, the cycle counter."""
    hello = session.hello()
    assert (hello.clock_hz, hello.reset_cause, hello.board) == (168_000_000, ResetCause.POWER_ON, "netduinoplus2")
    assert hello.cycle_source is CycleSource.DWT


def test_bytes_take_their_time_on_a_timed_line(firmware: Path):
    times = {}
    for timed in (False, True):
        link = SimLink("cortex-m4", firmware, timed)
        session = Session(link)
        session.hello()
        before, frames = link.now, 20
        for _ in range(frames):
            session.stats()
        times[timed] = (link.now - before) / frames / CLOCK_HZ
    # 14 bytes there and 60 or so back, 10.85 us each, against none at all.
    assert times[True] > 60 * 10 / 921_600 > 4 * times[False]


def test_streaming_runs_by_the_boards_own_timer(session: Session):
    """TIM2's interrupt, which hangs QEMU 7.2."""
    hello = session.hello()
    words = np.zeros(hello.sensor_len + hello.reference_len, np.float32)
    replies = []
    for reply in session.run(500, words):
        replies.append(reply)
        if len(replies) == 50:
            break
    ticks = [reply.tick for reply in replies]
    assert np.diff(ticks[1:]).tolist() == [1] * (len(ticks) - 2)
    assert session.stats().missed == 0


def test_a_link_that_is_fed_faster_than_it_is_read_says_so(firmware: Path):
    link = SimLink("cortex-m4", firmware)
    with pytest.raises(LinkError, match="its line is full"):
        link.write(bytes(5000))


def test_a_silent_board_is_waited_for(firmware: Path):
    link = SimLink("cortex-m4", firmware)
    link.read(0.0)
    before = link.now
    assert link.read(0.05) == b""
    assert (link.now - before) / CLOCK_HZ == pytest.approx(0.05, abs=0.001)


def test_a_bench_knows_its_counter(rig: Rig):
    with open_bench(rig, LINES[0], parse_faults(""), stage) as bench:
        assert isinstance(bench, Bench) and isinstance(bench.counter, SimLink)
    with open_bench(rig, "host://", parse_faults(""), stage) as bench:
        assert bench.counter is None


CRASHES = {
    "bad store": ("*(volatile uint32_t *)0xF0000000u = 1u;", ResetCause.SOFTWARE, "hard fault at 0x0800"),
    "bad load": ("(void)*(volatile uint32_t *)0x60000000u;", ResetCause.SOFTWARE, "hard fault at 0x0800"),
    "stack overflow": (
        '__asm volatile("1: sub sp, #1024\\n str r0, [sp]\\n b 1b");',
        ResetCause.SOFTWARE,
        "hard fault at 0x0000",
    ),
    "endless loop": ("for (;;) {}", ResetCause.WATCHDOG, ""),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_resets_the_board_and_says_where(name: str, tmp_path: Path):
    crash, cause, note = CRASHES[name]
    folder = tmp_path / "controller"
    shutil.copytree(TEST_CONTROLLER, folder)
    source = folder / "controller.c"
    here = "    const float gain"
    assert source.read_text().count(here) == 1
    source.write_text(
        source.read_text().replace(here, f"    if (sensors[0] > 1.0e6f) {{\n        {crash}\n    }}\n{here}")
    )
    link = SimLink("cortex-m4", build_firmware("netduinoplus2", folder, tmp_path / "build").elf)
    session = Session(link)
    assert session.hello().reset_cause is ResetCause.POWER_ON
    session.step(np.zeros(5, np.float32))
    link.write(encode_frame(Frame(MESSAGE["STEP"].code, 99, bytes(4) + np.float32([2e6, 0, 0, 0, 0]).tobytes())))
    assert link.read(1.0) == b""
    assert session.hello().reset_cause is cause
    assert session.stats().steps == 0
    assert [line.text[: len(note)] for line in session.log()] == ([note] if note else [])


def test_interrupts_leave_the_fpu_as_it_was(tmp_path: Path):
    """A handler that uses the FPU: its registers are put aside when it does (lazy stacking)."""
    source = tmp_path / "lazy.S"
    source.write_text(_LAZY)
    elf = tmp_path / "lazy.elf"
    flags = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-nostdlib"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, "-Wl,-Ttext=0x08000000", "-Wl,-e,main", str(source), "-o", str(elf)], check=True
    )
    machine = Machine(elf)
    machine.run(20_000)
    spoilt, interrupts, rounds = (int.from_bytes(machine.read(0x20000000 + 4 * i, 4), "little") for i in range(3))
    assert spoilt == 0 and interrupts >= 15 and rounds > 100


_LAZY = """
    .syntax unified
    .cpu cortex-m4
    .fpu fpv4-sp-d16
    .thumb
    .text
    .word 0x20020000, main + 1
    .rept 13
    .word stop + 1
    .endr
    .word systick + 1
    .thumb_func
main: ldr r0, =0x20000000 @ spoilt, interrupts, rounds
    ldr r1, =0xE000E010
    movw r2, #999
    str r2, [r1, #4]
    movs r2, #7
    str r2, [r1]
    vmov.f32 s0, #3.0
    vmov.f32 s15, #2.0
again: vmov.f32 s1, #3.0
    vmov.f32 s2, #2.0
    vcmp.f32 s0, s1
    vmrs APSR_nzcv, fpscr
    bne wrong
    vcmp.f32 s15, s2
    vmrs APSR_nzcv, fpscr
    bne wrong
    ldr r3, [r0, #8]
    adds r3, #1
    str r3, [r0, #8]
    b again
wrong: movs r3, #1
    str r3, [r0]
stop: b stop
    .thumb_func
systick: vmov.f32 s0, #7.0
    vmov.f32 s15, s0
    vcmp.f32 s0, #0.0
    ldr r3, [r0, #4]
    adds r3, #1
    str r3, [r0, #4]
    mov r0, r3
    bx lr
    .ltorg
"""
