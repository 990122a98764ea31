"""What a controller takes on the board and how fast its loop is, over all of its flights."""

from collections.abc import Sequence

import msgspec

from nn4mc.tracking.bandwidth import Bandwidth
from nn4mc.tracking.row import ModelledPower, TrackingRow, modelled_power


class ControllerCost(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one controller of one rig: means over all steps, the most of any; fields as in `TrackingRow`."""

    rig: str
    controller: str
    rate_hz: float
    bandwidth: Bandwidth | None
    cycles_mean: float | None
    cycles_most: int | None
    instructions_mean: float | None
    possible_hz: float | None
    flash_bytes: int | None
    flash_share: float | None
    firmware_flash_share: float | None
    ram_bytes: int | None
    stack_bytes: int | None
    power: ModelledPower | None


def controller_costs(rows: Sequence[TrackingRow]) -> tuple[ControllerCost, ...]:
    """Return one cost for each rig and controller, in the order of the rows."""
    keys = dict.fromkeys((row.rig, row.controller) for row in rows)
    return tuple(_cost([row for row in rows if (row.rig, row.controller) == key]) for key in keys)


def _cost(rows: Sequence[TrackingRow]) -> ControllerCost:
    first = rows[0]
    cycles_mean = _mean([(row.cycles_mean, row.steps) for row in rows])
    cycles_most = max((row.cycles_most for row in rows if row.cycles_most is not None), default=None)
    return ControllerCost(
        rig=first.rig,
        controller=first.controller,
        rate_hz=first.rate_hz,
        bandwidth=next((row.bandwidth for row in rows if row.bandwidth is not None), None),
        cycles_mean=cycles_mean,
        cycles_most=cycles_most,
        instructions_mean=_mean([(row.instructions_mean, row.steps) for row in rows]),
        possible_hz=min((row.possible_hz for row in rows if row.possible_hz is not None), default=None),
        flash_bytes=first.flash_bytes,
        flash_share=first.flash_share,
        firmware_flash_share=first.firmware_flash_share,
        ram_bytes=first.ram_bytes,
        stack_bytes=max((row.stack_bytes for row in rows if row.stack_bytes is not None), default=None),
        power=modelled_power(cycles_mean, cycles_most, first.rate_hz),
    )


def _mean(values: Sequence[tuple[float | None, int]]) -> float | None:
    """Return the mean of the known values, each as often as it says."""
    known = [(value, steps) for value, steps in values if value is not None]
    steps = sum(steps for _, steps in known)
    return sum(value * steps for value, steps in known) / steps if steps else None
