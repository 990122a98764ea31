"""``sim://cortex-m4``: the firmware of a board on a microcontroller that is emulated inside this process."""

import time
from pathlib import Path

from nn4mc.errors import ConfigError, LinkError
from nn4mc.profile.machine import CLOCK_HZ, Machine

SIM_BOARDS = {"cortex-m4": "netduinoplus2"}
"""The emulated boards, and whose firmware each runs."""
_BOOT_CYCLES = int(0.02 * CLOCK_HZ)


class SimLink:
    """A line to an emulated microcontroller. It runs only inside ``read``, by its own clock."""

    def __init__(self, board: str, elf: Path, timed_line: bool = False) -> None:
        """Boot ``elf``; on a timed line bytes take as long as at the firmware's baud rate.

        Raises ConfigError for a board there is not, ToolMissingError without the extra ``profile`` or gcc.
        """
        if board not in SIM_BOARDS:
            raise ConfigError(f"sim://{board} is not known. Known: {', '.join(SIM_BOARDS)}.")
        self._name = f"sim://{board}"
        self._machine = Machine(elf, timed_line=timed_line)
        self._boot = self._machine.run(_BOOT_CYCLES)

    def write(self, data: bytes) -> None:
        """Put all of ``data`` on the line."""
        taken = self._machine.receive(data)
        if taken < len(data):
            raise LinkError(f"{self._name}: its line is full, {len(data) - taken} bytes were lost. Read from it first.")

    def read(self, timeout_s: float) -> bytes:
        """Run until the firmware has answered, at most ``timeout_s`` of its time; without an answer wait that long."""
        began = time.monotonic()
        data = self._boot or self._machine.run(int(max(0.0, timeout_s) * CLOCK_HZ))
        self._boot = b""
        if not data:
            time.sleep(max(0.0, timeout_s - (time.monotonic() - began)))
        return data

    def close(self) -> None:
        """End the emulation."""
        self._machine.close()

    def describe(self) -> str:
        """Name the board."""
        return self._name

    @property
    def now(self) -> int:
        """The board's time since power-on in clocks of its core."""
        return self._machine.now

    @property
    def cycle_model(self) -> str:
        """The model that its cycle counter counts by."""
        return self._machine.model.name

    @property
    def step_instructions(self) -> int:
        """Instructions between the last two readings of the cycle counter: those of the controller's last step."""
        return self._machine.instructions_between
