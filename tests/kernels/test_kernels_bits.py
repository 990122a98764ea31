"""Every kernel of packed rows: the assembly, its portable twin, and the contract written out give the same bits."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.core_batch import FREE_AT
from tests.kernels.builds import HERE, SIZES, Build, in_the_core, on_this_machine
from tests.kernels.jobs import GUARD, MOST_COLUMNS, Jobs, declared, draw_jobs

pytestmark = pytest.mark.emulator

PRODUCTS = 10_000_000
SEED = 20
BUILDS = [Build(mac, size) for mac in ("mul-add", "fma") for size in SIZES]
BUILDS += [Build(mac, portable=True) for mac in ("mul-add", "fma")]


@pytest.fixture(scope="module")
def jobs() -> Jobs:
    return draw_jobs(SEED, PRODUCTS)


@pytest.fixture(scope="module")
def plain(jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], np.ndarray]:
    """Return what the contract says, by the kind of multiply-accumulate."""
    made: dict[str, np.ndarray] = {}

    def answer(mac: str) -> np.ndarray:
        if mac not in made:
            library = on_this_machine(Build(mac), tmp_path_factory.mktemp("plain"), HERE / "jobs.c", HERE / "plain.c")
            kernels = np.array([(kernel.height, kernel.own) for kernel in declared()], np.uint32).T.copy()
            made[mac] = _run(library.plain_jobs, jobs, kernels[0], kernels[1])
        return made[mac]

    return answer


def _run(function: "ctypes._FuncPointer", jobs: Jobs, *tables: np.ndarray) -> np.ndarray:
    """Call a function of this machine on a table of jobs; returns y as bits, guard words and all."""
    y = np.full(jobs.y_words, GUARD, np.uint32)
    pointers = [ctypes.c_void_p(one.ctypes.data) for one in (jobs.table, *tables)]
    count = ctypes.c_uint32(len(jobs.table))
    assert function(*pointers, count, ctypes.c_void_p(jobs.data.ctypes.data), ctypes.c_void_p(y.ctypes.data)) == 0
    return _one_nan(y)


def _one_nan(bits: np.ndarray) -> np.ndarray:
    """Return the bits with all NaNs alike: which one comes out is the machine's business."""
    return np.where(np.isnan(bits.view(np.float32)), np.uint32(0x7FC00000), bits)


def _same(found: np.ndarray, expected: np.ndarray, jobs: Jobs) -> None:
    """Fail with the first job that differs, or that wrote where it must not."""
    (apart,) = np.nonzero(found != expected)
    if len(apart):
        at = int(apart[0])
        job = jobs.table[np.searchsorted(jobs.table["y"], at, "right") - 1]
        kernel = declared()[int(job["kernel"])].name
        raise AssertionError(f"{len(apart)} words, first in {kernel} {job}: {found[at]:#x}, not {expected[at]:#x}")


def test_the_jobs_are_all_that_the_contract_allows(jobs: Jobs):
    assert jobs.products >= PRODUCTS
    families: dict[str, list[int]] = {}
    for kernel in declared():
        families.setdefault(kernel.name.rpartition("_")[0], []).append(kernel.height)
    eight = list(range(1, 9))
    assert families == {"nn4mc_rows": list(range(1, 17)), "nn4mc_pairs": eight, "nn4mc_channels": eight}
    columns = jobs.table["runs"]["columns"].sum(axis=1)
    pairs = set(zip(jobs.table["kernel"].tolist(), columns.tolist(), strict=True))
    least = [0 if kernel.sweep else 1 for kernel in declared()]
    assert pairs >= {(i, count) for i in range(len(least)) for count in range(least[i], MOST_COLUMNS + 1)}
    assert set(jobs.table["run_count"]) == {1, 2, 3, 4, 5} and set(jobs.table["blocks"]) == {1, 2, 3, 4, 5}
    assert set(jobs.table["positions"]) == {1, 2, 3, 4, 5, 6} and jobs.table["runs"]["skip"].any()


@pytest.mark.parametrize("build", [one for one in BUILDS if not one.portable], ids=lambda build: build.name)
def test_the_portable_kernel_does_what_its_header_says(build: Build, jobs: Jobs, plain, tmp_path: Path):
    library = on_this_machine(build, tmp_path, HERE / "jobs.c")
    expected = plain(build.mac)
    _same(_run(library.run_jobs, jobs), expected, jobs)
    written = expected[expected != GUARD].view(np.float32)
    assert np.isfinite(written).mean() > 0.9 and np.isnan(written).any(), "most sums say something about their order"


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_the_core_gives_the_same_bits_and_keeps_all_registers(build: Build, jobs: Jobs, plain, tmp_path: Path):
    core = in_the_core(build, tmp_path, HERE / "jobs.c", HERE / "checked_call.S")
    y_at = FREE_AT + 4 * len(jobs.data)
    table_at = y_at + 4 * jobs.y_words
    core.write(FREE_AT, jobs.data.tobytes())
    core.write(y_at, np.full(jobs.y_words, GUARD, np.uint32).tobytes())
    core.write(table_at, jobs.table.tobytes())
    broken = core.call("run_jobs", table_at, len(jobs.table), FREE_AT, y_at)
    assert broken == 0, f"registers or stack not kept in {jobs.table[broken - 1]}"
    _same(_one_nan(np.frombuffer(core.read(y_at, 4 * jobs.y_words), np.uint32)), plain(build.mac), jobs)
    assert core.read(FREE_AT, 4 * len(jobs.data)) == jobs.data.tobytes(), "weights or inputs were written"


def test_the_two_macs_differ(plain):
    """The comparison would see a product that is rounded once too often."""
    assert (plain("fma") != plain("mul-add")).mean() > 0.1
