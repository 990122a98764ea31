"""The loops of recurrent layers: assembly and portable C give the same bits, also where y is one of the others."""

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

LOOPS = ("product", "add_product", "blend", "cell")
"""In the order of vectors.c."""
COUNTS = (*range(1, 41), 63, 64, 65, 130)
ROUNDS = 60


def draw() -> tuple[np.ndarray, Float32Array]:
    """Return jobs (n, 5) and their data: what is read, then guard words, for each job; y apart or one of the others."""
    rng = np.random.default_rng(5)
    jobs, data, at = [], [], 0
    for index in range(ROUNDS * len(COUNTS)):
        loop, count = index % len(LOOPS), COUNTS[index // len(LOOPS) % len(COUNTS)]
        a_words = (4 if LOOPS[loop] == "cell" else 2 if LOOPS[loop] == "blend" else 1) * count
        first = at + int(rng.integers(0, 3))
        a = first + (count if LOOPS[loop] == "blend" else 0)
        b = first + a_words
        apart = b + count
        y = (apart, a, b)[int(rng.integers(3))]
        if LOOPS[loop] == "blend" and rng.random() < 0.2:
            y = first  # z
        end = apart + 2 * count
        values = np.full(end - at + 3, GUARD, np.uint32).view(np.float32)
        values[: apart + count - at] = KINDS[int(rng.integers(len(KINDS)))](rng, apart + count - at)
        data.append(values)
        jobs.append((loop, a, b, y, count))
        at += len(values)
    return np.array(jobs, np.uint32), np.concatenate(data)


def test_the_loops_are_those_of_the_header():
    text = (runtime_folder() / "nn4mc_vector.h").read_text()
    assert re.findall(r"void nn4mc_vector_(\w+)\(", text) == list(LOOPS)


def plainly(jobs: np.ndarray, data: Float32Array) -> np.ndarray:
    """Return the bits that the header's formulas leave behind, in numpy's float32."""
    made = data.copy()
    with np.errstate(all="ignore"):
        for loop, a, b, y, n in jobs.tolist():
            left, right, old = made[a : a + n].copy(), made[b : b + n].copy(), made[y : y + n].copy()
            z, gates = made[a - n : a].copy(), made[a : a + 4 * n].copy().reshape(-1, max(n, 1))
            made[y : y + n] = {
                "product": lambda left=left, right=right: left * right,
                "add_product": lambda left=left, right=right, old=old: old + left * right,
                "blend": lambda left=left, right=right, z=z: (np.float32(1) - z) * left + z * right,
                "cell": lambda gates=gates, right=right: gates[1] * right + gates[0] * gates[3],
            }[LOOPS[loop]]()
    return one_nan(made)


def one_nan(values: Float32Array) -> np.ndarray:
    return np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32))


@pytest.mark.parametrize("build", [Build("mul-add"), Build("fma", "small")], ids=lambda build: build.name)
def test_assembly_and_portable_loops_leave_the_same_bits(build: Build, tmp_path: Path):
    jobs, data = draw()
    expected = plainly(jobs, data)
    library = on_this_machine(build, tmp_path, HERE / "vectors.c")
    here = data.copy()
    pointers = [ctypes.c_void_p(one.ctypes.data) for one in (jobs, here)]
    assert library.run_vectors(pointers[0], ctypes.c_uint32(len(jobs)), pointers[1]) == 0
    core = in_the_core(build, tmp_path, HERE / "vectors.c", HERE / "checked_call.S")
    core.write(FREE_AT, data.tobytes())
    core.write(FREE_AT + data.nbytes, jobs.tobytes())
    assert core.call("run_vectors", FREE_AT + data.nbytes, len(jobs), FREE_AT) == 0, "registers not kept"
    np.testing.assert_array_equal(one_nan(here), expected)
    np.testing.assert_array_equal(one_nan(core.read_floats(FREE_AT, len(data))), expected)
    assert np.isfinite(expected.view(np.float32)).mean() > 0.9
