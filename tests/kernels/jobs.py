"""Calls of kernels drawn at random: every shape that the headers allow, and numbers of every kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Float32Array

MOST_COLUMNS = 70
LONG_COLUMNS = (71, 96, 127, 128, 129, 200, 255, 301)
MOST_RUNS, MOST_BLOCKS, MOST_POSITIONS, MOST_SKIP = 5, 5, 6, 3
GUARD = np.uint32(0xC0FFEE42)
_GUARD_WORDS = 4
RUN = np.dtype([("x", "<u4"), ("columns", "<u4"), ("skip", "<u4")])
JOB = np.dtype(
    [(name, "<u4") for name in ("kernel", "weights", "blocks", "block_step", "positions", "x_step", "y_step")]
    + [("column_step", "<u4"), ("y", "<u4"), ("run_count", "<u4"), ("runs", RUN, MOST_RUNS)]
)
_EXTREMES = np.float32([np.inf, -np.inf, 3.4028235e38, -3.4028235e38, 1e38, -1e38, 0.0, -0.0, 1e-45, -1e-45])


@dataclass(frozen=True)
class Kernel:
    """A kernel as its header declares it.

    ``sweep``: of nn4mc_sweep.h, with positions and columns that meet nothing; ``own``: each row meets an input of its
    own.
    """

    name: str
    height: int
    sweep: bool
    own: bool


@cache
def declared() -> tuple[Kernel, ...]:
    """Return every kernel of packed rows that the runtime's headers declare, those of nn4mc_rows.h first."""
    found = []
    for kind in ("rows", "sweep"):
        text = (runtime_folder() / f"nn4mc_{kind}.h").read_text()
        lists = re.findall(rf"^nn4mc_{kind}_kernel_t (nn4mc_[^;]+);", text, re.M)
        for name in re.findall(r"nn4mc_\w+", " ".join(lists)):
            own = name.startswith("nn4mc_channels_")
            found.append(Kernel(name, int(name.rpartition("_")[2]), kind == "sweep", own))
    return tuple(found)


@dataclass(frozen=True)
class Jobs:
    """A table of calls, the floats they read, the words they write between, and how many products they make."""

    table: np.ndarray
    data: Float32Array
    y_words: int
    products: int


def draw_jobs(seed: int, products: int) -> Jobs:
    """Return at least ``products`` products: every kernel with every number of columns, again and again."""
    rng = np.random.default_rng(seed)
    drawn: list[tuple[np.ndarray, Float32Array]] = []
    at = y = made = 0
    while made < products:
        for columns in (*range(MOST_COLUMNS + 1), *LONG_COLUMNS):
            for index, kernel in enumerate(declared()):
                if columns == 0 and not kernel.sweep:
                    continue  # a run has at least one column
                job, data = _draw_job(rng, index, kernel, columns)
                job["weights"] += at
                job["runs"]["x"] += at
                job["y"] = y + int(rng.integers(1, _GUARD_WORDS + 1))
                reach = int(job["blocks"]) * kernel.height + (int(job["positions"]) - 1) * int(job["y_step"])
                y = int(job["y"]) + reach + _GUARD_WORDS
                at += len(data)
                made += kernel.height * columns * int(job["blocks"]) * int(job["positions"])
                drawn.append((job, data))
    return Jobs(np.array([job for job, _ in drawn]), np.concatenate([data for _, data in drawn]), y, made)


