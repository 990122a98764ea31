"""What the report says in words: the verdict, the summary table, and the list of numbers of each flight."""

from collections.abc import Sequence
from dataclasses import dataclass

from nn4mc.hil.result import FlightResult


@dataclass(frozen=True)
class Cell:
    """One cell of the summary: text, and whether it is a number, good or bad news."""

    text: str
    kind: str = ""


NOT_COUNTED = "not counted"
"""Where the board has no cycle counter."""

SUMMARY_HEADINGS = (
    "Vehicle",
    "Reference",
    "Outcome",
    "RMSE (m)",
    "Largest error (m)",
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
        outcome(result),
        Cell(_metres(result.rmse_m), "number"),
        Cell(_metres(result.max_error_m), "number"),
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
        ("Mean offset x, y, z", _offset(result.offset_m)),
        ("Bad steps", f"{result.bad_steps:,}"),
        ("Seed", str(result.seed)),
        ("Faults injected", result.faults or "none"),
        ("Link", _link(result)),
        ("Self-test error", f"{result.selftest_error:.2g}"),
        ("Model", f"{result.model_id} (sha256 {result.model_sha256[:16]}…)"),
        ("Firmware build", result.build_id),
    ]
    if result.device_cycles is not None:
        pairs.append(("Cycles a step", f"{result.device_cycles:,.0f} mean, {result.device_cycles_max:,} largest"))
        pairs.append(("Cycles counted by", result.cycle_source or "not said"))
    if result.device_instructions is not None:
        pairs.append(("Instructions a step", f"{result.device_instructions:,.1f} mean"))
    if result.reference_period_s:
        pairs.insert(2, ("One round takes", f"{result.reference_period_s:g} s"))
    if result.firmware:
        firmware = result.firmware
        pairs += [
            ("Controller", _sizes(firmware.controller_flash_bytes, firmware.controller_ram_bytes)),
            ("Whole firmware", _sizes(firmware.flash_bytes, firmware.ram_bytes)),
        ]
    return pairs


def _metres(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.4f}"


def _offset(offset: tuple[float, float, float] | None) -> str:
    return "not reached" if offset is None else ", ".join(f"{axis:+.4f}" for axis in offset) + " m"


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
