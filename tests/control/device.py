"""A controller's C on an emulated Cortex-M4F: commands bit by bit, modelled cycles, flash and stack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nn4mc.profile
from nn4mc.build.process import run
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.profile.core import Core
from nn4mc.profile.cycles import HEADLINE
from nn4mc.profile.program import load_program
from nn4mc.profile.tally import cycles, decode_blocks, instructions
from nn4mc.target import TARGETS

TARGET = TARGETS["cortex-m4f"]
FLAGS = (
    *("-std=c99", "-O2", "-ffp-contract=off", "-ffreestanding", "-ffunction-sections", "-fdata-sections"),
    *("-Wall", "-Wextra", "-Werror"),
)
_STACK = 8 << 10


@dataclass(frozen=True)
class Cost:
    """Of one call: exact instructions, and cycles by the headline model."""

    instructions: int
    cycles: int


def build_elf(folder: Path, work: Path) -> Path:
    """Link the controller's own sources with the runtime, unused functions left out."""
    work.mkdir(parents=True, exist_ok=True)
    sources = [*sorted(folder.glob("*.c")), *sorted(runtime_folder().glob("*.c"))]
    assembly = sorted(runtime_folder().glob("*.S"))
    objects = []
    for source in (*sources, *assembly):
        objects.append(work / f"{source.name}.o")
        flags = FLAGS if source.suffix == ".c" else ()
        run(
            [
                TARGET.compiler,
                *TARGET.flags,
                *flags,
                f"-I{folder}",
                f"-I{runtime_folder()}",
                "-c",
                source,
                "-o",
                objects[-1],
            ],
            stage="compiling for the core",
        )
    elf = work / "controller.elf"
    script = Path(nn4mc.profile.__file__).with_name("profile.ld")
    link = ["-nostdlib", "-Wl,--gc-sections", f"-Wl,-T,{script}", "-Wl,-u,controller"]
    run([TARGET.compiler, *TARGET.flags, *link, *objects, "-lgcc", "-o", elf], stage="linking for the core")
    return elf


class Device:
    """One controller in the emulated core."""

    def __init__(self, elf: Path, state_size: int, sensor_len: int, reference_len: int, command_len: int) -> None:
        self.program = load_program(elf)
        self.core = Core(self.program)
        self.sensor_len, self.command_len = sensor_len, command_len
        ram = self.core.ram
        self.state = ram.at + 1024
        self.inputs = self.state + (state_size + 7 & ~7)
        self.outputs = self.inputs + 4 * (sensor_len + reference_len)
        self.core.call("init", self.state)

    @property
    def flash(self) -> int:
        return sum(section.size for section in self.program.sections if section.stored)

    def set_words(self, offset: int, values: Mapping[int, float]) -> None:
        for index, value in values.items():
            self.core.write(self.state + offset + 4 * index, np.float32(value).tobytes())

    def step(self, sensors: np.ndarray, reference: np.ndarray) -> tuple[int, np.ndarray]:
        given = np.concatenate([sensors, reference]).astype("<f4").tobytes()
        self.core.write(self.inputs, given)
        status = self.core.call("step", self.state, self.inputs, self.inputs + 4 * self.sensor_len, self.outputs)
        return status - (status >> 31 << 32), self.core.read_floats(self.outputs, self.command_len)

    def step_at(self, row: np.ndarray, time_us: int, stamp: int) -> tuple[int, np.ndarray]:
        """Call a controller that keeps time with sensors and reference in one row."""
        call = self.outputs + (4 * self.command_len + 7 & ~7)
        self.core.write(self.inputs, row.astype("<f4").tobytes())
        words = (time_us % 2**32, stamp, self.inputs, self.inputs + 4 * self.sensor_len)
        self.core.write(call, np.array(words, "<u4").tobytes())
        status = self.core.call("step_at", self.state, call, self.outputs)
        return status - (status >> 31 << 32), self.core.read_floats(self.outputs, self.command_len)

    def cost(self, sensors: np.ndarray, reference: np.ndarray) -> Cost:
        return self.cost_of(lambda: self.step(sensors, reference))

    def cost_of(self, work: Callable[[], object]) -> Cost:
        """Return what some calls of the core cost."""
        before = self.core.counts()
        work()
        spent = self.core.counts() - before
        decoded = decode_blocks(self.program, spent)
        return Cost(instructions(decoded, spent), cycles(decoded, spent, HEADLINE))

    def stack(self, sensors: np.ndarray, reference: np.ndarray) -> int:
        bottom = self.core.stack_top - _STACK
        self.core.write(bottom, b"\xa5" * _STACK)
        self.step(sensors, reference)
        painted = self.core.read(bottom, _STACK)
        return _STACK - (len(painted) - len(painted.lstrip(b"\xa5")))
