"""The words of the contract that a compiler can check: warning-free C99 and C++, libc-free, no writable statics."""

import json
import subprocess
from pathlib import Path

import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.build.cross import sources_in
from nn4mc.build.host import WARNINGS
from nn4mc.target import TARGETS
from tests.conftest import require
from tests.contract.folders import compile_every, compiled, stateless

PROMISED_WARNINGS = set(
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Wvla -Werror".split()
)
LANGUAGES = [
    ["gcc", "-std=c99"],
    ["gcc", "-std=c17"],
    ["g++", "-x", "c++", "-std=c++11"],
    ["g++", "-x", "c++", "-std=c++20"],
]
LIBGCC_SOFT_FLOAT = {f"__aeabi_{name}" for name in "fadd fsub fmul fdiv i2f ui2f f2iz f2uiz lmul".split()} | {
    f"__aeabi_fcmp{name}" for name in "eq lt le ge gt un".split()
}


def networks() -> dict[str, Network]:
    made = {f"raptor for {target}": compile_model("raptor", target_name=target) for target in TARGETS}
    made |= {f"every operator for {target}": compile_every(target) for target in TARGETS}
    return made | {"stateless": compile_graph(stateless())}


NETWORKS = networks()


@pytest.fixture(params=NETWORKS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    NETWORKS[request.param].write(tmp_path)
    return tmp_path


def sources(folder: Path) -> list[str]:
    return [path.name for path in sources_in(folder)]


def test_the_build_uses_all_promised_warnings():
    assert set(WARNINGS) == PROMISED_WARNINGS


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda words: words[-1])
def test_is_warning_free(folder: Path, language: list[str]):
    compiled(
        [*language, *WARNINGS, "-O2", "-ffreestanding", "-fsyntax-only", "-I.", *sources(folder), "examples/main.c"],
        folder,
    )


def test_each_header_stands_alone_and_can_be_included_twice(folder: Path):
    for path in sorted(folder.glob("*.h")):
        include = f'#include "{path.name}"\n'
        (folder / f"alone_{path.stem}.c").write_text(
            f"{include}{include}int alone(void);\nint alone(void) {{ return 0; }}\n"
        )
    alone = sorted(path.name for path in folder.glob("alone_*.c"))
    compiled(["gcc", "-std=c99", *WARNINGS, "-fsyntax-only", *alone], folder)


def test_static_analyser_finds_nothing(folder: Path):
    compiled(
        [
            "gcc",
            "-std=c99",
            "-O2",
            *WARNINGS,
            "-fanalyzer",
            "-I.",
            *sources(folder),
            "examples/main.c",
            "-o",
            "example",
        ],
        folder,
    )


@pytest.mark.parametrize("name", ["raptor for cortex-m4f", "every operator for generic"])
def test_cppcheck_finds_nothing(name: str, tmp_path: Path):
    require("cppcheck")
    NETWORKS[name].write(tmp_path)
    checks = ["--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet", "--std=c99"]
    # A function that is used by the caller's program alone is no fault of a library.
    compiled(
        [
            "cppcheck",
            *checks,
            "--max-configs=64",
            "--suppress=missingIncludeSystem",
            "-I.",
            *(name for name in sources(tmp_path) if name.endswith(".c")),
        ],
        tmp_path,
    )


def symbols(nm: str, folder: Path) -> list[tuple[str, str]]:
    """Return (kind, name) of all symbols of all objects in a folder."""
    text = subprocess.run(
        [nm, "-a", *sorted(path.name for path in folder.glob("*.o"))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in text.splitlines()]
    return [(row[-2], row[-1]) for row in rows if len(row) >= 2 and not row[-1].endswith(":")]


def assert_self_contained(found: list[tuple[str, str]], helpers: set[str]) -> None:
    defined = {name for kind, name in found if kind not in "Uw"}
    undefined = {name for kind, name in found if kind in "Uw"}
    assert undefined - defined - helpers == set()
    sections = {".bss", ".data"}
    assert [(kind, name) for kind, name in found if kind in "bBdDcCgGsS" and name not in sections] == []


@pytest.mark.parametrize("level", ["-O0", "-Os", "-O2", "-O3"])
def test_needs_no_symbol_of_anyone_and_has_no_writable_statics(folder: Path, level: str):
    compiled(
        ["gcc", "-std=c99", level, "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-c", *sources(folder)], folder
    )
    assert_self_contained(symbols("nm", folder), set())


@pytest.mark.emulator
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("level", ["-O0", "-Os", "-O2", "-O3"])
def test_on_the_target_it_needs_at_most_soft_float(tmp_path: Path, target: str, level: str):
    compile_every(target).write(tmp_path)
    flags = [*TARGETS[target].flags, "-std=c99", level, "-ffreestanding", "-ffp-contract=off", *WARNINGS]
    compiled([TARGETS[target].compiler, *flags, "-c", *sources(tmp_path)], tmp_path)
    assert_self_contained(symbols("arm-none-eabi-nm", tmp_path), set() if target == "cortex-m4f" else LIBGCC_SOFT_FLOAT)


@pytest.mark.parametrize("compiler", [["gcc", "-std=c99"], ["g++", "-x", "c++"]], ids=["c", "c++"])
def test_the_example_compiles_as_its_comment_says_and_returns_0(folder: Path, compiler: list[str]):
    flags = ["-O2", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I."]
    compiled([*compiler, *flags, "examples/main.c", *sources(folder), "-o", "example"], folder)
    assert subprocess.run([folder / "example"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast"])
def test_refuses_to_be_built_with_fast_math(tmp_path: Path, flag: str):
    NETWORKS["stateless"].write(tmp_path)
    done = subprocess.run(["gcc", flag, "-c", "stateless.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "must not be built with -ffast-math" in done.stderr


def test_library_json_keeps_the_bits_and_leaves_the_example_out(folder: Path):
    described = json.loads((folder / "library.json").read_text())
    assert "-ffp-contract=off" in described["build"]["flags"]
    assert described["build"]["srcFilter"] == ["+<*.c>", "+<*.S>"]
