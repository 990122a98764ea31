"""What the report says in words: the verdict, the summary table, and the list of numbers of each flight."""

from collections.abc import Sequence
from dataclasses import dataclass

from nn4mc.hil.result import FlightResult


@dataclass(frozen=True)
class Cell:
    """One cell of the summary: text, and whether it is a number, good or bad news."""

    text: str
    kind: str = ""


NOT_REACHED = "not reached"
"""Where a flight ended before the part that counts."""
IN_A_METRE = {"m": 1.0, "mm": 1000.0}
_DIGITS = {"m": 4, "mm": 3}
NOT_COUNTED = "not counted"
"""Where the board has no cycle counter."""

SUMMARY_HEADINGS = (
    "Vehicle",
    "Reference",
    "Controller",
    "Outcome",
    "RMSE",
    "Largest error",
    "Words that differ",
    "Controller time",
    "Steps/s",
)


def verdict(results: Sequence[FlightResult]) -> tuple[bool, str]:
    """Return whether all went well, and that as a sentence."""
    lost = sum(result.lost for result in results)
    words = sum(result.mismatched_words for result in results)
    bad = sum(result.bad_steps for result in results)
    count = f"{len(results)} flight" + ("" if len(results) == 1 else "s")
    flown = f"All {count} ended as planned" if not lost else f"{lost} of {count} lost the vehicle"
    same = (
        "every command from the board equals that of the same code on this computer, bit for bit"
        if not words
        else f"{words:,} words of the board's commands differ from those of the same code on this computer"
    )
    steps = "" if not bad else f" {bad:,} steps were refused as bad; see the flights."
    joint = ", and " if bool(lost) == bool(words) else ", but "
    return not (lost or words or bad), f"{flown}{joint}{same}.{steps}"


def outcome(result: FlightResult) -> Cell:
    """Return how the flight ended."""
    if result.lost:
        return Cell(f"lost after {result.steps * result.period_s:.1f} s", "bad")
    return Cell("completed", "good")


def summary_row(result: FlightResult) -> list[Cell]:
    """Return one row of the summary table, in the order of SUMMARY_HEADINGS."""
    return [
        Cell(result.vehicle),
        Cell(result.reference),
        Cell(result.controller),
        outcome(result),
        Cell(length(result.rmse_m, result.length_unit), "number"),
        Cell(length(result.max_error_m, result.length_unit), "number"),
        Cell(f"{result.mismatched_words:,}", "number bad" if result.mismatched_words else "number"),
        Cell(_device_time(result), "number"),
        Cell(f"{result.link.steps_per_s:,.0f}", "number"),
    ]


def details(result: FlightResult) -> list[tuple[str, str]]:
    """Return the rest of the numbers of a flight as pairs of what and how much."""
    start, end = result.window_s
    pairs = [
        ("Board", result.board),
        ("Steps", f"{result.steps:,} of {result.period_s * 1e3:g} ms"),
        ("RMSE taken over", f"{start:g} s to {end:g} s"),
        ("Mean offset x, y, z", _offset(result)),
        ("Bad steps", f"{result.bad_steps:,}"),
        ("Seed", str(result.seed)),
        ("Faults injected", result.faults or "none"),
        ("Link", _link(result)),
        ("Self-test error", f"{result.selftest_error:.2g}"),
        ("Model", f"{result.model_id} (sha256 {result.model_sha256[:16]}…)"),
        ("Firmware build", result.build_id),
        ("Options of the C", result.code or "defaults"),
    ]
    if result.device_cycles is not None:
        pairs.append(("Cycles a step", f"{result.device_cycles:,.0f} mean, {result.device_cycles_max:,} largest"))
        pairs.append(("Cycles counted by", result.cycle_source or "not said"))
    if result.device_instructions is not None:
        pairs.append(("Instructions a step", f"{result.device_instructions:,.1f} mean"))
    pairs[6:6] = _command_use(result)
    if result.mismatch:
        pairs.insert(5, ("Mismatch of the plant", result.mismatch))
    if result.controller:
        pairs.insert(1, ("Controller", result.controller))
    if result.reference_period_s:
        pairs.insert(2, ("One round takes", f"{result.reference_period_s:g} s"))
    if result.firmware:
        firmware = result.firmware
        pairs += [
            ("Controller", _sizes(firmware.controller_flash_bytes, firmware.controller_ram_bytes)),
            ("Whole firmware", _sizes(firmware.flash_bytes, firmware.ram_bytes)),
        ]
    return pairs


def length(value_m: float | None, unit: str) -> str:
    """Return a length in m as text in ``unit``, m or mm.

    >>> length(0.00123, "mm")
    '1.230 mm'
    """
    return NOT_REACHED if value_m is None else f"{value_m * IN_A_METRE[unit]:.{_DIGITS[unit]}f} {unit}"


def _offset(result: FlightResult) -> str:
    unit = result.length_unit
    if result.offset_m is None:
        return NOT_REACHED
    return ", ".join(f"{axis * IN_A_METRE[unit]:+.{_DIGITS[unit]}f}" for axis in result.offset_m) + f" {unit}"


def _command_use(result: FlightResult) -> list[tuple[str, str]]:
    if result.effort is None or result.saturation_share is None:
        return []
    return [
        ("Command effort", f"{result.effort:.3f} of half its range (RMS about the middle)"),
        ("Command at its limit", f"{result.saturation_share:.2%} of the words"),
    ]


def _sizes(flash: int, ram: int) -> str:
    return f"{flash:,} bytes flash, {ram:,} bytes RAM"


def _link(result: FlightResult) -> str:
    link = result.link
    return f"{link.frames:,} frames, {link.retries:,} sent again, {link.crc_errors:,} damaged ones dropped"


def _device_time(result: FlightResult) -> str:
    if result.device_cycles is not None:
        if result.clock_hz:
            return f"{result.device_cycles / result.clock_hz * 1e6:.1f} µs"
        return f"{result.device_cycles:,.0f} cycles"
    if result.device_instructions is not None:
        return f"{result.device_instructions:,.0f} instructions"
    return NOT_COUNTED
