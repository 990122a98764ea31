"""Snippets of assembly as programs for the emulated core."""

import subprocess
from pathlib import Path

from nn4mc.profile import tally
from nn4mc.profile.core import Core
from nn4mc.profile.cycles import CycleModel

_HEAD = ".syntax unified\n.thumb\n.cpu cortex-m4\n.fpu fpv4-sp-d16\n.text\n"
_FUNCTION = ".global f\n.thumb_func\n.type f, %function\nf:\n"
_DATA = ".bss\n.balign 8\n.global data\ndata: .space 256\n"


def assemble(body: str, folder: Path) -> Path:
    """Return an ELF whose function f is ``body``; r0 may point to the 256 zeroed bytes of ``data``."""
    source, elf = folder / "snippet.S", folder / "snippet.elf"
    source.write_text(_HEAD + _FUNCTION + body + "\n" + _DATA)
    flags = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-nostdlib"]
    link = ["-Wl,-Ttext=0x08000000", "-Wl,-Tbss=0x20000000", "-Wl,-e,f"]
    subprocess.run(["arm-none-eabi-gcc", *flags, *link, str(source), "-o", str(elf)], check=True)
    return elf


def run(body: str, folder: Path, *arguments: int) -> Core:
    """Return a core that has called f once; r0 is ``data`` unless ``arguments`` say otherwise."""
    core = Core(assemble(body, folder))
    core.call("f", *(arguments or (core.program.symbol("data"),)))
    return core


def cycles(core: Core, model: CycleModel) -> int:
    """Return the modelled cycles of all that a core executed."""
    counts = core.counts()
    return tally.cycles(tally.decode_blocks(core.program, counts), counts, model)
