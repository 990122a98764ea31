"""An STM32F405 in this process: the firmware's own ELF, its devices and interrupts, and time by the cycle model.

The devices are C (native/machine.c, devices.c, usart.c). Time is modelled cycles plus those asleep, so the same bytes
at the same moments give the same run. Exceptions cost 12 cycles on the way in and 12 on the way out.
"""

import ctypes
from pathlib import Path

from nn4mc.errors import LinkError
from nn4mc.profile import native_library
from nn4mc.profile.core import CCM, FLASH, RAM, priced_conditionals
from nn4mc.profile.counting import NativeCounting
from nn4mc.profile.cycles import HEADLINE, CycleModel, block_costs, skip_savings, transfer_cost
from nn4mc.profile.engine import arm, function_address, hook, library, new_engine, unicorn
from nn4mc.profile.program import Program, load_program
from nn4mc.profile.tally import decode_block

CLOCK_HZ = 168e6
_PERIPHERALS, _PERIPHERALS_SIZE = 0x40000000, 0x80000
_CORE_DEVICES, _CORE_DEVICES_SIZE = 0xE0000000, 0x100000
_EXCEPTION_RETURN = 0x0FFFF000
_LOCKED_UP, _ENDLESS = 2, 3
_POWER_ON = 0
_CHUNK = 4096
_PAGE = 4096
_NEVER = (1 << 64) - 1

_PRICE_BLOCK = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_uint32, ctypes.c_uint32)
_PRICE_EDGE = ctypes.CFUNCTYPE(ctypes.c_int32, *4 * [ctypes.c_uint32])
_CALLS = ("uc_emu_start", "uc_emu_stop", "uc_reg_read_batch", "uc_reg_write_batch", "uc_mem_read", "uc_mem_write")


