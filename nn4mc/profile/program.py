"""A linked program for the Cortex-M4F: what is loaded where, its symbols, and where its code is."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from nn4mc.errors import BuildError, ToolMissingError
from nn4mc.profile.isa import it_conditions

_CODE, _DATA = "$t", "$d"
"""Symbols by which the assembler marks where code and where data begins (ARM ELF ABI, mapping symbols)."""


@dataclass(frozen=True)
class Section:
    """A section that takes memory. ``at`` is where it is at run time; ``stored`` whether flash holds its bytes."""

    name: str
    at: int
    size: int
    stored: bool
    writable: bool
    code: bool
    data: bytes


@dataclass(frozen=True)
class Program:
    """An ELF file.

    ``symbols`` by name, without the Thumb bit; ``sizes`` of those that have one; ``functions`` name code; ``loads`` are
    what a programmer writes into flash, address and bytes; ``marks`` are the borders of code and data.
    """

    path: Path
    sections: tuple[Section, ...]
    symbols: Mapping[str, int]
    sizes: Mapping[str, int]
    functions: frozenset[str]
    loads: tuple[tuple[int, bytes], ...]
    marks: tuple[tuple[int, str], ...]

    def symbol(self, name: str) -> int:
        """Return the address of a function or variable; BuildError when there is none of this name."""
        if name not in self.symbols:
            raise BuildError(f"{self.path.name} has no symbol '{name}': it was stripped, or is another program.")
        return self.symbols[name]

    def function_end(self, name: str) -> int:
        """Return the address behind a function's code: by its size, or where the next function or data begin."""
        begin = self.symbol(name)
        if self.sizes.get(name):
            return begin + self.sizes[name]
        section = next(one for one in self.sections if one.code and one.at <= begin < one.at + one.size)
        borders = [at for at, kind in self.marks if kind == _DATA] + list(self.symbols.values())
        return min([at for at in borders if at > begin] + [section.at + section.size])

    def code_at(self, at: int, size: int) -> bytes:
        """Return bytes of code; BuildError where the program has none."""
        for section in self.sections:
            if section.code and section.at <= at and at + size <= section.at + section.size:
                return section.data[at - section.at : at - section.at + size]
        raise BuildError(f"{self.path.name} has no code at 0x{at:08x}.")

    @cached_property
    def _functions(self) -> list[tuple[int, str]]:
        return sorted((self.symbols[name], name) for name in self.functions)

    def function_at(self, at: int) -> str:
        """Return the name of the function that an address lies in; "" in front of all."""
        index = bisect_right(self._functions, (at, "\uffff")) - 1
        return self._functions[index][1] if index >= 0 else ""

    def instruction_size(self, at: int) -> int:
        """Return the bytes, 2 or 4, of the instruction at an address."""
        return 4 if self.code_at(at, 2)[1] >> 3 in (0b11101, 0b11110, 0b11111) else 2

    def code_runs(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield what is code, not data among it, between two addresses: where it is, and its bytes."""
        marks = [*self.marks, (1 << 32, _DATA)]
        for (at, kind), (after, _) in pairwise(marks):
            first, last = max(at, begin), min(after, end)
            if kind == _CODE and first < last:
                yield first, self.code_at(first, last - first)

    @cached_property
    def conditions(self) -> Mapping[int, str]:
        """The condition of every instruction of an IT block, by address."""
        found: dict[int, str] = {}
        for section in self.sections:
            if section.code:
                for at, code in self.code_runs(section.at, section.at + section.size):
                    found |= dict(it_conditions(code, at))
        return found


def load_program(path: Path) -> Program:
    """Read an ELF file of the Cortex-M4F.

    Raises BuildError when it is none, ToolMissingError without pyelftools.
    """
    try:
        from elftools.common.exceptions import ELFError  # noqa: PLC0415 - an extra, needed only here
        from elftools.elf.constants import SH_FLAGS  # noqa: PLC0415
        from elftools.elf.elffile import ELFFile  # noqa: PLC0415
    except ImportError as error:
        raise ToolMissingError("pyelftools is not installed. pip install 'nn4mc[profile]'") from error
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            if elf["e_machine"] != "EM_ARM":
                raise BuildError(f"{path} is a program for {elf['e_machine']}, not for a Cortex-M4F.")
            sections = tuple(
                Section(
                    name=section.name,
                    at=section["sh_addr"],
                    size=section["sh_size"],
                    stored=section["sh_type"] != "SHT_NOBITS",
                    writable=bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE),
                    code=bool(section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR),
                    data=section.data() if section["sh_type"] != "SHT_NOBITS" else b"",
                )
                for section in elf.iter_sections()
                if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"]
            )
            loads = tuple(
                (segment["p_paddr"], segment.data())
                for segment in elf.iter_segments()
                if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
            )
            table: Any = elf.get_section_by_name(".symtab")
            listed = table.iter_symbols() if table else ()
            names = [(one.name, one["st_value"], one["st_info"]["type"], one["st_size"]) for one in listed]
    except (OSError, ELFError) as error:
        raise BuildError(f"{path} cannot be read as an ELF file: {error}.") from error
    symbols = {name: at & ~1 if kind == "STT_FUNC" else at for name, at, kind, _ in names if name and name[0] != "$"}
    sizes = {name: size for name, _, kind, size in names if kind == "STT_FUNC" and size}
    functions = frozenset(name for name, _, kind, _ in names if kind == "STT_FUNC")
    marks = sorted((at, name[:2]) for name, at, *_ in names if name[:2] in (_CODE, _DATA))
    return Program(path, sections, symbols, sizes, functions, loads, tuple(marks))
