"""What an activation costs by the cycle model, and that it costs the same for every input."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Float32Array
from nn4mc.profile.core import RAM, Core
from nn4mc.profile.cycles import HEADLINE
from nn4mc.target import TARGETS
from tests.profile.assembled import cycles

pytestmark = pytest.mark.emulator

CHECK = """\
#include "nn4mc_bits.h"
int check(const float *x, const float *y, size_t n)
{
    (void)y;
    return nn4mc_all_finite(x, n);
}
"""
NORMAL = np.random.default_rng(0).normal(0, 3, 128).astype(np.float32)


def program(folder: Path, *macros: str) -> Path:
    """Return an ELF with tanh, sigmoid, relu and the check for finite values."""
    check, elf = folder / "check.c", folder / "activations.elf"
    check.write_text(CHECK)
    runtime = runtime_folder()
    flags = [*TARGETS["cortex-m4f"].flags, "-std=c99", "-O2", "-ffreestanding", f"-I{runtime}", *macros]
    link = ["-nostdlib", "-Wl,-Ttext=0x08000000", "-Wl,-e,0"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, *link, str(runtime / "nn4mc_elementary_m4f.S"), str(check), "-o", str(elf)],
        check=True,
    )
    return elf


def called(elf: Path, function: str, x: Float32Array) -> Core:
    """Return a core that has called a function once, from one array to another."""
    core = Core(elf)
    core.write(RAM.at, x.astype("<f4").tobytes())
    core.call(function, RAM.at, RAM.at + 4096, x.size)
    return core


def an_element(elf: Path, function: str) -> float:
    """Return the modelled cycles of an element in a long array, the loop included."""
    one, two = (cycles(called(elf, function, NORMAL[:count]), HEADLINE) for count in (64, 128))
    return (two - one) / 64


COSTS = {
    (): {"nn4mc_tanh_array": 33, "nn4mc_sigmoid_array": 32, "nn4mc_relu_array": 3.75, "check": 3.25},
    ("-DNN4MC_ACTIVATION_ERROR=1",): {"nn4mc_tanh_array": 28.5, "nn4mc_sigmoid_array": 27.5},
    ("-DNN4MC_ACTIVATION_ERROR=2",): {"nn4mc_tanh_array": 23.5, "nn4mc_sigmoid_array": 24.5},
    ("-DNN4MC_BALANCED_CODE",): {"nn4mc_tanh_array": 38, "nn4mc_sigmoid_array": 37, "nn4mc_relu_array": 8},
    ("-DNN4MC_SMALL_CODE",): {"nn4mc_tanh_array": 38, "nn4mc_sigmoid_array": 37},
}


@pytest.mark.parametrize("macros", COSTS, ids=lambda macros: " ".join(macros) or "default")
def test_modelled_cycles_an_element(tmp_path: Path, macros: tuple[str, ...]):
    elf = program(tmp_path, *macros)
    assert {function: an_element(elf, function) for function in COSTS[macros]} == COSTS[macros]


@pytest.mark.parametrize("macros", COSTS, ids=lambda macros: " ".join(macros) or "default")
def test_every_input_executes_the_same_instructions(tmp_path: Path, macros: tuple[str, ...]):
    elf = program(tmp_path, *macros)
    words = np.random.default_rng(1).integers(0, 2**32, (50, 21), np.uint32).view(np.float32)
    words[0], words[1], words[2], words[3] = np.nan, np.inf, 0.0, 1e-45
    for function in ("nn4mc_tanh_array", "nn4mc_sigmoid_array", "nn4mc_relu_array", "check"):
        assert len({called(elf, function, row).instructions for row in words}) == 1, function
