"""Reads a log: a CSV file with a heading, numbers only, one row a sample, time rising."""

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from nn4mc.errors import TrainError
from nn4mc.ir import Array
from nn4mc.train.spec import TrainSpec

_DELIMITERS = (";", "\t", " ")
_MAX_BYTES = 1 << 28


class _Rows(Protocol):
    """What csv.reader returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass(frozen=True)
class Log:
    """One run as it was logged: time in s (n), commands (n, m), outputs (n, p), sensors (n, q)."""

    name: str
    sha256: str
    time: Array
    inputs: Array
    outputs: Array
    sensors: Array


def read_log(path: Path, spec: TrainSpec) -> Log:
    """Return the columns that ``spec`` names.

    Raises TrainError when the file cannot be read, lacks a column, holds a cell that is no finite number, or when time
    does not rise from row to row; the message names the line.
    """
    data = _bytes(path)
    rows = csv.reader(io.StringIO(_text(data, path)))
    heading = [one.strip() for one in next(rows, [])]
    wanted = [spec.time, *(one.column for one in spec.channels)]
    places = _places(path, heading, wanted)
    table = _numbers(path, rows, wanted, places, len(heading))
    _check_time(path, table[:, 0], spec.time)
    m, p = len(spec.inputs), len(spec.outputs)
    time, inputs, outputs, sensors = np.split(table, [1, 1 + m, 1 + m + p], axis=1)
    return Log(path.stem, hashlib.sha256(data).hexdigest(), time[:, 0], inputs, outputs, sensors)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise TrainError(f"{path}: is larger than 256 MiB. Cut it into runs.")
        return path.read_bytes()
    except OSError as error:
        raise TrainError(f"{path}: cannot be read ({error.strerror})") from error


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainError(f"{path}: is not UTF-8 text (byte {error.start}). Export it as CSV, UTF-8.") from error


def _places(path: Path, heading: list[str], wanted: list[str]) -> list[int]:
    if len(heading) < 2:
        found = next((one for one in _DELIMITERS if heading and one in heading[0]), None)
        what = f"is separated by {found!r}" if found else "has no columns separated by commas"
        raise TrainError(f"{path}: {what}. Export it as CSV with commas and a heading.")
    twice = sorted({one for one in wanted if heading.count(one) > 1})
    if twice:
        raise TrainError(f"{path}: column '{twice[0]}' stands twice in the heading. Rename one.")
    missing = [one for one in wanted if one not in heading]
    if missing:
        raise TrainError(
            f"{path}: no column {', '.join(missing)}.\nFound: {', '.join(heading)[:300]}.\n"
            "Correct the names in the specification, or add the heading to the log."
        )
    return [heading.index(one) for one in wanted]


def _numbers(path: Path, rows: _Rows, wanted: list[str], places: list[int], width: int) -> Array:
    table: list[list[float]] = []
    try:
        for row in rows:
            if not row:
                continue
            if len(row) != width:
                raise TrainError(f"{path}, line {rows.line_num}: {len(row)} cells, the heading has {width}.")
            table.append([_number(path, rows.line_num, name, row[i]) for name, i in zip(wanted, places, strict=True)])
    except csv.Error as error:
        raise TrainError(f"{path}, line {rows.line_num}: cannot be read as CSV ({error})") from error
    if len(table) < 2:
        raise TrainError(f"{path}: {len(table)} rows of numbers. A run needs some hundreds.")
    return np.array(table)


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise TrainError(
            f"{path}, line {line}, column '{column}': '{cell[:40]}' is no finite number.\n"
            "Delete such rows: a gap in time cuts the run, a made-up number would be learned."
        )
    return value


def _check_time(path: Path, time: Array, column: str) -> None:
    wrong = np.flatnonzero(np.diff(time) <= 0.0)
    if wrong.size:
        row = int(wrong[0])
        what = "stands still" if time[row + 1] == time[row] else "goes back"
        raise TrainError(
            f"{path}: time '{column}' {what} after row {row + 1}, at {time[row]:.6g} s ({wrong.size} such rows).\n"
            "Delete duplicated rows, and give each run a file of its own."
        )
