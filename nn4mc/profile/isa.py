"""Thumb code as the cycle model sees it: what an instruction does, and which registers it reads and writes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from nn4mc.errors import BuildError, ToolMissingError

ALWAYS = "al"
CONDITIONS = ("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")
"""By their code in the instruction set."""

_REGISTER = re.compile(r"\b(?:r(?:1[0-5]|[0-9])|sp|lr|pc|ip|sl|sb|fp|[sd](?:[12][0-9]|3[01]|[0-9]))\b")
_READS_FIRST = ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms", "vstr", "vstm", "vpush", "vcmp")
"""Floating-point instructions that read the operand they name first."""


@dataclass(frozen=True)
class Instruction:
    """A decoded instruction: ``name`` without condition and width; registers in the order they are written.

    ``registers`` are those outside of square brackets, ``address`` those inside; a double register counts as its two
    single ones. ``condition`` is "al" or a condition of a branch or of an IT block; ``immediate`` the last number.
    """

    at: int
    size: int
    name: str
    kind: str
    condition: str
    registers: tuple[str, ...]
    address: tuple[str, ...]
    update: bool
    immediate: int = 0

    @property
    def end(self) -> int:
        """Address of the instruction behind it."""
        return self.at + self.size

    @property
    def is_branch(self) -> bool:
        """Whether it can set the program counter."""
        if self.name in ("b", "bl", "bx", "blx", "cbz", "cbnz", "tbb", "tbh"):
            return True
        if self.name in ("pop", "ldm"):
            return "pc" in self.registers
        return self.name in ("ldr", "mov", "add") and self.registers[:1] == ("pc",)

    @property
    def conditional(self) -> bool:
        """Whether it may do nothing: the condition fails, or a compare-and-branch does not go."""
        return self.condition != ALWAYS or self.name in ("cbz", "cbnz")

    @property
    def float_reads(self) -> frozenset[str]:
        """Single registers of the FPU that it reads."""
        singles = [one for one in self.registers if is_single(one)]
        if not self.name.startswith("v"):
            return frozenset()
        if self.name.startswith(_READS_FIRST):
            return frozenset(singles)
        if self.name in ("vldr", "vldm", "vpop"):
            return frozenset()
        if self.name == "vmov" and self.registers and not is_single(self.registers[0]):
            return frozenset(singles)
        return frozenset(singles[1:])

    @property
    def float_result(self) -> str:
        """The single register that floating-point arithmetic writes, "" for anything else."""
        return self.registers[0] if self.kind == "arithmetic" else ""


_ARITHMETIC = re.compile(r"v(?:n?mul|add|sub|div|sqrt|n?mla|n?mls|fn?ma|fn?ms|cvt[bt]?r?)")
"""What the manual calls floating-point arithmetic, conversions included; a comparison, a move, a sign are not."""


def is_single(register: str) -> bool:
    """Return whether a register is a single one of the FPU, s0 to s31."""
    return register[0] == "s" and register[1].isdigit()


def decode(code: bytes, at: int, conditions: Mapping[int, str] | None = None) -> tuple[Instruction, ...]:
    """Decode a run of instructions that lies at address ``at``.

    ``conditions`` tells those of instructions whose IT is not in ``code``. Raises BuildError for bytes that are no
    instruction, ToolMissingError without capstone.
    """
    found = tuple(_instruction(raw, conditions or {}) for raw in _disassembler().disasm(code, at))
    if sum(one.size for one in found) != len(code):
        end = found[-1].end if found else at
        raise BuildError(f"the bytes at 0x{end:08x} are no instruction of a Cortex-M4F.")
    return found


def it_conditions(code: bytes, at: int) -> Iterator[tuple[int, str]]:
    """Yield address and condition of every instruction that an IT in ``code`` rules."""
    place, waiting = 0, list[str]()
    while place + 2 <= len(code):
        half = int.from_bytes(code[place : place + 2], "little")
        if waiting:
            yield at + place, waiting.pop(0)
        elif half >> 8 == 0xBF and half & 0xF:
            waiting = _ruled(half)
        place += 4 if half >> 11 in (0b11101, 0b11110, 0b11111) else 2


def _ruled(half: int) -> list[str]:
    """Return the conditions of the one to four instructions behind an IT."""
    first, mask = (half >> 4) & 0xF, half & 0xF
    length = 4 - ((mask & -mask).bit_length() - 1)
    codes = [first, *((first & 0xE) | ((mask >> (3 - i)) & 1) for i in range(length - 1))]
    return [CONDITIONS[code] if code < len(CONDITIONS) else ALWAYS for code in codes]


def _instruction(raw: Any, conditions: Mapping[int, str]) -> Instruction:
    name = str(raw.mnemonic).split(".", 1)[0]
    condition = CONDITIONS[raw.cc - 1] if 1 <= raw.cc <= len(CONDITIONS) else ALWAYS
    if condition != ALWAYS and name != "it" and not name.startswith("it"):
        name = name.removesuffix(condition)
    else:
        condition = conditions.get(raw.address, ALWAYS)
    inside = " ".join(re.findall(r"\[([^\]]*)\]", raw.op_str))
    outside = re.sub(r"\[[^\]]*\]", " ", raw.op_str)
    update = outside.rstrip().endswith("!") or bool(re.search(r"\]\s*,", raw.op_str)) or "!," in outside
    registers = _registers(outside)
    name, address = _plain_name(name), _registers(inside)
    if name in ("ldm", "stm", "vldm", "vstm"):
        registers, address = registers[1:], registers[:1]
    kind = "arithmetic" if _ARITHMETIC.fullmatch(name) else ""
    numbers = re.findall(r"#(-?0x[0-9a-f]+|-?[0-9]+)(?![.0-9])", raw.op_str)
    immediate = int(numbers[-1], 0) if numbers else 0
    return Instruction(raw.address, raw.size, name, kind, condition, registers, address, update, immediate)


def _plain_name(name: str) -> str:
    for stem in ("vldm", "vstm", "ldm", "stm"):
        if name.startswith(stem):
            return stem
    return name


def _registers(text: str) -> tuple[str, ...]:
    """Return the registers of an operand text; a range and a double register as what they stand for."""
    names: list[str] = []
    for name in _REGISTER.findall(text):
        number = int(name[1:]) if name[0] == "d" else 0
        names += [f"s{2 * number}", f"s{2 * number + 1}"] if name[0] == "d" else [name]
    return tuple(names)


@cache
def _disassembler() -> Any:
    try:
        import capstone  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise ToolMissingError("capstone is not installed. pip install 'nn4mc[profile]'") from error
    made = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    made.detail = True
    return made
