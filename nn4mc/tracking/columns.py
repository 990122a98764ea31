"""The two tables of the benchmark as columns: what each is called, what it means, and its text in a row.

A line of the first is a flight. The second is turned: its columns are the controllers, whose figures are many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from nn4mc.hil.report_text import NOT_REACHED
from nn4mc.tracking.bandwidth import Bandwidth
from nn4mc.tracking.cost import ControllerCost
from nn4mc.tracking.published import ERRORS, FLASH_SHARE, PAPER, POWER_MW, RATE_HZ, STEP_INSTRUCTIONS
from nn4mc.tracking.row import TrackingRow

Kind = TypeVar("Kind")
NOTHING = "-"


@dataclass(frozen=True)
class Column(Generic[Kind]):
    """One column; ``about`` explains it, ``number`` aligns it right, ``terminal`` says that a terminal shows it too."""

    heading: str
    about: str
    text: Callable[[Kind], str]
    number: bool = True
    terminal: bool = True


def _of(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _millimetres(value_m: float | None) -> str:
    if value_m is None:
        return NOT_REACHED
    return f"{value_m * 1e3:.3f}" if value_m < 0.01 else f"{value_m * 1e3:.1f}"


def _flow(row: TrackingRow) -> str:
    trouble = [text for told, text in ((row.lost, "lost"), (row.mismatched_words, "other bits than the host")) if told]
    return f"{row.reference} ({', '.join(trouble)})" if trouble else row.reference


def _iterations(row: TrackingRow) -> str:
    return NOTHING if row.iterations_mean is None else f"{row.iterations_mean:.2f}, {row.iterations_most}"


def _pair(mean: float | None, most: int | None) -> str:
    return NOTHING if mean is None else f"{mean:,.0f}, {most:,}"


def bandwidth_text(found: Bandwidth | None) -> str:
    """Return where a loop falls to -3 dB, with what else must be known of it."""
    if found is None:
        return NOTHING
    if not found.fell:
        return f">= {found.hz:.1f} Hz"
    return f"{found.hz:.2f} Hz" + (
        f" (a dip: above again up to {found.last_hz:.2f} Hz)" if found.last_hz > found.hz else ""
    )


def _peak(found: Bandwidth | None) -> str:
    return NOTHING if found is None else f"{found.peak_db:+.1f} dB at {found.peak_hz:.1f} Hz"


def _slow_power(cost: ControllerCost) -> str:
    if cost.power is None:
        return NOTHING
    if cost.power.slow_mw is None or cost.power.slow_clock_hz is None:
        return "no clock is fast enough"
    asleep = cost.power.slow_asleep_share or 0.0
    return f"{cost.power.slow_mw:.1f} mW at {cost.power.slow_clock_hz / 1e6:g} MHz, asleep {asleep:.0%}"


def _power(cost: ControllerCost) -> str:
    return NOTHING if cost.power is None else f"{cost.power.mw:.1f} mW, asleep {cost.power.asleep_share:.0%}"


FLIGHT_COLUMNS: tuple[Column[TrackingRow], ...] = (
    Column("Reference", "The path to follow; docs/rigs.md describes them.", _flow, number=False),
    Column(
        "Controller",
        "As the rig lists them. `nmpc_exact` is nmpc with Newton-Raphson's exact Hessian in its later iterations.",
        lambda row: row.controller,
        number=False,
    ),
    Column(
        "RMS, mm",
        "Root mean square distance of the true position from the reference over the reference's window: from where it "
        "has got up to speed to its end.",
        lambda row: _millimetres(row.rms_error_m),
    ),
    Column(
        "Largest, mm",
        "The largest such distance. After a jump of the reference that is the jump.",
        lambda row: _millimetres(row.largest_error_m),
    ),
    Column(
        "Effort",
        "Root mean square, over steps and commands, of the distance of a command from the middle of its range, as a "
        "share of half the range: 100 % is always at a limit.",
        lambda row: _of(row.effort, ".1%"),
    ),
    Column(
        "Change",
        "Root mean square, over steps and commands, of how far a command moves from one step to the next, as a "
        "share of its range: how hard the actuators are worked.",
        lambda row: _of(row.change, ".2%"),
    ),
    Column(
        "At limit",
        "Share of the steps with any command at a limit.",
        lambda row: _of(row.saturated_steps_share, ".1%"),
    ),
    Column("Iterations", "Mean and most iterations of the solver in a step.", _iterations),
    Column(
        "Cycles a step",
        "Mean and most modelled cycles of the controller in a step, zero wait states; docs/profile.md has the model.",
        lambda row: _pair(row.cycles_mean, row.cycles_most),
        terminal=False,
    ),
)

COST_COLUMNS: tuple[Column[ControllerCost], ...] = (
    Column("Controller", "As above.", lambda cost: cost.controller, number=False),
    Column(
        "-3 dB bandwidth",
        "Where the gain from reference to true position first falls below -3 dB, from the reference `chirp`; `>=` "
        "where it does not up to the highest frequency at which the reference explains half of the response.",
        lambda cost: bandwidth_text(cost.bandwidth),
    ),
    Column(
        "Largest gain",
        "Of the same response; far above 0 dB the loop is close to its limit of stability.",
        lambda cost: _peak(cost.bandwidth),
    ),
    Column("Cycles a step", "Mean and most of all flights.", lambda cost: _pair(cost.cycles_mean, cost.cycles_most)),
    Column("Instructions", "Mean of a step, counted.", lambda cost: _of(cost.instructions_mean, ",.0f")),
    Column(
        "Possible rate",
        "How often a second the longest step fits at the board's 168 MHz, were there nothing else to do.",
        lambda cost: NOTHING if cost.possible_hz is None else f"{cost.possible_hz:,.0f} Hz",
    ),
    Column(
        "Flash",
        "Bytes of the controller: code, weights, and the functions that they call.",
        lambda cost: _of(cost.flash_bytes, ","),
    ),
    Column(
        "of 1 MB",
        "Share of 1,048,576 bytes that the controller takes, and that the whole firmware takes.",
        lambda cost: (
            NOTHING if cost.flash_share is None else f"{cost.flash_share:.2%}, {cost.firmware_flash_share:.2%}"
        ),
    ),
    Column("RAM", "Bytes of the controller's state.", lambda cost: _of(cost.ram_bytes, ",")),
    Column("Stack", "Bytes that the whole firmware has used, as painted.", lambda cost: _of(cost.stack_bytes, ",")),
    Column(
        "Power, modelled",
        "Of the microcontroller alone at the rig's rate and 168 MHz, by its datasheet: running for the mean cycles, "
        "asleep for the rest.",
        _power,
    ),
    Column(
        "at a slower clock, modelled",
        "The same at the slowest clock of the datasheet's table at which the longest step takes at most 80 % of the "
        "period.",
        _slow_power,
    ),
)


def published_flight(rig: str) -> list[str] | None:
    """Return the row of the first table that says what the paper reports for a rig, None where it says nothing."""
    if rig not in ERRORS:
        return None
    error = ERRORS[rig]
    said = {
        "Reference": "paper",
        "Controller": error.what,
        "Largest, mm": f"<= {error.largest_m * 1e3:g}",
    }
    return [said.get(column.heading, "") for column in FLIGHT_COLUMNS]


def published_cost(rig: str) -> list[str] | None:
    """Return the row of the second table that says what is published of a rig's platform, None where nothing is."""
    if rig not in ERRORS:
        return None
    said = {
        "Controller": "paper",
        "Instructions": f"{STEP_INSTRUCTIONS:,} (1)" if rig == "hasel" else "",
        "Possible rate": f">= {RATE_HZ:g} Hz",
        "of 1 MB": f"<= {FLASH_SHARE:.1%}",
        "Power, modelled": f"{POWER_MW:g} mW, measured",
    }
    return [said.get(column.heading, "") for column in COST_COLUMNS]


