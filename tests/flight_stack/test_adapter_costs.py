"""What a call through an adapter costs on a Cortex-M4F, by the profiler's model: cycles, flash, RAM and stack."""

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nn4mc.profile
from nn4mc.flight_stack.folder import compile_for_stack
from nn4mc.flight_stack.table import stacks
from nn4mc.profile.core import Core
from nn4mc.profile.cycles import HEADLINE
from nn4mc.profile.program import Program, load_program
from nn4mc.profile.tally import cycles, decode_blocks
from nn4mc.target import TARGETS
from tests.flight_stack.adapters import STACKS, adapter, session_folder

TARGET = TARGETS["cortex-m4f"]
MOST_CYCLES, MOST_ADAPTER_CYCLES, MOST_FLASH, MOST_SELFTEST_FLASH, MOST_RAM = 11_500, 500, 12_288, 768, 700
FIRMWARE = """
#include "NAME_adapter.h"
NAME_policy_t policy;
NAME_sensors_t sensors;
NAME_setpoint_t setpoint;
NAME_motors_t motors;
float words[13], reference[6];
float command[4];
void begin(void);
void begin(void) { NAME_policy_init(&policy); NAME_policy_reset(&policy); }
int check(void);
int check(void) { return NAME_policy_selftest(&policy); }
int step(uint32_t time_us);
int step(uint32_t time_us) { return NAME_policy_step(&policy, time_us, &sensors, &setpoint, &motors); }
void convert(void);
void convert(void)
{
    NAME_to_policy(&sensors, &setpoint, words, reference);
    NAME_to_motors(&policy, command, &motors);
}
"""
PERIOD_US = 2500

pytestmark = pytest.mark.emulator


class Board:
    """A policy behind an adapter, built by the Makefile in its folder and linked into a firmware of three functions."""

    def __init__(self, name: str, props: str) -> None:
        folder = session_folder("board")
        compile_for_stack("raptor", name, props).write(folder)
        subprocess.run(["make", "--silent"], cwd=folder, check=True)
        (folder / "firmware.c").write_text(FIRMWARE.replace("NAME", name))
        # What every caller needs. The self-test, which a caller need not call, is counted apart.
        called = [f"{name}_policy_{verb}" for verb in ("init", "reset", "step")]
        self.flash = flash(linked(folder, *called))
        self.selftest_flash = flash(linked(folder, *called, f"{name}_policy_selftest")) - self.flash
        self.program = linked(folder, "begin", "step", "check", "convert")
        self.core = Core(self.program)
        self.time_us = 0
        self.core.call("begin")

    def give(self, sensors: np.ndarray, setpoint: np.ndarray, stamp: int = 1) -> None:
        symbol = self.program.symbol
        self.core.write(symbol("sensors"), sensors.astype("<f4").tobytes())
        self.core.write(symbol("setpoint"), setpoint.astype("<f4").tobytes() + stamp.to_bytes(4, "little"))

    def step(self) -> int:
        status = self.core.call("step", self.time_us)
        self.time_us += PERIOD_US
        return status

    @property
    def policy_bytes(self) -> int:
        """What a caller must provide: the size of NAME_policy_t."""
        listing = subprocess.run(
            ["arm-none-eabi-nm", "-S", str(self.program.path)], capture_output=True, text=True, check=True
        ).stdout
        return next(int(line.split()[1], 16) for line in listing.splitlines() if line.endswith(" policy"))

    def motors(self, size: int) -> bytes:
        return self.core.read(self.program.symbol("motors"), size)

    def spent(self, run: Callable[[], object]) -> int:
        before = self.core.counts()
        run()
        spent = self.core.counts() - before
        return cycles(decode_blocks(self.program, spent), spent, HEADLINE)


def linked(folder: Path, *roots: str) -> Program:
    """Return these functions with what they call, and nothing else."""
    script = Path(nn4mc.profile.__file__).with_name("profile.ld")
    link = ["-O2", "-nostdlib", "-ffunction-sections", "-Wl,--gc-sections", f"-Wl,-T,{script}"]
    roots_of = [f"-Wl,-u,{root}" for root in roots]
    sources = ["firmware.c", "libnn4mc_policy.a", "-lgcc", "-o", "firmware.elf"]
    subprocess.run([TARGET.compiler, *TARGET.flags, *link, *roots_of, *sources], cwd=folder, check=True)
    return load_program(folder / "firmware.elf")


def flash(program: Program) -> int:
    return sum(section.size for section in program.sections if section.stored)


@cache
def board(name: str, props: str = "in") -> Board:
    return Board(name, props)


def situation(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    sensors, setpoint = rng.normal(0, 0.3, 13), rng.normal(0, 0.3, 8)
    sensors[3:7] /= np.linalg.norm(sensors[3:7])
    return sensors.astype(np.float32), setpoint.astype(np.float32)


@pytest.mark.parametrize(("name", "props"), [*((name, "in") for name in STACKS), ("ardupilot", "out")])
def test_a_call_stays_within_its_cycles_flash_ram_and_the_bits_of_this_machine(name: str, props: str):
    one, here = board(name, props), adapter(name, props)
    spent, converting = [], []
    for k in range(12):
        sensors, setpoint = situation(name, k)
        one.give(sensors, setpoint, stamp=k + 1)
        converting.append(one.spent(lambda: one.core.call("convert")))
        at_us = one.time_us
        spent.append(one.spent(one.step))
        status, motors = here.step(sensors, setpoint, at_us)
        made = b"".join(motors[output.name].tobytes() for output in stacks()[name].outputs)
        padded = made if len(made) % 4 == 0 else made + bytes(2)
        assert status == 0 and one.motors(len(padded)) == padded
    assert len(set(converting)) == 1, "the adapter's work depends on the values"
    assert converting[0] <= MOST_ADAPTER_CYCLES
    assert max(spent) <= MOST_CYCLES
    assert one.flash <= MOST_FLASH
    assert one.selftest_flash <= MOST_SELFTEST_FLASH
    assert one.policy_bytes <= MOST_RAM
