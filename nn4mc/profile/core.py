"""A Cortex-M4F inside this process (Unicorn): loads a program and calls functions of it, counting all it executes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.errors import BuildError, CheckFailed
from nn4mc.ir import Float32Array
from nn4mc.profile.counting import Counts, start_counting
from nn4mc.profile.cycles import MODELS, skip_savings
from nn4mc.profile.engine import arm, new_engine, unicorn
from nn4mc.profile.isa import decode
from nn4mc.profile.program import Program, load_program

DEFAULT_LIMIT = 1_000_000_000
"""Instructions of a call: some minutes of a real core."""
PAINTED_STACK = 16 << 10
"""Bytes of stack that are painted to measure it."""
_PAINT = b"\xa5"
_RETURN = 0x0FFFF000
"""Where calls return to: nothing is there."""
_MAX_ARGUMENTS = 4


@dataclass(frozen=True)
class Memory:
    """A region of memory: first address and bytes."""

    name: str
    at: int
    size: int

    def holds(self, at: int) -> bool:
        """Return whether an address lies in it."""
        return self.at <= at < self.at + self.size


FLASH = Memory("flash", 0x08000000, 1 << 20)
RAM = Memory("RAM", 0x20000000, 128 << 10)
CCM = Memory("CCM", 0x10000000, 64 << 10)
STM32F405 = (FLASH, RAM, CCM)
"""The STM32F405RG's memory (RM0090 section 2.3)."""


class Core:
    """A core with a program in its memory. Calls follow the procedure call standard with hard float (AAPCS-VFP).

    ``engine`` is the Unicorn engine; ``counting`` counts whatever it executes.
    """

    def __init__(
        self, elf: Path | Program, memories: Sequence[Memory] = STM32F405, count_conditionals: bool = True
    ) -> None:
        """Load a program with its data initialised, and turn the FPU on.

        Raises BuildError when the program does not fit, ToolMissingError without Unicorn, capstone or pyelftools.
        """
        self.program = elf if isinstance(elf, Program) else load_program(elf)
        self.memories = tuple(memories)
        self.engine = new_engine()
        for memory in (*self.memories, Memory("return", _RETURN, 0x1000)):
            self.engine.mem_map(memory.at, memory.size)
        for section in self.program.sections:
            self._check_fits(section.name, section.at, section.size)
            self.engine.mem_write(section.at, section.data)
        self.counting = start_counting(self.engine, priced_conditionals(self.program) if count_conditionals else ())

    def call(self, function: str, *arguments: int | float, limit: int = DEFAULT_LIMIT) -> int:
        """Call a function and return what it leaves in r0, as an unsigned number.

        Integers go to r0 to r3, floats to s0, s1, ...; the stack starts at the end of RAM. Raises BuildError for an
        unknown function, CheckFailed when the core faults or executes more than ``limit`` instructions.
        """
        entry = self.program.symbol(function)
        self._pass(arguments)
        self.engine.reg_write(arm().UC_ARM_REG_SP, self.stack_top)
        self.engine.reg_write(arm().UC_ARM_REG_LR, _RETURN | 1)
        self.counting.start(limit)
        self._run(function, entry)
        self.counting.finish()
        if self.engine.reg_read(arm().UC_ARM_REG_PC) != _RETURN:
            raise CheckFailed(f"{function} did not return within {limit:,} instructions, at {self._where()}.")
        return int(self.engine.reg_read(arm().UC_ARM_REG_R0))

    def call_float(self, function: str, *arguments: int | float, limit: int = DEFAULT_LIMIT) -> float:
        """Call a function that returns a float; otherwise as :meth:`call`."""
        self.call(function, *arguments, limit=limit)
        return float(np.uint32(self.engine.reg_read(arm().UC_ARM_REG_S0) & 0xFFFFFFFF).view(np.float32))

    @property
    def stack_top(self) -> int:
        """Where the stack of a call begins; it grows downwards."""
        return self.ram.at + self.ram.size

    @property
    def ram(self) -> Memory:
        """The memory of variables and stack."""
        return next(one for one in self.memories if one.name == RAM.name)

    @property
    def instructions(self) -> int:
        """Instructions executed so far."""
        return self.counting.executed

    def counts(self) -> Counts:
        """Return all that was executed so far."""
        return self.counting.counts()

    def painted_stack(self, run: Callable[[], object]) -> int:
        """Paint the stack, run, and return how many bytes of it were written; what was written lies below the top."""
        bottom = self.stack_top - PAINTED_STACK
        self.write(bottom, _PAINT * PAINTED_STACK)
        run()
        painted = self.read(bottom, PAINTED_STACK)
        return PAINTED_STACK - (len(painted) - len(painted.lstrip(_PAINT)))

    def read(self, at: int, size: int) -> bytes:
        """Return ``size`` bytes of memory."""
        return bytes(self.engine.mem_read(at, size))

    def write(self, at: int, data: bytes) -> None:
        """Write bytes into memory."""
        self.engine.mem_write(at, data)

    def read_floats(self, at: int, count: int) -> Float32Array:
        """Return ``count`` float words of memory."""
        return np.frombuffer(self.read(at, 4 * count), "<f4").copy()

    def on_instruction(self, at: int, function: Callable[[], None]) -> None:
        """Have ``function`` called before the instruction at an address is executed, whenever it is."""
        self.engine.hook_add(unicorn().UC_HOOK_CODE, lambda *_: function(), begin=at, end=at)
        self.engine.ctl_flush_tb()  # what is translated already would not call it

    def _pass(self, arguments: Sequence[int | float]) -> None:
        words = [one for one in arguments if not isinstance(one, float)]
        if len(words) > _MAX_ARGUMENTS:
            raise BuildError(f"{len(words)} integer arguments: only four go in registers, and no more are passed here.")
        for index, word in enumerate(words):
            self.engine.reg_write(arm().UC_ARM_REG_R0 + index, word & 0xFFFFFFFF)
        for index, value in enumerate(one for one in arguments if isinstance(one, float)):
            self.engine.reg_write(arm().UC_ARM_REG_S0 + index, int(np.float32(value).view(np.uint32)))

    def _run(self, function: str, entry: int) -> None:
        try:
            self.engine.emu_start(entry | 1, _RETURN)
        except unicorn().UcError as error:
            self.counting.finish()
            raise CheckFailed(f"{function}: the emulated core stopped at {self._where()}: {error}.") from error

    def _where(self) -> str:
        at = int(self.engine.reg_read(arm().UC_ARM_REG_PC))
        below = [(place, name) for name, place in self.program.symbols.items() if place <= at and FLASH.holds(place)]
        return f"0x{at:08x}" + (f" in {max(below)[1]}" if below and FLASH.holds(at) else "")

    def _check_fits(self, name: str, at: int, size: int) -> None:
        if not any(memory.holds(at) and memory.holds(at + size - 1) for memory in self.memories):
            regions = ", ".join(f"{one.name} 0x{one.at:08x}..0x{one.at + one.size - 1:08x}" for one in self.memories)
            raise BuildError(f"section {name} (0x{at:08x}, {size:,} bytes) lies outside of {regions}.")


def priced_conditionals(program: Program) -> list[int]:
    """Return the instructions of IT blocks that cost something else when they do nothing, in any model."""
    priced = []
    for at in program.conditions:
        block = decode(program.code_at(at, program.instruction_size(at)), at, program.conditions)
        if any(dict(skip_savings(block, model)) for model in MODELS.values()):
            priced.append(at)
    return priced
