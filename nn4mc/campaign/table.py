"""Results as Parquet: one part a chunk, and in the end one table with the whole configuration beside every row."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from nn4mc.campaign.durable import write_whole
from nn4mc.campaign.expand import Run
from nn4mc.campaign.row import Row

RESULTS = "results.parquet"
_DIGITS = 16
_TYPES = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}


def _arrow_type(field: msgspec.structs.FieldInfo) -> pa.DataType:
    kinds = getattr(field.type, "__args__", (field.type,))
    return next(_TYPES[kind] for kind in kinds if kind in _TYPES)


PART_SCHEMA = pa.schema([(field.name, _arrow_type(field)) for field in msgspec.structs.fields(Row)])
CONFIGURATION = pa.schema(
    [
        ("run", pa.int64()),
        ("campaign", pa.string()),
        ("nn4mc", pa.string()),
        ("rig", pa.string()),
        ("kind", pa.string()),
        ("controller", pa.string()),
        ("reference", pa.string()),
        ("reference_changes", pa.string()),
        ("vehicle", pa.string()),
        ("mismatch", pa.string()),
        ("seed", pa.int64()),
    ]
)
"""The columns in front of those of `Row`; changes and mismatch are JSON, and again a column a key behind them."""


def write_part(folder: Path, number: int, rows: Sequence[Row]) -> Path:
    """Write the part of a chunk and return its path; its name holds the hash of its bytes."""
    data = _parquet(_columns(rows, PART_SCHEMA))
    path = folder / f"part-{number:06d}-{_digest(data)}.parquet"
    write_whole(path, data)
    return path


def read_part(path: Path) -> tuple[int, list[Row]] | None:
    """Return the number and the rows of a part; None where its bytes are not those that were written."""
    words = path.stem.split("-")
    data = path.read_bytes()
    if len(words) != 3 or not words[1].isdigit() or words[2] != _digest(data):
        return None
    table = pq.read_table(pa.BufferReader(data))
    return int(words[1]), [msgspec.convert(row, Row) for row in table.to_pylist()]


def write_results(folder: Path, runs: Sequence[Run], rows: Mapping[str, Row], common: Mapping[str, str]) -> Path:
    """Write the table of all runs, in their order; ``common`` are the columns that are the same in every row.

    The same rows give the same bytes with the same version of pyarrow.
    """
    left = _columns([_configuration(run, common) for run in runs], CONFIGURATION)
    right = _columns([rows[run.id] for run in runs], PART_SCHEMA)
    table = left
    for prefix, tables in (
        ("reference_", [run.changes for run in runs]),
        ("mismatch_", [run.mismatch for run in runs]),
    ):
        for key in dict.fromkeys(key for one in tables for key in one):
            table = table.append_column(f"{prefix}{key}", _values([one.get(key) for one in tables]))
    for name in PART_SCHEMA.names:
        table = table.append_column(PART_SCHEMA.field(name), right.column(name))
    path = folder / RESULTS
    write_whole(path, _parquet(table))
    return path


def _configuration(run: Run, common: Mapping[str, str]) -> dict[str, Any]:
    own = msgspec.to_builtins(run)
    texts = {"reference_changes": _json(run.changes), "mismatch": _json(run.mismatch)}
    return {**common, **{name: own[name] for name in own if name in CONFIGURATION.names}, **texts, "run": run.index}


def _columns(rows: Iterable[Row | Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([msgspec.to_builtins(row) for row in rows], schema=schema)


def _values(values: Sequence[Any]) -> pa.Array:
    """Return numbers as numbers, and everything else, such as vectors, as JSON."""
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else _json(value) for value in values], pa.string())


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
