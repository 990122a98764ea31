"""Builds one program for this machine and for emulated cores with and without FPU, runs it, and returns its bytes."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TIMEOUT_S = 60
COMMON = ("-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Werror")


@dataclass(frozen=True)
class Machine:
    """A core: its compiler flags and, if emulated, QEMU's name of a board that has it."""

    name: str
    flags: tuple[str, ...] = ()
    board: str = ""
    script: str = "mps2.ld"


HOST = Machine("host")
CORTEX_M4F = Machine(
    "Cortex-M4F", ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"), "mps2-an386"
)
CORTEX_M3 = Machine("Cortex-M3", ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"), "mps2-an385")
CORTEX_M0_CODE = Machine("Cortex-M0+ code", ("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"), "mps2-an385")
CORTEX_M7 = Machine("Cortex-M7", ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"), "mps2-an500")
CORTEX_M33 = Machine(
    "Cortex-M33", ("-mcpu=cortex-m33", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"), "mps2-an505", "an505.ld"
)
EMULATED = (CORTEX_M4F, CORTEX_M3, CORTEX_M0_CODE)


def answer(
    machine: Machine, sources: Sequence[Path], given: bytes, folder: Path, *flags: str, qemu: Sequence[str] = ()
) -> bytes:
    """Return what a program made of ``sources`` writes for the input ``given``; it must end by itself with status 0.

    ``qemu`` are further options of an emulated machine's; the program stays in ``folder`` as ``program``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input.bin").write_bytes(given)
    program = folder / "program"
    includes = [f"-I{path}" for path in (HERE, folder, *sorted({source.parent for source in sources}))]
    words = [*COMMON, *flags, *includes, f'-DINPUT="{folder / "input.bin"}"', *map(str, sources), str(HERE / "input.S")]
    if machine.board:
        link = ["-ffreestanding", "-nostdlib", "-T", str(HERE / machine.script), str(HERE / "bench_arm.c"), "-lgcc"]
        compile_and_link(["arm-none-eabi-gcc", *machine.flags, *words, *link, "-o", str(program)])
        # Serial, monitor and display are off: standard output is the program's own, through semihosting.
        quiet = ["-display", "none", "-serial", "null", "-monitor", "none"]
        semihosting = ["-semihosting-config", "enable=on,target=native", "-kernel", str(program)]
        return run(["qemu-system-arm", "-machine", machine.board, *qemu, *quiet, *semihosting])
    compile_and_link(["gcc", *words, str(HERE / "bench_host.c"), "-o", str(program)])
    return run([str(program)])


def compile_and_link(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run(words: list[str]) -> bytes:
    done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr.decode(errors='replace')}"
    return done.stdout