def _draw_job(rng: np.random.Generator, index: int, kernel: Kernel, columns: int) -> tuple[np.ndarray, Float32Array]:
    """Return a call whose places start at 0: some words, the weights, then an x for each run."""
    job = np.zeros((), JOB)
    least = 0 if kernel.sweep else 1
    job["kernel"], job["blocks"] = index, rng.integers(1, MOST_BLOCKS + 1)
    job["run_count"] = rng.integers(1, (MOST_RUNS if kernel.sweep else min(MOST_RUNS, columns)) + 1)
    job["positions"] = rng.integers(1, MOST_POSITIONS + 1) if kernel.sweep else 1
    job["column_step"] = rng.integers(0, 2 * kernel.height) if kernel.own else 1
    runs = job["runs"][: int(job["run_count"])]
    spare = columns - least * len(runs)
    runs["columns"] = least + np.diff([0, *np.sort(rng.integers(0, spare + 1, len(runs) - 1)), spare])
    runs["skip"] = rng.integers(0, MOST_SKIP + 1, len(runs)) * rng.integers(0, 2, len(runs)) * kernel.sweep
    height, blocks, positions = kernel.height, int(job["blocks"]), int(job["positions"])
    gap = int(rng.integers(0, 4)) if kernel.sweep else 0
    job["block_step"] = height * (1 + int(runs["columns"].sum() + runs["skip"].sum())) + gap
    job["x_step"] = rng.integers(0, 8)
    job["y_step"] = blocks * height + rng.integers(0, 5)
    job["weights"] = rng.integers(0, 4)
    at = int(job["weights"]) + blocks * int(job["block_step"])
    for run in runs:
        run["x"] = at
        at += (positions - 1) * int(job["x_step"])
        at += int(run["columns"]) * int(job["column_step"]) + blocks * height if kernel.own else int(run["columns"])
    return job, KINDS[int(rng.integers(len(KINDS)))](rng, at + 1)


def _moderate(rng: np.random.Generator, count: int) -> Float32Array:
    return rng.normal(size=count).astype(np.float32)


def _powers(rng: np.random.Generator, count: int, low: float, high: float) -> Float32Array:
    signs = rng.choice(np.float32([-1.0, 1.0]), count)
    return (signs * np.exp2(rng.uniform(low, high, count))).astype(np.float32)


def _wide(rng: np.random.Generator, count: int) -> Float32Array:
    """Return numbers whose sums lose most of what is added."""
    return _powers(rng, count, -25.0, 25.0)


def _tiny(rng: np.random.Generator, count: int) -> Float32Array:
    """Return numbers whose products are subnormal, or too small to be."""
    return _powers(rng, count, -80.0, -60.0)


def _subnormal(rng: np.random.Generator, count: int) -> Float32Array:
    """Return subnormal numbers and numbers that bring them back."""
    words = rng.integers(0, 2**23, count, np.uint32) | rng.integers(0, 2, count, np.uint32) << 31
    return np.where(rng.random(count) < 0.5, words.view(np.float32), _powers(rng, count, -1.0, 30.0))


def _cancelling(rng: np.random.Generator, count: int) -> Float32Array:
    """Return small whole numbers and zeros of both signs: sums of exactly 0, whose sign rounding decides."""
    return rng.choice(np.float32([-2.0, -1.0, -0.0, 0.0, 1.0, 2.0]), count)


def _halfway(rng: np.random.Generator, count: int) -> Float32Array:
    """Return numbers of 12 or 13 bits, whose products end where a float's last bit is or half of it."""
    return (rng.integers(-8191, 8192, count) * np.exp2(rng.integers(-12, 12, count))).astype(np.float32)


def _extreme(rng: np.random.Generator, count: int) -> Float32Array:
    """Return plain numbers with now and then one that overflows or makes a NaN."""
    return np.where(rng.random(count) < 0.004, rng.choice(_EXTREMES, count), _moderate(rng, count))


KINDS = (_moderate, _wide, _tiny, _subnormal, _cancelling, _halfway, _extreme)


def table_header(kernels: Sequence[Kernel]) -> str:
    """Return C that lists the kernels in order, those of either kind for themselves."""
    names = {kind: ", ".join(one.name for one in kernels if one.sweep == kind) for kind in (False, True)}
    count = sum(not one.sweep for one in kernels)
    return f"#define ROWS {names[False]}\n#define ROWS_COUNT {count}u\n#define SWEEPS {names[True]}\n"
