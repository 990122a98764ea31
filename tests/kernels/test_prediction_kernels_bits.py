"""The kernels and loops of predictions: assembly, portable C and their headers' formulas leave the same bits."""

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Float32Array
from tests.core_batch import FREE_AT
from tests.kernels.builds import HERE, Build, in_the_core, on_this_machine
from tests.kernels.jobs import GUARD, KINDS

pytestmark = pytest.mark.emulator

LOOPS = ("copy", "add", "subtract", "clear", "scale", "combine")
"""In the order of predictions.c."""
WIDTHS = (*range(1, 40), 64, 65)
HEIGHTS = range(1, 9)
MOST_COLUMNS, MOST_POSITIONS, MOST_BLOCKS = 12, 8, 3
BUILDS = [Build("mul-add"), Build("fma")]


class Data:
    """Floats drawn piece by piece, with guard words between."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.pieces: list[Float32Array] = []
        self.at = 0

    def draw(self, count: int) -> int:
        """Return where ``count`` new numbers begin."""
        kind = KINDS[int(self.rng.integers(len(KINDS)))]
        at = self.at
        self._put(kind(self.rng, count))
        self._put(np.full(2, GUARD, np.uint32).view(np.float32))
        return at

    def _put(self, values: Float32Array) -> None:
        self.pieces.append(values)
        self.at += len(values)


def draw_columns() -> tuple[np.ndarray, Float32Array]:
    """Return jobs of every height, number of columns and of positions; sums start in y, in a table, or at 0."""
    data, jobs = Data(3), []
    for positions in range(1, MOST_POSITIONS + 1):
        for height in HEIGHTS:
            for columns in range(MOST_COLUMNS + 1):
                blocks, first, start = (int(data.rng.integers(MOST_BLOCKS)) for _ in range(3))
                rows, start_at = height * (blocks + 1) + first, int(data.rng.integers(3))
                steps = rows + data.rng.integers(0, 3, 2)
                block_step = height * (columns + start_at) + int(data.rng.integers(3))
                weights = data.draw((blocks + 1) * block_step + height * start_at)
                x_step = int(data.rng.integers(columns + 3))
                x = data.draw(max(1, positions * (x_step + columns)))
                y = data.draw(int(positions * steps[0]))
                value, rest, rest_step = y, y + int(steps[0]), int(steps[0])
                if start > 0:
                    value, rest = data.draw(rows), data.draw(int(positions * steps[1]))
                    rest_step = int(steps[1]) if start == 1 else 0
                matrix = (height, weights, blocks + 1, block_step, first, start_at, columns)
                jobs.append((*matrix, positions, x, x_step, y, int(steps[0]), value, rest, rest_step))
    return np.array(jobs, np.uint32), np.concatenate(data.pieces)


def plain_columns(jobs: np.ndarray, data: Float32Array) -> Float32Array:
    """Return what nn4mc_columns.h says, in numpy's float32."""
    made = data.copy()
    for (height, weights, blocks, block_step, first, start, columns, positions, x, x_step, y, y_step, value, rest,
         rest_step) in jobs.tolist():  # fmt: skip
        begun = made.copy()
        for at in range(positions):
            for block in range(blocks):
                row = first + block * height
                sums = begun[value + row :][:height]
                if at > 0:
                    sums = begun[rest + (at - 1) * rest_step + row :][:height] if rest_step else np.zeros(height)
                sums = sums.astype(np.float32)
                for column in range(columns):
                    w = begun[weights + block * block_step + (start + column) * height :][:height]
                    sums = sums + w * begun[x + at * x_step + column]
                made[y + at * y_step + row :][:height] = sums
    return made


def draw_words() -> tuple[np.ndarray, Float32Array]:
    """Return jobs of every loop and many widths; y is apart or what is read."""
    data, jobs = Data(4), []
    for width in WIDTHS:
        for loop in range(len(LOOPS)):
            for count in range(5):
                x_step, y_step = (width + int(step) for step in data.rng.integers(0, 3, 2))
                a = data.draw(width)
                b = data.draw(max(count, 1) * max(x_step, width))
                c = data.draw(max(count, 1))
                y = data.draw(max(count, 1) * y_step)
                if LOOPS[loop] == "scale" and data.rng.random() < 0.3:
                    y, y_step = b, x_step
                if LOOPS[loop] == "combine" and data.rng.random() < 0.3:
                    y = a
                jobs.append((loop, a, b, c, y, width, count, x_step, y_step))
    return np.array(jobs, np.uint32), np.concatenate(data.pieces)


def plain_words(jobs: np.ndarray, data: Float32Array) -> Float32Array:
    """Return what nn4mc_words.h says, in numpy's float32."""
    made = data.copy()
    for loop, a, b, c, y, n, count, x_step, y_step in jobs.tolist():
        left, old = made[a : a + n].copy(), made[y : y + n].copy()
        if LOOPS[loop] == "scale":
            for at in range(count):
                made[y + at * y_step :][:n] = made[b + at * x_step :][:n] * left
            continue
        if LOOPS[loop] == "combine":
            for column in range(count):
                left = left + made[b + column * n :][:n] * made[c + column]
        made[y : y + n] = {
            "copy": left,
            "add": old + left,
            "subtract": old - left,
            "clear": np.zeros(n, np.float32),
            "combine": left,
        }[LOOPS[loop]]
    return made


def one_nan(values: Float32Array) -> np.ndarray:
    return np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32))


def run(name: str, jobs: np.ndarray, data: Float32Array, build: Build, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the bits that the portable C and the assembly leave behind."""
    library = on_this_machine(build, folder, HERE / "predictions.c")
    here = data.copy()
    pointers = [ctypes.c_void_p(one.ctypes.data) for one in (jobs, here)]
    assert library[name](pointers[0], ctypes.c_uint32(len(jobs)), pointers[1]) == 0
    core = in_the_core(build, folder, HERE / "predictions.c", HERE / "checked_call.S")
    core.write(FREE_AT, data.tobytes())
    core.write(FREE_AT + data.nbytes, jobs.tobytes())
    assert core.call(name, FREE_AT + data.nbytes, len(jobs), FREE_AT) == 0, "registers not kept"
    return one_nan(here), one_nan(core.read_floats(FREE_AT, len(data)))


def test_the_kernels_and_loops_are_those_of_the_headers():
    text = (runtime_folder() / "nn4mc_words.h").read_text()
    assert re.findall(r"void nn4mc_words_(\w+)\(", text) == list(LOOPS)
    text = (runtime_folder() / "nn4mc_columns.h").read_text()
    assert {int(height) for height in re.findall(r"nn4mc_columns_(\d+)[,;]", text)} == {*HEIGHTS}


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_columns_leave_the_same_bits(build: Build, tmp_path: Path):
    jobs, data = draw_columns()
    here, there = run("run_columns", jobs, data, build, tmp_path)
    np.testing.assert_array_equal(there, here)
    with np.errstate(all="ignore"):
        plain = one_nan(plain_columns(jobs, data))
    if build.mac == "mul-add":
        np.testing.assert_array_equal(here, plain)
    else:
        assert (here != plain).mean() > 0.01, "one rounding or two"
    assert np.isfinite(plain.view(np.float32)).mean() > 0.9


def test_loops_leave_the_same_bits(tmp_path: Path):
    jobs, data = draw_words()
    with np.errstate(all="ignore"):
        plain = one_nan(plain_words(jobs, data))
    for found in run("run_words", jobs, data, Build(), tmp_path):
        np.testing.assert_array_equal(found, plain)
