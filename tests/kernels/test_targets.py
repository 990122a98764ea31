"""The generated C on every core that Debian has a compiler for: no warning, no symbol of anyone, the same bits."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.build.cross import FLAGS, sources_in
from nn4mc.build.host import WARNINGS
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.target import CodeOptions
from tests.conftest import require
from tests.contract.folders import compiled, every_operator
from tests.emulator.families import convolution, recurrence
from tests.emulator.machines import CORTEX_M7, CORTEX_M33, HOST, Machine
from tests.emulator.test_bits import hostile, run_network

pytestmark = pytest.mark.emulator

ARM = "arm-none-eabi-gcc"
SOFT = {f"__aeabi_{name}" for name in "fadd fsub frsub fmul fdiv i2f ui2f f2iz f2uiz".split()}
SOFT |= {f"__aeabi_fcmp{name}" for name in "eq lt le ge gt un".split()}
INTEGERS = {f"__aeabi_{name}" for name in "idiv uidiv idivmod uidivmod lmul llsl llsr lasr lcmp".split()}
DOUBLE = {f"__aeabi_{name}" for name in "f2d d2f dadd dsub dmul cdcmpeq cdcmple".split()}
DOUBLE |= {f"__aeabi_dcmp{name}" for name in "eq lt le ge gt un".split()}
RISCV_SOFT = {f"__{name}sf3" for name in "add sub mul div".split()} | {
    f"__{name}sf2" for name in "eq ne lt le gt ge unord".split()
}
RISCV_SOFT |= {"__floatsisf", "__floatunsisf", "__fixsfsi", "__fixunssfsi"}
RISCV_DOUBLE = {f"__{name}df3" for name in "add sub mul".split()} | {
    f"__{name}df2" for name in "eq ne lt le gt ge".split()
}
RISCV_DOUBLE |= {"__extendsfdf2", "__truncdfsf2"}


@dataclass(frozen=True)
class Core:
    """A core, its compiler, and what of libgcc may be called: where floats are software, and for fma's doubles."""

    name: str
    compiler: str
    flags: tuple[str, ...]
    helpers: frozenset[str] = frozenset()
    doubles: frozenset[str] = frozenset()


def arm(name: str, *flags: str, helpers: Iterable[str] = (), doubles: Iterable[str] = ()) -> Core:
    return Core(name, ARM, (f"-mcpu={name}", "-mthumb", *flags), frozenset(helpers), frozenset(doubles))


HARD = ("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
M7 = ("-mfpu=fpv5-d16", "-mfloat-abi=hard")
M33 = ("-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
CORES = [
    arm("cortex-m0plus", "-mfloat-abi=soft", helpers=SOFT | INTEGERS, doubles=DOUBLE),
    arm("cortex-m3", "-mfloat-abi=soft", helpers=SOFT, doubles=DOUBLE),
    arm("cortex-m4", "-mfloat-abi=soft", helpers=SOFT, doubles=DOUBLE),
    arm("cortex-m4", *HARD),
    arm("cortex-m7", *M7),
    arm("cortex-m33", *M33),
    Core("riscv32", "riscv64-unknown-elf-gcc", ("-march=rv32imac", "-mabi=ilp32"),
         frozenset(RISCV_SOFT), frozenset(RISCV_DOUBLE)),
    Core("this machine", "gcc", ("-fno-pic", "-fno-stack-protector")),
]  # fmt: skip
cores = pytest.mark.parametrize("core", CORES, ids=lambda core: f"{core.name}{'-soft' if SOFT & core.helpers else ''}")
BUILDS = {
    "generic": ("generic", CodeOptions()),
    "cortex-m4f": ("cortex-m4f", CodeOptions()),
    "fma": ("generic", CodeOptions(mac="fma")),
    "fma, small, in RAM": ("cortex-m4f", CodeOptions(mac="fma", optimize="size", weights="ram")),
    "small, in CCM, coarse": ("generic", CodeOptions(optimize="size", weights="ccm", activation_error="1e-3")),
}
WHOLE = (every_operator, convolution, recurrence)


def write_all(target: str, code: CodeOptions, folder: Path) -> None:
    """Write networks with every family of kernels into one folder."""
    for build in WHOLE:
        compile_graph(build(), f"net_{build.__name__}", target, code).write(folder)


def undefined(core: Core, folder: Path) -> set[str]:
    """Return what the objects in a folder need that none of them has."""
    nm = core.compiler.removesuffix("gcc") + "nm"
    words = [nm, *sorted(path.name for path in folder.glob("*.o"))]
    text = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines() if len(line.split()) >= 2]
    return {row[-1] for row in rows if row[-2] == "U"} - {row[-1] for row in rows if row[-2] not in "Uw"}


def check(core: Core, folder: Path, allowed: frozenset[str]) -> None:
    """Compile a folder without a warning; only ``allowed`` symbols may be missing."""
    require(core.compiler)
    compiled([core.compiler, *core.flags, *FLAGS, *WARNINGS, "-c", *(p.name for p in sources_in(folder))], folder)
    assert undefined(core, folder) <= allowed


@pytest.mark.parametrize("build", BUILDS)
@cores
def test_networks_compile_without_a_warning_and_need_nothing(core: Core, build: str, tmp_path: Path):
    target, code = BUILDS[build]
    write_all(target, code, tmp_path)
    check(core, tmp_path, core.helpers | (core.doubles if code.mac == "fma" else frozenset()))


@cores
def test_the_whole_runtime_compiles_without_a_warning_and_needs_nothing(core: Core, tmp_path: Path):
    for path in runtime_folder().iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    check(core, tmp_path, core.helpers)


@pytest.mark.parametrize("target", ["generic", "cortex-m4f"])
@pytest.mark.parametrize("machine", [CORTEX_M7, CORTEX_M33], ids=lambda machine: machine.name)
def test_other_cores_with_an_fpu_give_the_same_bits(machine: Machine, target: str, tmp_path: Path):
    network = compile_graph(every_operator(), target_name=target)
    rows = hostile(network.plan.in_len)
    host = run_network(network, rows, HOST, tmp_path / "host")
    np.testing.assert_array_equal(run_network(network, rows, machine, tmp_path / "emulated"), host)


def test_a_cortex_m7_takes_the_assembly_and_a_cortex_m33_does_not(tmp_path: Path):
    """Both have fpv5 and DSP instructions; only the former is an ARMv7E-M."""
    for name, assembled in (("cortex-m7", True), ("cortex-m33", False)):
        core = next(one for one in CORES if one.name == name)
        source = runtime_folder() / "nn4mc_rows_m4f.S"
        compiled([ARM, *core.flags, f"-I{runtime_folder()}", "-c", str(source), "-o", "rows.o"], tmp_path)
        symbols = subprocess.run(["arm-none-eabi-nm", tmp_path / "rows.o"], capture_output=True, text=True, check=True)
        assert ("nn4mc_rows_16" in symbols.stdout) == assembled
