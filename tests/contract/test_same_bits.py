"""Every elementary function and activation gives the same bits here and on an emulated Cortex-M4."""

import re
import subprocess
from pathlib import Path

import pytest

from nn4mc.build.host import FLAGS, host_compiler
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.target import target

RUNTIME = runtime_folder()
SOURCES = [
    Path(__file__).parent / "same_bits.c",
    *sorted(RUNTIME.glob("nn4mc_elementary*.[cS]")),
    RUNTIME / "nn4mc_activations.c",
]
BARE = ["-ffreestanding", "-nostdlib", "-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x8000", "-Wl,-Tbss=0x110000"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    program = tmp_path_factory.mktemp("here") / "same_bits"
    subprocess.run([host_compiler(), *FLAGS, f"-I{RUNTIME}", *SOURCES, "-o", program], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()


def test_every_function_of_the_headers_without_parameters_is_compared(here: list[str]):
    headers = [(RUNTIME / f"nn4mc_{stem}.h").read_text() for stem in ("elementary", "activations")]
    declared = re.findall(r"nn4mc_(\w+)_array\(const float x\[\], float y\[\], size_t count\);", "".join(headers))
    assert sorted(line.split()[0] for line in here) == sorted(declared)


@pytest.mark.emulator
@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3", "-Os"])
def test_an_emulated_cortex_m4_gives_the_same_bits(here: list[str], tmp_path: Path, level: str):
    program = tmp_path / "same_bits.elf"
    flags = [*target("cortex-m4f").flags, "-std=gnu99", "-ffp-contract=off", level, *BARE, f"-I{RUNTIME}"]
    subprocess.run(["arm-none-eabi-gcc", *flags, *SOURCES, "-lgcc", "-o", program], check=True, capture_output=True)
    machine = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-serial", "none", "-monitor", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native", "-kernel", str(program)]
    done = subprocess.run(
        [*machine, *semihosting], capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert (done.stdout + done.stderr).splitlines() == here
