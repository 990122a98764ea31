"""Counts what an emulated core executes: in C inside Unicorn's hooks, or in Python with the same figures, slowly."""

import ctypes
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nn4mc.profile import native_library
from nn4mc.profile.engine import function_address, hook, unicorn

CALLER = -1
"""Stands in a transition for whoever called: it has no block."""
_OUTSIDE = (0, 0)


@dataclass(frozen=True)
class Counts:
    """How often what was executed: transitions between blocks, a block being an address and its bytes.

    The first block of a call comes from block (0, 0), the last one goes there. ``done`` counts by address how often
    the condition of an instruction of an IT block held, for those where that changes what it costs.
    """

    transitions: Mapping[tuple[tuple[int, int], tuple[int, int]], int]
    done: Mapping[int, int]

    def __sub__(self, earlier: "Counts") -> "Counts":
        """Return what was executed since ``earlier``."""
        return Counts(
            dict(Counter(self.transitions) - Counter(earlier.transitions)),
            {at: count - earlier.done.get(at, 0) for at, count in self.done.items()},
        )

    def blocks(self) -> Mapping[tuple[int, int], int]:
        """Return how often each block was entered."""
        entered: Counter[tuple[int, int]] = Counter()
        for (_, to), count in self.transitions.items():
            entered[to] += count
        entered.pop(_OUTSIDE, None)
        return entered


class Counting(Protocol):
    """Hooks in an engine that count."""

    @property
    def executed(self) -> int:
        """Instructions executed so far."""

    @property
    def current(self) -> tuple[int, int]:
        """The block that is executed; (0, 0) between calls."""

    def start(self, limit: int) -> None:
        """Begin a call that may execute ``limit`` instructions from now on."""

    def finish(self) -> None:
        """End a call."""

    def counts(self) -> Counts:
        """Return all that was counted."""


def start_counting(engine: Any, conditionals: Iterable[int]) -> Counting:
    """Hook a Unicorn engine; ``conditionals`` are the instructions, by address, that are counted one by one."""
    if native_library.available():
        return NativeCounting(engine, conditionals)
    return PythonCounting(engine, conditionals)


class _Edge(ctypes.Structure):
    _fields_ = (
        ("from_block", ctypes.c_int32),
        ("to_block", ctypes.c_int32),
        ("next", ctypes.c_int32),
        ("cycles", ctypes.c_int32),
        ("count", ctypes.c_uint64),
    )


class _Block(ctypes.Structure):
    _fields_ = (
        ("address", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("instructions", ctypes.c_uint32),
        ("first_edge", ctypes.c_int32),
        ("cycles", ctypes.c_int32),
        ("waits", ctypes.c_uint32),
        ("floats", ctypes.c_uint32),
    )


class _Counter(ctypes.Structure):
    _fields_ = (
        ("executed", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("blocks", ctypes.POINTER(_Block)),
        ("edges", ctypes.POINTER(_Edge)),
        ("block_count", ctypes.c_int32),
        ("edge_count", ctypes.c_int32),
        ("previous", ctypes.c_int32),
    )


class Conditional(ctypes.Structure):
    """An instruction of an IT block that is counted one by one (conditional_t)."""

    _fields_ = (("done", ctypes.c_uint64), ("cycles", ctypes.c_uint64), ("counter", ctypes.c_void_p))


class NativeCounting:
    """Counts in C (native/counter.c). ``counter`` is its struct there, ``conditionals`` those of its instructions."""

    def __init__(self, engine: Any, conditionals: Iterable[int], blocks: bool = True) -> None:
        """Hook the engine; without ``blocks`` others tell of them. BuildError when the C cannot be compiled."""
        self._library = native_library.load()
        self._library.counter_new.restype = ctypes.POINTER(_Counter)
        self._library.counter_free.restype = None
        self._library.counter_leave.restype = None
        self.counter = self._library.counter_new(function_address("uc_mem_read"), function_address("uc_emu_stop"))
        if blocks:
            hook(engine, unicorn().UC_HOOK_BLOCK, self._library.counter_on_block, self.counter)
        self.conditionals = {address: Conditional() for address in conditionals}
        for address, one in self.conditionals.items():
            hook(engine, unicorn().UC_HOOK_CODE, self._library.counter_on_conditional, ctypes.byref(one), address)

    def __del__(self) -> None:
        """Give the counters back; the engine's hooks must not run any more."""
        if hasattr(self, "counter"):
            self._library.counter_free(self.counter)

    @property
    def executed(self) -> int:
        """Instructions executed so far."""
        return int(self.counter.contents.executed)

    @property
    def current(self) -> tuple[int, int]:
        """The block that is executed; (0, 0) between calls."""
        found = self.counter.contents
        block = found.blocks[found.previous] if found.previous >= 0 else None
        return (block.address, block.size) if block else _OUTSIDE

    def start(self, limit: int) -> None:
        """Begin a call that may execute ``limit`` instructions from now on."""
        self.counter.contents.limit = self.executed + limit

    def finish(self) -> None:
        """End a call."""
        self._library.counter_leave(self.counter)

    def counts(self) -> Counts:
        """Return all that was counted."""
        found = self.counter.contents
        blocks = [(found.blocks[i].address, found.blocks[i].size) for i in range(found.block_count)]
        blocks.append(_OUTSIDE)  # index -1
        edges = (found.edges[i] for i in range(found.edge_count))
        transitions = {(blocks[edge.from_block], blocks[edge.to_block]): int(edge.count) for edge in edges}
        return Counts(transitions, {at: int(one.done) for at, one in self.conditionals.items()})


class PythonCounting:
    """Counts in Python: for machines without a compiler, and to check the other one."""

    def __init__(self, engine: Any, conditionals: Iterable[int]) -> None:
        """Hook the engine."""
        self._executed = 0
        self._limit = 0
        self._previous = _OUTSIDE
        self._transitions: Counter[tuple[tuple[int, int], tuple[int, int]]] = Counter()
        self._lengths: dict[tuple[int, int], int] = {}
        self._done = dict.fromkeys(conditionals, 0)
        engine.hook_add(unicorn().UC_HOOK_BLOCK, self._on_block)
        for address in self._done:
            engine.hook_add(unicorn().UC_HOOK_CODE, self._on_conditional, begin=address, end=address)

    @property
    def executed(self) -> int:
        """Instructions executed so far."""
        return self._executed

    @property
    def current(self) -> tuple[int, int]:
        """The block that is executed; (0, 0) between calls."""
        return self._previous

    def start(self, limit: int) -> None:
        """Begin a call that may execute ``limit`` instructions from now on."""
        self._limit = self._executed + limit

    def finish(self) -> None:
        """End a call."""
        if self._previous != _OUTSIDE:
            self._transitions[self._previous, _OUTSIDE] += 1
        self._previous = _OUTSIDE

    def counts(self) -> Counts:
        """Return all that was counted."""
        return Counts(dict(self._transitions), dict(self._done))

    def _on_block(self, engine: Any, address: int, size: int, _: object) -> None:
        if self._executed >= self._limit:
            engine.emu_stop()
            return
        block = (address, size)
        if block not in self._lengths:
            self._lengths[block] = _count_instructions(bytes(engine.mem_read(address, size)))
        self._transitions[self._previous, block] += 1
        self._previous = block
        self._executed += self._lengths[block]

    def _on_conditional(self, engine: Any, address: int, size: int, _: object) -> None:
        self._done[address] += 1


def _count_instructions(code: bytes) -> int:
    count, at = 0, 0
    while at < len(code):
        at += 4 if code[at + 1] >> 3 in (0b11101, 0b11110, 0b11111) else 2
        count += 1
    return count
