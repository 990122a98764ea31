"""A compiled network inside the emulated core: its output words and its instructions for any input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import BuildError
from nn4mc.profile.core import PAINTED_STACK, STM32F405, Core, Memory
from nn4mc.profile.folder import NetworkFolder
from nn4mc.profile.program import Program, load_program

_DTYPES: dict[str, np.dtype[Any]] = {"float": np.dtype("<f4"), "int8_t": np.dtype("i1")}


class NetworkRunner:
    """A network on an emulated Cortex-M4F. Its struct, input and output lie in RAM behind the program's variables."""

    def __init__(
        self,
        elf: Path | Program,
        network: NetworkFolder,
        memories: Sequence[Memory] = STM32F405,
        count_conditionals: bool = True,
    ) -> None:
        """Load and initialise; BuildError when RAM is too small."""
        program = elf if isinstance(elf, Program) else load_program(elf)
        self.network = network
        self.core = Core(program, memories, count_conditionals)
        ram = self.core.ram
        ends = [one.at + one.size for one in program.sections if ram.holds(one.at)]
        self._context = _align(max([ram.at, *ends]))
        self._in = _align(self._context + network.context_bytes)
        self._out = _align(self._in + network.in_bytes)
        if self._out + network.out_bytes > self.core.stack_top - PAINTED_STACK:
            raise BuildError(
                f"{network.name} needs {self._out + network.out_bytes - ram.at:,} bytes of RAM with its input and "
                f"output, and the emulated core has {ram.size - PAINTED_STACK:,} beside the stack."
            )
        self.init()

    def init(self) -> None:
        """Set the state before the first step."""
        self.core.call(f"{self.network.name}_init", self._context)

    def run(self, row: npt.ArrayLike) -> tuple[int, npt.NDArray[np.generic]]:
        """Run one step on (in_len,) values and return the status, 0 or negative, and the (out_len,) outputs."""
        self.core.write(self._in, np.asarray(row, _DTYPES[self.network.in_type]).tobytes())
        status = self.core.call(f"{self.network.name}_run", self._context, self._in, self._out)
        words = self.core.read(self._out, self.network.out_bytes)
        return status - (status >> 31 << 32), np.frombuffer(words, _DTYPES[self.network.out_type])

    def run_all(self, rows: npt.ArrayLike) -> npt.NDArray[np.generic]:
        """Run (steps, in_len) values one after the other, the state carried on; returns (steps, out_len)."""
        outputs = [self.run(row)[1] for row in np.asarray(rows)]
        return np.array(outputs).reshape(-1, self.network.out_len)

    def instructions(self, rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Run (steps, in_len) values and return how many instructions each step took, from call to return."""
        counts = []
        for row in np.asarray(rows):
            before = self.core.instructions
            self.run(row)
            counts.append(self.core.instructions - before)
        return np.array(counts, np.int64)

    def stack(self, row: npt.ArrayLike) -> int:
        """Run one step on a painted stack and return how many bytes of it were written."""
        return self.core.painted_stack(lambda: self.run(row))


def _align(address: int) -> int:
    return (address + 7) & ~7
