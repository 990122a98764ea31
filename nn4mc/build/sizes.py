"""Exact sizes of a built firmware, and the part of them that is the controller's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.platformio import Firmware
from nn4mc.errors import BuildError, ToolMissingError

_BUILD_FOLDER = re.compile(r"^LOAD (.+)/src/main\.o$", re.MULTILINE)
_CONTENTS = "Linker script and memory map"
# A long section name has a line of its own: `\s+` goes over the line break.
_INPUT_SECTION = re.compile(r"^ (\.\S+|COMMON)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$", re.MULTILINE)
_CONTROLLER_OBJECT = re.compile(r"controller/.+\.o|lib\w+/(libnn4mc\.a\(.+\)|nn4mc/.+\.o)")
_CCM = ".ccmram"
"""Section of the core-coupled memory: constants alone leave it without the flag of variables."""
_STATE = "controller_state"
"""Name of the controller's state in firmware/src/main.c."""
_STACK_ENDS = ("stack_bottom", "stack_top")
"""As the linker scripts name them."""


@dataclass(frozen=True)
class FirmwareSizes:
    """Bytes of a firmware. Flash is code, constants and initial values; RAM is variables and the whole stack.

    The controller's flash is its own code and weights with the kernels and elementary functions they call; its
    RAM is its state and its variables. ``stack_bytes`` is what the linker script reserves, 0 on a host, which has none.
    """

    flash_bytes: int
    ram_bytes: int
    controller_flash_bytes: int
    controller_ram_bytes: int
    stack_bytes: int


@dataclass(frozen=True)
class _InputSection:
    name: str
    size: int
    origin: str


def firmware_sizes(firmware: Firmware) -> FirmwareSizes:
    """Measure a built firmware from its program and its linker map.

    Raises BuildError when the two are not what firmware/platform builds, ToolMissingError without pyelftools.
    """
    flash, ram, state, stack = _program_sizes(firmware.elf)
    sections = list(_controller_sections(firmware.map))
    if not sections:
        raise BuildError(f"{firmware.map} lists no section of a controller. Delete its folder and build again.")
    return FirmwareSizes(
        flash_bytes=flash,
        ram_bytes=ram,
        controller_flash_bytes=sum(s.size for s in sections if _is_flash(s.name)),
        controller_ram_bytes=state + sum(s.size for s in sections if _is_ram(s.name)),
        stack_bytes=stack,
    )


def _program_sizes(elf: Path) -> tuple[int, int, int, int]:
    """Return the flash, the RAM, the controller's state and the whole stack of a program, in bytes."""
    try:
        from elftools.elf.constants import SH_FLAGS  # noqa: PLC0415 - an extra, needed only here
        from elftools.elf.elffile import ELFFile  # noqa: PLC0415
        from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415
    except ImportError as error:
        raise ToolMissingError("pyelftools is not installed. pip install 'nn4mc[hil]'") from error
    flash = ram = 0
    with elf.open("rb") as file:
        program = ELFFile(file)
        for section in program.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                continue
            if section["sh_type"] != "SHT_NOBITS":
                flash += section["sh_size"]
            if section["sh_flags"] & SH_FLAGS.SHF_WRITE or section.name == _CCM:
                ram += section["sh_size"]
        symbols = program.get_section_by_name(".symtab")
        if not isinstance(symbols, SymbolTableSection) or not (states := symbols.get_symbol_by_name(_STATE)):
            raise BuildError(f"{elf} has no symbol '{_STATE}': it was stripped, or is not nn4mc's firmware.")
        ends = [int(found[0]["st_value"]) for name in _STACK_ENDS if (found := symbols.get_symbol_by_name(name))]
    return flash, ram, int(states[0]["st_size"]), ends[1] - ends[0] if len(ends) == 2 else 0


def _controller_sections(link_map: Path) -> Iterator[_InputSection]:
    text = link_map.read_text(encoding="utf-8", errors="replace")
    folder = _BUILD_FOLDER.search(text)
    if folder is None or _CONTENTS not in text:
        raise BuildError(f"{link_map} is not the linker map of nn4mc's firmware.")
    prefix = f"{folder[1]}/"
    for name, size, origin in _INPUT_SECTION.findall(text[text.index(_CONTENTS) :]):
        if _CONTROLLER_OBJECT.fullmatch(origin.removeprefix(prefix)):
            yield _InputSection(name, int(size, 16), origin)


def _is_flash(name: str) -> bool:
    return name.startswith((".text", ".rodata", ".data", ".ccmram"))


def _is_ram(name: str) -> bool:
    constant = name.startswith(".data.rel.ro")  # tables of addresses, which only a laptop relocates
    return name.startswith((".data", ".bss", ".ccmram", "COMMON")) and not constant