FOOTNOTES = (
    f"paper: {PAPER}. Its largest path error is {ERRORS['tendon'].about} for tendon, {ERRORS['hasel'].about} for "
    "hasel, on plants and paths of its own.",
    "(1) Not in the paper: one gradient step of its authors' published code on the HASEL network (36-10-5-3, three "
    "steps ahead), counted on an emulated Cortex-M4.",
)


def flight_lines(rig: str, rows: Sequence[TrackingRow]) -> list[list[str]]:
    """Return the lines of the first table of one rig by reference, what is published last."""
    references = list(dict.fromkeys(row.reference for row in rows))
    ordered = sorted(rows, key=lambda row: references.index(row.reference))
    beside = published_flight(rig)
    return [[column.text(row) for column in FLIGHT_COLUMNS] for row in ordered] + ([beside] if beside else [])


def cost_lines(rig: str, costs: Sequence[ControllerCost]) -> list[list[str]]:
    """Return the second table of one rig, a line a figure: its name, then a cell for each controller.

    The first line holds the controllers' names; what is published is the last cell.
    """
    beside = published_cost(rig)
    rows = [[column.text(cost) for column in COST_COLUMNS] for cost in costs] + ([beside] if beside else [])
    return [[column.heading, *(row[i] for row in rows)] for i, column in enumerate(COST_COLUMNS)]
