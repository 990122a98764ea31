"""Tells the layers of a network apart: a build has a label behind each layer, and the core says when it passes one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from nn4mc.profile import tally
from nn4mc.profile.core import Core
from nn4mc.profile.counting import Counts
from nn4mc.profile.cycles import CycleModel, block_costs
from nn4mc.profile.flash import FlashWaits
from nn4mc.profile.link import MARK


@dataclass(frozen=True)
class _Passing:
    """A label that was passed: what had been counted, and how much of the block around it was still to come."""

    counts: Counts
    instructions_ahead: int
    cycles_ahead: int
    waits: int


@dataclass(frozen=True)
class LayerFigures:
    """What was executed up to a layer's label, since the one before it."""

    instructions: int
    cycles: int
    wait_cycles: int


def watch_layers(core: Core, waits: FlashWaits, model: CycleModel) -> Callable[[], list[LayerFigures]]:
    """Hook the labels of a core's program and return a function that is called after a step.

    It returns the figures of the parts between labels in the order they were passed; the last part goes from the last
    label to the return, and the first one begins with the call.
    """
    passed: list[_Passing] = []

    def passing(at: int) -> None:
        counts = core.counts()
        block = tally.decode_block(core.program, core.counting.current)
        ahead = [index for index, one in enumerate(block) if one.at >= at]
        costs = block_costs(block, model)
        passed.append(_Passing(counts, len(ahead), sum(costs[index] for index in ahead), waits.cycles))

    for name, at in core.program.symbols.items():
        if name.startswith(MARK):
            core.on_instruction(at, partial(passing, at))
    start = _Passing(core.counts(), 0, 0, waits.cycles)

    def figures() -> list[LayerFigures]:
        points = [start, *passed, _Passing(core.counts(), 0, 0, waits.cycles)]
        return [_between(core, model, before, after) for before, after in pairwise(points)]

    return figures


def _between(core: Core, model: CycleModel, before: _Passing, after: _Passing) -> LayerFigures:
    counts = after.counts - before.counts
    decoded = tally.decode_blocks(core.program, counts)
    return LayerFigures(
        tally.instructions(decoded, counts) - after.instructions_ahead + before.instructions_ahead,
        tally.cycles(decoded, counts, model) - after.cycles_ahead + before.cycles_ahead,
        after.waits - before.waits,
    )
