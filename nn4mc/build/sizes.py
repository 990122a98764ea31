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


@dataclass(frozen=True)
class FirmwareSizes:
    """Bytes of a firmware. Flash is code, constants and initial values; RAM is variables and the whole stack.

    The controller's flash is its own code and weights with the kernels and elementary functions they call; its
    RAM is its state and its variables.
    """

    flash_bytes: int
    ram_bytes: int
    controller_flash_bytes: int
    controller_ram_bytes: int


@dataclass(frozen=True)
class _InputSection:
    name: str
    size: int
    origin: str


def firmware_sizes(firmware: Firmware) -> FirmwareSizes:
    """Measure a built firmware from its program and its linker map.

    Raises BuildError when the two are not what firmware/platform builds, ToolMissingError without pyelftools.
    """
    flash, ram, state = _program_sizes(firmware.elf)
    sections = list(_controller_sections(firmware.map))
    if not sections:
        raise BuildError(f"{firmware.map} lists no section of a controller. Delete its folder and build again.")
    return FirmwareSizes(
        flash_bytes=flash,
        ram_bytes=ram,
        controller_flash_bytes=sum(s.size for s in sections if _is_flash(s.name)),
        controller_ram_bytes=state + sum(s.size for s in sections if _is_ram(s.name)),
    )


def _program_sizes(elf: Path) -> tuple[int, int, int]:
    """Return the flash, the RAM and the controller's state of a program, in bytes."""
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
        states = symbols.get_symbol_by_name(_STATE) if isinstance(symbols, SymbolTableSection) else None
    if not states:
        raise BuildError(f"{elf} has no symbol '{_STATE}': it was stripped, or is not nn4mc's firmware.")
    return flash, ram, int(states[0]["st_size"])


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