class Machine:
    """A microcontroller that runs a firmware; ``program`` is that, ``model`` what its cycles are of."""

    def __init__(self, elf: Path, model: CycleModel = HEADLINE, timed_line: bool = False) -> None:
        """Load a firmware and release the reset. On a timed line bytes take as long as on a real one.

        Raises BuildError for a file that is no firmware, ToolMissingError without gcc or the extra ``profile``.
        """
        self.program: Program = load_program(elf)
        self.model = model
        self._library = native_library.load()
        self._engine = new_engine()
        for memory in (FLASH, CCM):
            self._engine.mem_map(memory.at, memory.size, _permissions(memory.name == FLASH.name))
        self._ram = ctypes.create_string_buffer(RAM.size + _PAGE)
        """A whole page more, to begin at one."""
        ram_at = (ctypes.addressof(self._ram) + _PAGE - 1) & -_PAGE
        self._engine.mem_map_ptr(RAM.at, RAM.size, unicorn().UC_PROT_ALL, ram_at)
        self._engine.mem_map(_EXCEPTION_RETURN, 0x1000)
        for at, data in self.program.loads:
            self._engine.mem_write(at, data)
        self._engine.ctl_exits_enabled(True)
        self._engine.ctl_set_exits([_EXCEPTION_RETURN])
        self._counting = NativeCounting(self._engine, priced_conditionals(self.program), blocks=False)
        self._fault: Exception | None = None
        self._price()
        self._machine = self._new_machine(ram_at)
        self._library.machine_time_line(self._machine, int(timed_line))
        hook(self._engine, unicorn().UC_HOOK_BLOCK, self._library.machine_on_block, self._machine)
        self._map("devices", _PERIPHERALS, _PERIPHERALS_SIZE)
        self._map("core", _CORE_DEVICES, _CORE_DEVICES_SIZE)
        self._library.machine_reset(self._machine, _POWER_ON)

    def close(self) -> None:
        """Give the memory back; a second call does nothing."""
        if self._machine:
            self._library.machine_free(self._machine)
            self._machine = ctypes.c_void_p()

    @property
    def now(self) -> int:
        """Time since power-on in clocks of the core."""
        return int(self._library.machine_now(self._machine))

    @property
    def instructions(self) -> int:
        """Instructions executed since power-on."""
        return self._counting.executed

    @property
    def instructions_between(self) -> int:
        """Instructions between the last two readings of the cycle counter."""
        return int(self._library.machine_between(self._machine))

    def receive(self, data: bytes) -> int:
        """Put bytes on the line to the firmware's USART and return how many it took; each takes its time there."""
        return int(self._library.machine_receive(self._machine, data, len(data)))

    def run(self, cycles: int) -> bytes:
        """Run until the firmware has answered and sleeps, at most for some cycles; return the bytes it sent.

        Raises LinkError when a fault hits the fault handler, and what the cycle model raises.
        """
        until = min(self.now + cycles, _NEVER - 1)
        status = self._library.machine_run(self._machine, ctypes.c_uint64(until))
        if self._fault is not None:
            raise self._fault
        if status == _LOCKED_UP:
            raise LinkError("the emulated core locked up: a fault inside its fault handler.")
        if status == _ENDLESS:
            raise LinkError("the emulated core sleeps for ever: no device will wake it.")
        buffer = ctypes.create_string_buffer(_CHUNK)
        count = self._library.machine_take(self._machine, buffer, _CHUNK)
        return buffer.raw[:count]

    def read(self, at: int, size: int) -> bytes:
        """Return bytes of the firmware's memory."""
        return bytes(self._engine.mem_read(at, size))

    def _price(self) -> None:
        """Have the counter told what blocks and transitions cost, when it meets them first."""
        self._callbacks = (_PRICE_BLOCK(self._block_cycles), _PRICE_EDGE(self._edge_cycles))
        self._library.counter_price(self._counting.counter, *self._callbacks)
        for at, one in self._counting.conditionals.items():
            one.cycles = self._saving(at)
            one.counter = ctypes.cast(self._counting.counter, ctypes.c_void_p)

    def _saving(self, at: int) -> int:
        size = self.program.instruction_size(at)
        return dict(skip_savings(decode_block(self.program, (at, size)), self.model)).get(at, 0)

    def _block_cycles(self, at: int, size: int) -> int:
        try:
            block = decode_block(self.program, (at, size))
            counted = (one.cycles for place, one in self._counting.conditionals.items() if at <= place < at + size)
            return int(sum(block_costs(block, self.model)) - sum(counted))
        except Exception as error:
            self._fault = error
            return 0

    def _edge_cycles(self, at: int, size: int, then_at: int, then_size: int) -> int:
        try:
            block = decode_block(self.program, (at, size))
            then = decode_block(self.program, (then_at, then_size)) if then_size else None
            return transfer_cost(block, then, self.model)
        except Exception as error:
            self._fault = error
            return 0

    def _new_machine(self, ram_at: int) -> ctypes.c_void_p:
        number = arm()
        named = [number.UC_ARM_REG_R0 + i for i in range(4)]
        named += [number.UC_ARM_REG_R12, number.UC_ARM_REG_LR, number.UC_ARM_REG_PC, number.UC_ARM_REG_XPSR]
        named += [number.UC_ARM_REG_SP]
        named += [number.UC_ARM_REG_D0 + i for i in range(8)]
        named += [number.UC_ARM_REG_FPSCR, number.UC_ARM_REG_PRIMASK]
        calls = (ctypes.c_void_p * len(_CALLS))(*(function_address(name).value for name in _CALLS))
        self._library.machine_new.restype = ctypes.c_void_p
        for name in ("machine_now", "machine_between"):
            getattr(self._library, name).restype = ctypes.c_uint64
        registers = (ctypes.c_int * len(named))(*named)
        engine = ctypes.c_void_p(self._engine._uch.value)
        ram = ctypes.c_void_p(ram_at)
        return ctypes.c_void_p(self._library.machine_new(engine, self._counting.counter, calls, registers, ram))

    def _map(self, part: str, at: int, size: int) -> None:
        """Let C answer for a range of addresses."""
        mapped = library().uc_mmio_map(
            self._engine._uch,
            ctypes.c_uint64(at),
            ctypes.c_size_t(size),
            ctypes.cast(getattr(self._library, f"{part}_read"), ctypes.c_void_p),
            self._machine,
            ctypes.cast(getattr(self._library, f"{part}_write"), ctypes.c_void_p),
            self._machine,
        )
        if mapped != 0:
            raise RuntimeError(f"Unicorn refused devices at 0x{at:08x}: error {mapped}")


def _permissions(read_only: bool) -> int:
    uc = unicorn()
    return int(uc.UC_PROT_READ | uc.UC_PROT_EXEC) if read_only else int(uc.UC_PROT_ALL)
