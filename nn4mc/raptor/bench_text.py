"""A benchmark as tables of text for the terminal and the page, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from nn4mc.raptor.bench import Bench
from nn4mc.raptor.bench_flights import FLOAT32, INT8, SAMPLED
from nn4mc.raptor.bench_plan import FIGURES, PAPER_PERIOD_S
from nn4mc.raptor.bench_published import LEAST_P, RMSE_TOLERANCE, Comparison
from nn4mc.raptor.bench_rows import Row, SampledVehicle, int8_pairs
from nn4mc.raptor.bench_settings import CLIP
from nn4mc.raptor.trials import AS_IT_IS

NOTE = "Simulated without drag, ground and neighbours. RMSE in m, medians over the flights that were not lost."


@dataclass(frozen=True)
class Page:
    """One table: its title, headings, and cells row by row; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def json_of(bench: Bench) -> dict[str, Any]:
    """Return what ``--json`` prints and bench.json holds; docs/raptor.md explains the keys."""
    made: dict[str, Any] = msgspec.to_builtins(
        {
            "protocol": bench.protocol,
            "rows": bench.rows,
            "sampled": bench.sampled,
            "comparisons": bench.comparisons,
        }
    )
    return made


def verdict(bench: Bench) -> str:
    """Return in a sentence what came out."""
    if not bench.comparisons:
        return f"{sum(row.flights for row in bench.rows):,} flights in {len(bench.rows)} rows."
    good = sum(one.reproduced for one in bench.comparisons)
    return (
        f"{good} of {len(bench.comparisons)} published figures are reproduced: RMSE within {100 * RMSE_TOLERANCE:g} %, "
        f"counts of lost starts not apart by Fisher's exact test (p >= {LEAST_P:g})."
    )


def pages(bench: Bench) -> tuple[Page, ...]:
    """Return the tables of a benchmark; those without any row are left out."""
    if bench.comparisons:
        return (_comparisons(bench.comparisons),)
    made = (_figures(bench), _hover(bench.rows), *_settings(bench.rows), _int8(bench.rows))
    return tuple(one for one in made if one.rows)


def _comparisons(comparisons: Sequence[Comparison]) -> Page:
    columns = ("vehicle", "quantity", "ours", "published", "ratio or p", "reproduced")
    rows = [
        (one.vehicle, one.quantity, one.ours, one.published, _number(one.measure), "yes" if one.reproduced else "NO")
        for one in comparisons
    ]
    return Page("The published reference table", columns, tuple(rows))


def _figures(bench: Bench) -> Page:
    """The paper's periods and the fastest followed, with and without height, float32, beside the paper's flights."""
    plain = [row for row in bench.rows if row.group == FIGURES and row.setting == AS_IT_IS and row.network == FLOAT32]
    cells = {(row.vehicle, row.period_s): row for row in plain}
    names = tuple(dict.fromkeys(row.vehicle for row in plain))
    rows = []
    for name in names:
        slow, usual = cells.get((name, 10.0)), cells.get((name, PAPER_PERIOD_S))
        last, clipped = _fastest(bench, name, AS_IT_IS), _fastest(bench, name, "PX4's clips")
        rows.append((_name(name, usual), *_with_paper(slow), *_with_paper(usual), last, clipped))
    columns = ("vehicle", "10 s", "xy", "real", "5.5 s", "xy", "real", "fastest followed", "with PX4's clips")
    return Page(
        "The paper's figure of eight: RMSE, without height (xy), and of the paper's real flight (m)",
        columns,
        tuple(rows),
    )


def _with_paper(row: Row | None) -> tuple[str, str, str]:
    return ("-", "-", "-") if row is None else (_rmse(row), _number(row.rmse_xy_m), _number(row.paper_m, 2))


def _name(name: str, row: Row | None) -> str:
    return f"{row.flights:,} {SAMPLED}" if name == SAMPLED and row is not None else name


