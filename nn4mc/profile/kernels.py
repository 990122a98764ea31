"""The kernels that a firmware times by BENCH, run in the model: the same calls of the same program."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from nn4mc.profile import tally
from nn4mc.profile.core import Core
from nn4mc.profile.counting import Counts
from nn4mc.profile.cycles import HEADLINE, MODELS
from nn4mc.profile.flash import FlashWaits

_CASE = struct.Struct("<7I")
"""``bench_case_t`` of firmware/bench/bench_kernels.h: name, function, four arguments, operations."""
_LONGEST_NAME = 64


@dataclass(frozen=True)
class ModelledKernel:
    """What one call costs without what an empty function does: ``cycles`` by the name of the model's variant.

    ``wait_cycles`` come on top where flash has wait states, its code in the flash's cache already.
    """

    name: str
    operations: int
    cycles: Mapping[str, int]
    wait_cycles: int


def model_kernels(elf: Path, wait_states: int) -> tuple[ModelledKernel, ...]:
    """Run every kernel of a firmware with BENCH in an emulated core, in the order of the firmware's table.

    Raises BuildError for a program without kernels, ToolMissingError without the extra ``profile``.
    """
    core = Core(elf)
    cases = list(_cases(core))
    core.call("bench_prepare")
    waits = FlashWaits(core, HEADLINE, wait_states)
    empty, _ = _executed(core, waits, "bench_empty", ())
    around = _by_variant(core, empty)
    found = []
    for name, function, arguments, operations in cases:
        counts, waited = _executed(core, waits, function, arguments)
        cycles = {variant: spent - around[variant] for variant, spent in _by_variant(core, counts).items()}
        found.append(ModelledKernel(name, operations, cycles, waited))
    return tuple(found)


def _cases(core: Core) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Yield the firmware's table, which ends in a case without a name: name, function, arguments, operations."""
    for at in count(core.program.symbol("bench_cases"), _CASE.size):
        name, function, *arguments, operations = _CASE.unpack(core.read(at, _CASE.size))
        if name == 0:
            return
        text = core.read(name, _LONGEST_NAME).split(b"\0")[0].decode("ascii")
        yield text, core.program.function_at(function & ~1), tuple(arguments), operations


def _executed(core: Core, waits: FlashWaits, function: str, arguments: tuple[int, ...]) -> tuple[Counts, int]:
    """Return what the second of two calls executes and waits for flash."""
    core.call(function, *arguments)
    before, waited = core.counts(), waits.cycles
    core.call(function, *arguments)
    return core.counts() - before, waits.cycles - waited


def _by_variant(core: Core, counts: Counts) -> dict[str, int]:
    decoded = tally.decode_blocks(core.program, counts)
    return {name: tally.cycles(decoded, counts, model) for name, model in MODELS.items()}
