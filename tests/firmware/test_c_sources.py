"""What is promised of the firmware's C: warning-free, valid C++, clean under two analysers, free of the C library."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.c_library import INCLUDES, LIB_HIL, ROOT, WARNINGS

HIL = sorted(LIB_HIL.glob("*.c"))
FIRMWARE = ROOT / "firmware"
SHELL = [FIRMWARE / "src" / "main.c"]
STM32 = sorted((FIRMWARE / "ports" / "stm32f4").glob("*.c"))
BENCH = sorted((FIRMWARE / "bench").glob("*.c"))
HOST = sorted((FIRMWARE / "ports" / "host").glob("*.c"))
DEFINES = ['-DNN4MC_BOARD="x"', '-DNN4MC_BUILD_ID="y"', "-DNN4MC_HSE_HZ=25000000u", "-DNN4MC_BAUD=921600u"]
SEARCH = [*INCLUDES, *(f"-I{FIRMWARE / part}" for part in ("src", "bench")), *DEFINES]
CORTEX_M4 = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard".split()
# A freestanding compiler may call these on its own: GCC manual, section 2.1.
COMPILER_CALLS = {"memcpy", "memmove", "memset", "memcmp"}


def name(path: Path) -> str:
    return path.name


def compile_c(compiler: list[str], source: Path, *flags: str) -> None:
    words = [*compiler, "-O2", *WARNINGS, *SEARCH, *flags, str(source)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("source", [*HIL, *SHELL, *HOST], ids=name)
def test_sources_are_clean_c99_and_pass_the_static_analyser(source: Path, tmp_path: Path):
    freestanding = [] if source in HOST else ["-ffreestanding"]
    compile_c(["gcc", "-std=c99"], source, *freestanding, "-fanalyzer", "-c", "-o", str(tmp_path / "x.o"))


@pytest.mark.parametrize("source", HIL, ids=name)
def test_library_is_valid_cpp(source: Path):
    compile_c(["g++", "-x", "c++", "-std=c++11"], source, "-fsyntax-only")


@pytest.mark.emulator
@pytest.mark.parametrize("source", [*HIL, *SHELL, *STM32, *BENCH], ids=name)
def test_sources_are_clean_for_the_target(source: Path, tmp_path: Path):
    compile_c(
        ["arm-none-eabi-gcc", "-std=c99", *CORTEX_M4], source, "-ffreestanding", "-c", "-o", str(tmp_path / "x.o")
    )


def test_library_needs_nothing_but_itself_and_has_no_writable_statics(tmp_path: Path):
    linked = tmp_path / "hil.o"
    words = [
        "gcc",
        "-std=c99",
        "-O2",
        "-ffreestanding",
        "-nostdlib",
        "-fno-pie",
        "-r",
        *SEARCH,
        *map(str, HIL),
        "-o",
        str(linked),
    ]
    subprocess.run(words, check=True)
    symbols = subprocess.run(["nm", str(linked)], capture_output=True, text=True, check=True).stdout.splitlines()
    kinds = {line.split()[-1]: line.split()[-2] for line in symbols}
    assert {symbol for symbol, kind in kinds.items() if kind == "U"} <= COMPILER_CALLS
    assert [symbol for symbol, kind in kinds.items() if kind in "bBdDcC"] == []


@pytest.mark.skipif(shutil.which("cppcheck") is None, reason="cppcheck is not installed")
def test_cppcheck_finds_nothing():
    checks = ["--enable=warning,style,performance,portability", "--inline-suppr", "--error-exitcode=1", "--quiet"]
    suppressed = ["--suppress=missingIncludeSystem", "--std=c99"]
    folders = [str(FIRMWARE / "lib" / "hil"), str(FIRMWARE / "src"), str(FIRMWARE / "ports")]
    done = subprocess.run(
        ["cppcheck", *checks, *suppressed, *SEARCH, *folders], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
