"""From counts to figures: instructions, which are exact, and cycles, which are a model's."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nn4mc.profile.counting import Counts
from nn4mc.profile.cycles import CycleModel, block_costs, skip_savings, transfer_cost
from nn4mc.profile.isa import Instruction, decode
from nn4mc.profile.program import Program

Block = tuple[int, int]
"""Address and bytes."""


@dataclass(frozen=True)
class Decoded:
    """The blocks of a program that were executed, decoded; the caller's block (0, 0) is not one."""

    blocks: Mapping[Block, tuple[Instruction, ...]]


def decode_blocks(program: Program, counts: Counts) -> Decoded:
    """Decode every block that was executed; BuildError when one is not code of the program."""
    return Decoded({block: decode_block(program, block) for block in counts.blocks()})


def instructions(decoded: Decoded, counts: Counts) -> int:
    """Return the exact number of instructions; one whose condition fails counts, as it does on a real core."""
    return sum(len(decoded.blocks[block]) * count for block, count in counts.blocks().items())


def cycles(decoded: Decoded, counts: Counts, model: CycleModel) -> int:
    """Return the cycles that a model charges, the return to the caller included."""
    return sum(charged for _, charged in _charges(decoded, counts, model))


def by_function(program: Program, decoded: Decoded, counts: Counts, model: CycleModel) -> dict[str, tuple[int, int]]:
    """Return instructions and cycles of each function, the costliest first; what it calls is not in it."""
    taken: Counter[str] = Counter()
    charged: Counter[str] = Counter()
    for block, count in counts.blocks().items():
        taken[program.function_at(block[0])] += len(decoded.blocks[block]) * count
    for at, cost in _charges(decoded, counts, model):
        charged[program.function_at(at)] += cost
    return {name: (taken[name], cost) for name, cost in charged.most_common()}


def _charges(decoded: Decoded, counts: Counts, model: CycleModel) -> Iterator[tuple[int, int]]:
    """Yield address and cycles of all that was executed."""
    savings: dict[int, int] = {}
    for block, count in counts.blocks().items():
        run = decoded.blocks[block]
        yield block[0], sum(block_costs(run, model)) * count
        # What an IT block's instruction saves by doing nothing: taken off for all, given back to those that were done.
        for at, saved in skip_savings(run, model):
            if at in counts.done:
                savings[at] = saved
                yield at, -saved * count
    for at, saved in savings.items():
        yield at, saved * counts.done[at]
    for (before, then), count in counts.transitions.items():
        if before in decoded.blocks:
            yield before[0], count * transfer_cost(decoded.blocks[before], decoded.blocks.get(then), model)


def decode_block(program: Program, block: Block) -> tuple[Instruction, ...]:
    """Decode one block; BuildError when it is not code of the program."""
    return _cached(program.code_at(*block), block[0], tuple(_inside(program.conditions, block)))


def _inside(conditions: Mapping[int, str], block: Block) -> list[tuple[int, str]]:
    return [(at, conditions[at]) for at in range(block[0], block[0] + block[1], 2) if at in conditions]


@lru_cache(maxsize=65536)
def _cached(code: bytes, at: int, conditions: tuple[tuple[int, str], ...]) -> tuple[Instruction, ...]:
    return decode(code, at, dict(conditions))
