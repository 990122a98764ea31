"""Flash wait states: how long a core waits for code and constants that lie in slow flash. A model.

What it assumes, after the accelerator of an STM32F405 (RM0090 section 3.4):

- A read of flash brings a line of 16 bytes and takes ``wait_states`` cycles more than one of RAM.
- 64 lines of code and 8 lines of data are kept, the least recently used one goes; a kept line costs nothing.
- While a line of code runs, the next one is fetched: running on into it waits only for what is left of the fetch.
  A jump to a line that is not kept waits in full. Data are not fetched ahead.
- Fetches of code and reads of data do not get in each other's way, and RAM never waits.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from nn4mc.profile.core import FLASH, Core
from nn4mc.profile.cycles import CycleModel, block_costs
from nn4mc.profile.engine import unicorn
from nn4mc.profile.isa import Instruction, decode

LINE = 16
CODE_LINES = 64
DATA_LINES = 8


class Lines:
    """A cache of lines, the least recently used one goes."""

    def __init__(self, size: int) -> None:
        """Begin empty."""
        self._size = size
        self._kept: OrderedDict[int, None] = OrderedDict()

    def take(self, line: int) -> bool:
        """Use a line; return whether it was kept."""
        if line in self._kept:
            self._kept.move_to_end(line)
            return True
        self._kept[line] = None
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return False


class FlashWaits:
    """Watches a core and adds up the cycles that it waits for flash."""

    def __init__(self, core: Core, model: CycleModel, wait_states: int) -> None:
        """Hook the core; it runs some ten times slower from now on."""
        self.cycles = 0
        self._core = core
        self._model = model
        self._wait_states = wait_states
        self._code, self._data = Lines(CODE_LINES), Lines(DATA_LINES)
        self._runs: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._last = (-1, 0, 0)
        """The line that ran last, the cycles in it, and the address behind."""
        core.engine.hook_add(unicorn().UC_HOOK_BLOCK, self._on_block)
        core.engine.hook_add(unicorn().UC_HOOK_MEM_READ, self._on_read, begin=FLASH.at, end=FLASH.at + FLASH.size - 1)
        core.engine.ctl_flush_tb()

    def _on_block(self, engine: Any, address: int, size: int, _: object) -> None:
        if (address, size) not in self._runs:
            block = decode(self._core.program.code_at(address, size), address, self._core.program.conditions)
            self._runs[address, size] = _by_line(block, block_costs(block, self._model))
        before, spent, behind = self._last
        running_on = behind == address
        for line, cycles in self._runs[address, size]:
            if line == before and running_on:
                spent += cycles
                continue
            if not self._code.take(line) and FLASH.holds(line):
                ahead = spent if running_on and line == before + LINE else 0
                self.cycles += max(0, self._wait_states - ahead)
            before, spent, running_on = line, cycles, True
        self._last = (before, spent, address + size)

    def _on_read(self, engine: Any, kind: int, address: int, size: int, value: int, _: object) -> None:
        for line in range(address & -LINE, address + size, LINE):
            if not self._data.take(line):
                self.cycles += self._wait_states


def _by_line(block: Sequence[Instruction], costs: Sequence[int]) -> list[tuple[int, int]]:
    """Return the lines that a run of instructions lies in, in order, each with the cycles spent there."""
    lines: list[tuple[int, int]] = []
    for one, cycles in zip(block, costs, strict=True):
        for line in range(one.at & -LINE, one.end, LINE):
            spent = cycles if line == one.at & -LINE else 0
            if lines and lines[-1][0] == line:
                lines[-1] = (line, lines[-1][1] + spent)
            else:
                lines.append((line, spent))
    return lines
