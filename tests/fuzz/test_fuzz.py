"""A short share of the fuzzing; `python -m tests.fuzz.run --count 40000` is the whole."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.api import compile_model
from nn4mc.cli import main
from nn4mc.errors import ModelError
from nn4mc.importers.isolated import isolated
from tests.fuzz.corpus import FOLDER, SUFFIXES, seeds
from tests.fuzz.mutate import available, mutant
from tests.fuzz.run import cases, judge_in_parallel, report

_COUNT = 900


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 60_000


@pytest.mark.parametrize("kind", SUFFIXES)
def test_every_seed_compiles(kind: str, tmp_path: Path) -> None:
    if not available(kind):
        pytest.skip("needs the package onnx")
    assert seeds(kind)
    for name, content in seeds(kind).items():
        path = tmp_path / name
        path.write_bytes(content)
        assert compile_model(path).graph.nodes


@pytest.mark.parametrize(
    "kind", ["tflite", "pt2", "onnx", "rltools_tar"]
)  # HDF5's library writes the time into what it edits
def test_a_number_stands_for_one_file(kind: str) -> None:
    if not available(kind):
        pytest.skip("needs the package onnx")
    assert [mutant(kind, number) for number in range(20)] == [mutant(kind, number) for number in range(20)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured through /proc")
def test_every_outcome_is_c_or_an_error_that_names_the_file() -> None:
    outcomes = judge_in_parallel(cases(_COUNT, 1, list(SUFFIXES)), 2)
    assert len(outcomes) == _COUNT
    assert not any(one.fault for one in outcomes), report(outcomes)
    for kind in filter(available, SUFFIXES):
        assert any(one.result == "compiled" for one in outcomes if one.kind == kind), f"no {kind} file was readable"


def test_a_crash_while_reading_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"model\.h5: damaged"):
        isolated(_crash, "model.h5")


def test_an_error_while_reading_comes_through() -> None:
    def refuse() -> None:
        raise ModelError("model.h5: no")

    with pytest.raises(ModelError, match=r"^model\.h5: no$"):
        isolated(refuse, "model.h5")


def test_values_read_in_isolation_are_whole() -> None:
    found = isolated(lambda: np.arange(1_000_000), "model.h5")
    assert found.sum() == 499_999_500_000


def test_memory_is_limited_while_reading() -> None:
    with pytest.raises(MemoryError):
        isolated(lambda: np.ones(1 << 28).sum(), "model.h5")


def test_a_broken_heap_ends_in_an_error(tmp_path: Path) -> None:
    """HDF5's own library loops for ever where an object of a heap has no length."""
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
    content = path.read_bytes()
    start = content.index(b"GCOL")
    path.write_bytes(content[: start + 24] + bytes(8) + content[start + 32 :])
    with pytest.raises(ModelError, match=r"model\.h5: .*heap"):
        compile_model(path)


def test_a_name_cannot_steer_the_terminal() -> None:
    shown = CliRunner().invoke(main, ["inspect", "\x1b[2Jmodel.onnx"])
    assert shown.exit_code == 3
    assert "\x1b" not in shown.stderr and r"\x1b[2Jmodel.onnx" in shown.stderr


def _crash() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