def _rmse(row: Row) -> str:
    """Return a cell that says when flights were lost."""
    if not row.lost:
        return _number(row.rmse_m)
    return "lost" if row.flights == 1 else f"{_number(row.rmse_m)} ({row.lost} lost)"


def _fastest(bench: Bench, name: str, setting: str) -> str:
    if name == SAMPLED:
        return _fastest_sampled(bench.sampled) if setting == AS_IT_IS else "-"
    found = [
        row
        for row in bench.rows
        if (row.group, row.vehicle, row.setting, row.network) == (FIGURES, name, setting, FLOAT32) and row.fastest
    ]
    return f"{found[0].period_s:g} s ({_number(found[0].rmse_m)})" if found else "none"


def _fastest_sampled(vehicles: Sequence[SampledVehicle]) -> str:
    known = sorted(one.fastest_s if one.fastest_s is not None else float("inf") for one in vehicles)
    if not known:
        return "-"
    middle = known[len(known) // 2]
    none = sum(one.fastest_s is None for one in vehicles)
    return f"median {middle:g} s, {none} none"


def _hover(rows: Sequence[Row]) -> Page:
    chosen = [row for row in rows if row.group == CLIP and row.network == FLOAT32]
    columns = ("vehicle", "setting", "starts", "lost", "95 %", "RMSE", "xy", "worst", "settled (s)")
    return Page("Hover recovery from random starts", columns, tuple(_hover_row(row) for row in chosen))


def _hover_row(row: Row) -> tuple[str, ...]:
    return (
        row.vehicle,
        row.setting,
        f"{row.flights:,}",
        str(row.lost),
        _interval(row),
        _number(row.rmse_m, 4),
        _number(row.rmse_xy_m, 4),
        _number(row.max_error_m),
        _number(row.settling_s, 2),
    )


def _settings(rows: Sequence[Row]) -> tuple[Page, ...]:
    """Return lost shares of hover and RMSE of the figure by setting, a column a vehicle."""
    chosen = [row for row in rows if row.group not in (CLIP, FIGURES)]
    names = tuple(dict.fromkeys(row.vehicle for row in chosen))
    settings = tuple(dict.fromkeys(row.setting for row in chosen))
    made = []
    for task, title in (("hover", "Lost hover starts (%)"), ("figure", "Figure of 5.5 s: RMSE (m), and lost ones (%)")):
        cells = {(row.setting, row.vehicle): row for row in chosen if row.task == task}
        lines = [(one, *(_cell(cells.get((one, name))) for name in names)) for one in settings]
        made.append(Page(title, ("setting", *names), tuple(lines) if cells else ()))
    return tuple(made)


def _cell(row: Row | None) -> str:
    if row is None:
        return "-"
    share = f"{100 * row.lost / row.flights:.0f}"
    if row.task == "hover":
        return share
    if row.flights == 1 or not row.lost:
        return _rmse(row)
    return f"{_number(row.rmse_m)} ({share} %)"


def _int8(rows: Sequence[Row]) -> Page:
    columns = ("vehicle", "task", "flights", "lost float32", "lost int8", "RMSE float32", "RMSE int8", "ratio")
    made = []
    for exact, rounded in int8_pairs(rows):
        task = "hover" if exact.period_s is None else f"figure, {exact.period_s:g} s"
        ratio = rounded.rmse_m / exact.rmse_m if exact.rmse_m and rounded.rmse_m is not None else None
        counts = (f"{exact.flights:,}", str(exact.lost), str(rounded.lost))
        made.append(
            (exact.vehicle, task, *counts, _number(exact.rmse_m, 4), _number(rounded.rmse_m, 4), _number(ratio))
        )
    return Page(f"float32 against {INT8} weights", columns, tuple(made))


def _interval(row: Row) -> str:
    return f"{100 * row.lost_low:.1f}-{100 * row.lost_high:.1f} %"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
