"""One line of the benchmark: a rig, a reference and a controller, with all that was measured of the flight."""

from collections.abc import Sequence

import msgspec
import numpy as np

from nn4mc.hil.metrics import command_use
from nn4mc.hil.record import Columns
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig_file import Signal
from nn4mc.profile.energy import STM32F405_POINTS, slowest_point
from nn4mc.tracking.bandwidth import Bandwidth
from nn4mc.tracking.published import ERRORS, FLASH_SHARE, POWER_MW, RATE_HZ, STEP_INSTRUCTIONS

FLASH_BYTES = 1 << 20
"""Of an STM32F405RG: 1 MB."""


class ModelledPower(msgspec.Struct, frozen=True):
    """Mean power of the microcontroller in mW by datasheet figures, asleep between steps; a model, not a measurement.

    ``mw`` and ``asleep_share`` of the time are at 168 MHz, ``slow_mw`` and ``slow_asleep_share`` at ``slow_clock_hz``,
    the slowest clock of the datasheet's table at which the longest step takes at most 80 % of the period. These three
    are None where no clock is fast enough.
    """

    mw: float
    asleep_share: float
    slow_clock_hz: float | None
    slow_mw: float | None
    slow_asleep_share: float | None


class Published(msgspec.Struct, frozen=True):
    """What stands beside a row, from `nn4mc.tracking.published`; instructions are known of one network alone."""

    largest_error_m: float
    rate_hz: float = RATE_HZ
    flash_share: float = FLASH_SHARE
    power_mw: float = POWER_MW
    step_instructions: int | None = None


class TrackingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One flight; None (null in JSON) stands for what this board, controller or flight cannot say.

    Errors are of the true position over ``window_s``; ``effort``, ``change`` and ``saturated_steps_share`` are as in
    `nn4mc.hil.metrics.CommandUse`. Iterations are the solver's, of all steps. Cycles and instructions are the
    controller's own, of all steps, counted on the board by ``cycle_source``; ``possible_hz`` is the board's clock over
    the most cycles. Flash and RAM (its state) are the controller's, the shares of 1 MB those of controller and whole
    firmware; ``stack_bytes`` is what the whole firmware has used so far. ``bandwidth`` is of a chirp only.
    """

    rig: str
    vehicle: str
    controller: str
    reference: str
    board: str
    seed: int
    mismatch: str
    rate_hz: float
    steps: int
    window_s: tuple[float, float]
    length_unit: str
    rms_error_m: float | None
    largest_error_m: float | None
    lost: bool
    mismatched_words: int
    bad_steps: int
    effort: float | None
    change: float | None
    saturated_steps_share: float | None
    iterations_mean: float | None
    iterations_most: int | None
    cycles_mean: float | None
    cycles_most: int | None
    cycle_source: str | None
    instructions_mean: float | None
    instructions_most: int | None
    possible_hz: float | None
    flash_bytes: int | None
    flash_share: float | None
    firmware_flash_share: float | None
    ram_bytes: int | None
    stack_bytes: int | None
    power: ModelledPower | None
    bandwidth: Bandwidth | None
    published: Published | None


def make_row(
    result: FlightResult,
    columns: Columns,
    command: Sequence[Signal],
    iterations: Sequence[float],
    stack_free: int,
    bandwidth: Bandwidth | None,
) -> TrackingRow:
    """Return the row of a flight; ``command`` is its rig's layout, ``stack_free`` what the board says of its stack.

    ``iterations`` has one number a step, or is empty where the controller does not iterate.
    """
    use = command_use(columns, result.window_s, command)
    firmware = result.firmware
    counted = result.device_instructions is not None
    rate_hz = 1 / result.period_s
    return TrackingRow(
        rig=result.rig,
        vehicle=result.vehicle,
        controller=result.controller,
        reference=result.reference,
        board=result.board,
        seed=result.seed,
        mismatch=result.mismatch,
        rate_hz=rate_hz,
        steps=result.steps,
        window_s=result.window_s,
        length_unit=result.length_unit,
        rms_error_m=result.rmse_m,
        largest_error_m=result.max_error_m,
        lost=result.lost,
        mismatched_words=result.mismatched_words,
        bad_steps=result.bad_steps,
        effort=use.effort,
        change=use.change,
        saturated_steps_share=use.saturated_steps_share,
        iterations_mean=float(np.mean(iterations)) if iterations else None,
        iterations_most=int(max(iterations)) if iterations else None,
        cycles_mean=result.device_cycles,
        cycles_most=result.device_cycles_max,
        cycle_source=result.cycle_source,
        instructions_mean=result.device_instructions,
        instructions_most=int(columns.instructions.max()) if counted else None,
        possible_hz=possible_rate(result.clock_hz, result.device_cycles_max),
        flash_bytes=firmware.controller_flash_bytes if firmware else None,
        flash_share=firmware.controller_flash_bytes / FLASH_BYTES if firmware else None,
        firmware_flash_share=firmware.flash_bytes / FLASH_BYTES if firmware else None,
        ram_bytes=firmware.controller_ram_bytes if firmware else None,
        stack_bytes=firmware.stack_bytes - stack_free if firmware and firmware.stack_bytes and stack_free else None,
        power=modelled_power(result.device_cycles, result.device_cycles_max, rate_hz),
        bandwidth=bandwidth,
        published=published(result.rig),
    )


def possible_rate(clock_hz: float | None, cycles: float | None) -> float | None:
    """Return how many steps of ``cycles`` fit into a second, None where either is not known."""
    return clock_hz / cycles if clock_hz and cycles else None


def modelled_power(cycles_mean: float | None, cycles_most: float | None, rate_hz: float) -> ModelledPower | None:
    """Return the power of an STM32F405 that makes ``rate_hz`` such steps a second; None where cycles are not known."""
    if cycles_mean is None or cycles_most is None:
        return None
    busy = cycles_mean * rate_hz
    fastest, slow = STM32F405_POINTS[0], slowest_point(STM32F405_POINTS, cycles_most, rate_hz)
    return ModelledPower(
        mw=fastest.mean_mw(busy),
        asleep_share=1 - fastest.duty(busy),
        slow_clock_hz=slow.clock_hz if slow else None,
        slow_mw=slow.mean_mw(busy) if slow else None,
        slow_asleep_share=1 - slow.duty(busy) if slow else None,
    )


def published(rig: str) -> Published | None:
    """Return what is published about the rig's platform, None where nothing is."""
    if rig not in ERRORS:
        return None
    return Published(ERRORS[rig].largest_m, step_instructions=STEP_INSTRUCTIONS if rig == "hasel" else None)
