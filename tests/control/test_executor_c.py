"""A policy with its executor as a library of C: warning-free, valid C++, without libc, in C of its own folder."""

import subprocess
from pathlib import Path

import pytest

from nn4mc.api import compile_policy
from nn4mc.build.cross import sources_in
from nn4mc.build.host import WARNINGS
from nn4mc.target import TARGETS
from tests.contract.folders import compiled
from tests.contract.test_generated_c import LANGUAGES
from tests.control.executors import executed_policy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("library")
    names = compile_policy(executed_policy()).write_library(made, "cortex-m4f")
    assert {"nn4mc_executor.c", "nn4mc_intervals.c", "controller.c"} <= set(names)
    return made


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda words: words[-1])
def test_is_warning_free(folder: Path, language: list[str]):
    sources = [path.name for path in sources_in(folder)]
    compiled([*language, *WARNINGS, "-O2", "-ffreestanding", "-fsyntax-only", "-I.", *sources], folder)


def test_passes_the_static_analyser(folder: Path, tmp_path: Path):
    for name in ("controller.c", "nn4mc_executor.c", "nn4mc_intervals.c"):
        words = ["gcc", "-std=c99", *WARNINGS, "-O2", "-ffreestanding", "-fanalyzer", "-I.", "-c", name]
        compiled([*words, "-o", str(tmp_path / "x.o")], folder)


@pytest.mark.emulator
@pytest.mark.parametrize("optimise", ["-O2", "-Os", "-O3"])
def test_calls_nothing_but_its_own_and_keeps_nothing_outside_its_state(folder: Path, tmp_path: Path, optimise: str):
    """For the target; integers of 64 bits are added and multiplied in place, and never divided."""
    target = TARGETS["cortex-m4f"]
    linked = tmp_path / "all.o"
    sources = [path.name for path in sources_in(folder)]
    flags = ["-std=c99", optimise, "-ffreestanding", "-nostdlib", "-r", "-I."]
    compiled([target.compiler, *target.flags, *flags, *sources, "-o", str(linked)], folder)
    lines = subprocess.run(["arm-none-eabi-nm", linked], capture_output=True, text=True, check=True).stdout.splitlines()
    kinds = {line.split()[-1]: line.split()[-2] for line in lines if not line.split()[-1].startswith("$")}
    assert [name for name, kind in kinds.items() if kind in "UbBdDcC"] == []
