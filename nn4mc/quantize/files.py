"""Recordings from files: .npy arrays and .csv tables. Files are data: nothing in them runs."""

import csv
import io
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

from nn4mc.errors import ConfigError, ModelError
from nn4mc.ir import Float32Array
from nn4mc.quantize.calibrate import Recording

MAX_BYTES = 256 << 20
"""Of a file with inputs: far more than a calibration needs."""
_NPY_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,
    TokenError,
    BadZipFile,
    MemoryError,
    OverflowError,
)
"""What numpy raises on a damaged file."""


def read_recordings(path: Path) -> tuple[Recording, ...]:
    """Return the recordings of a .npy file, (steps, in) or (recordings, steps, in), or of a .csv table.

    A table has a column an input, in order, a row a step, and perhaps one line of names. Raises ConfigError for another
    kind of file, ModelError when it is damaged, empty or not numbers.
    """
    readers = {".npy": _read_npy, ".csv": _read_csv}
    if path.suffix not in readers:
        raise ConfigError(f"{path}: expected a file of inputs: .npy, .csv, or .mcap")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path}: {path.stat().st_size:,} bytes, at most {MAX_BYTES:,}: take fewer steps")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    return readers[path.suffix](path)


def _read_npy(path: Path) -> tuple[Recording, ...]:
    try:
        values = np.load(path, allow_pickle=False)
    except _NPY_ERRORS as error:
        raise ModelError(f"{path}: cannot be read as .npy ({str(error)[:200]!a})") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ModelError(f"{path}: expected an array of numbers (steps, inputs) or (recordings, steps, inputs)")
    if values.ndim not in (2, 3) or values.size == 0:
        raise ModelError(f"{path}: shape {values.shape}, expected (steps, inputs) or (recordings, steps, inputs)")
    each = values[None] if values.ndim == 2 else values
    named = [str(path)] if len(each) == 1 else [f"{path}, recording {index}" for index in range(len(each))]
    return tuple(Recording(name, _float32(rows)) for name, rows in zip(named, each, strict=True))


def _read_csv(path: Path) -> tuple[Recording, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    try:
        lines = [(number, row) for number, row in enumerate(csv.reader(io.StringIO(text)), 1) if any(row)]
    except csv.Error as error:
        raise ModelError(f"{path}: cannot be read as a table ({error})") from error
    if lines and not any(_is_number(cell) for cell in lines[0][1]):
        lines = lines[1:]
    if not lines:
        raise ModelError(f"{path}: holds no row of numbers")
    width = len(lines[0][1])
    return (Recording(str(path), _float32(np.array([_numbers(path, *line, width) for line in lines]))),)


def _numbers(path: Path, number: int, row: list[str], width: int) -> list[float]:
    if len(row) != width:
        raise ModelError(f"{path}, line {number}: {len(row)} columns, the first row has {width}")
    wrong = next((cell for cell in row if not _is_number(cell)), None)
    if wrong is not None:
        raise ModelError(f"{path}, line {number}: {wrong[:40]!r} is not a number")
    return [float(cell) for cell in row]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _float32(values: np.ndarray) -> Float32Array:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, np.float32)
