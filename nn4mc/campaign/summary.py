"""A campaign at a glance: how many vehicles were lost and how well the others flew, by what was varied."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pyarrow.parquet as pq

from nn4mc.hil.metrics import wilson_interval
from nn4mc.hil.mismatch import mismatch_text

SUMMARY_COLUMNS = ("Controller", "Reference", "Mismatch", "Runs", "Lost", "95 %", "RMSE (m)")
_KEYS = ("controller", "reference", "reference_changes", "mismatch")


def summary_rows(results: Path) -> list[tuple[str, ...]]:
    """Return a line for each controller, reference and perturbation, over all vehicles and seeds, in the table's order.

    The interval is Wilson's of the share of lost vehicles; the median is over the others.
    """
    groups: dict[tuple[str, ...], list[tuple[bool, float | None]]] = {}
    for row in pq.read_table(results, columns=[*_KEYS, "lost", "rmse_m"]).to_pylist():
        groups.setdefault(tuple(row[key] for key in _KEYS), []).append((row["lost"], row["rmse_m"]))
    return [tuple(_line(key, flights)) for key, flights in groups.items()]


def _line(key: tuple[str, ...], flights: list[tuple[bool, float | None]]) -> Iterator[str]:
    controller, reference, changes, mismatch = key
    lost = sum(gone for gone, _ in flights)
    low, high = wilson_interval(lost, len(flights))
    errors: list[Any] = [rmse for gone, rmse in flights if not gone and rmse is not None]
    yield controller
    yield " ".join([reference, *_pairs(changes)])
    yield " ".join(_pairs(mismatch))
    yield f"{len(flights):,}"
    yield f"{lost:,}"
    yield f"{100 * low:.1f} to {100 * high:.1f} %"
    yield f"{median(errors):.4f}" if errors else ""


def _pairs(table: str) -> list[str]:
    return [mismatch_text({key: value}) for key, value in msgspec.json.decode(table).items()]
