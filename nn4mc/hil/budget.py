"""Holds flights against the budget of their rig."""

from collections.abc import Sequence

from nn4mc.hil.result import FlightResult
from nn4mc.profile.budget import Budget


def broken_budgets(budget: Budget, results: Sequence[FlightResult]) -> list[str]:
    """Return a line for each limit that any flight exceeds, the largest figure of all flights in it.

    Cycles and instructions are the controller's, of its longest step and of the mean step, where the board counts them;
    flash and RAM are the controller's in the firmware. What a board cannot say is not held against it.
    """
    sizes = [result.firmware for result in results if result.firmware is not None]
    return budget.broken(
        cycles=_largest([result.device_cycles_max for result in results]),
        instructions=_largest([result.device_instructions for result in results]),
        flash=_largest([size.controller_flash_bytes for size in sizes]),
        ram=_largest([size.controller_ram_bytes for size in sizes]),
    )


def _largest(figures: Sequence[float | None]) -> float | None:
    return max((figure for figure in figures if figure is not None), default=None)
