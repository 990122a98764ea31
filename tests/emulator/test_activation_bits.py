"""tanh, sigmoid, relu and the finite checks: the same bits from assembly, from C on a core without FPU, and here."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from tests.emulator.machines import CORTEX_M0_CODE, CORTEX_M3, CORTEX_M4F, HERE, HOST, Machine, answer

pytestmark = pytest.mark.emulator

BLOCKS = 2000
"""Of 512 words: a million for each function."""
SOURCES = (HERE / "activation_program.c", *sorted(runtime_folder().glob("nn4mc_elementary*.[cS]")))


def hashes(machine: Machine, folder: Path, blocks: int, *flags: str) -> np.ndarray:
    found = answer(machine, SOURCES, np.uint32(blocks).tobytes(), folder, *flags)
    return np.frombuffer(found, "<u4").reshape(blocks, 4)


@cache
def on_the_host(folder: Path, level: int) -> np.ndarray:
    return hashes(HOST, folder, BLOCKS, f"-DNN4MC_ACTIVATION_ERROR={level}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("activations")


def test_the_assembly_is_among_the_sources():
    assert [path.suffix for path in SOURCES] == [".c", ".c", ".S"]


SIZES = {"fast": (), "balanced": ("-DNN4MC_BALANCED_CODE",), "small": ("-DNN4MC_SMALL_CODE",)}


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_assembly_gives_the_bits_of_the_portable_code(folder: Path, tmp_path: Path, level: int, size: tuple[str, ...]):
    found = hashes(CORTEX_M4F, tmp_path, BLOCKS, f"-DNN4MC_ACTIVATION_ERROR={level}", *size)
    np.testing.assert_array_equal(found, on_the_host(folder, level))
    assert len(np.unique(found)) > 3 * BLOCKS


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("machine", [CORTEX_M3, CORTEX_M0_CODE], ids=lambda machine: machine.name)
def test_cores_without_fpu_give_the_same_bits(folder: Path, tmp_path: Path, level: int, machine: Machine):
    found = hashes(machine, tmp_path, BLOCKS // 10, f"-DNN4MC_ACTIVATION_ERROR={level}")
    np.testing.assert_array_equal(found, on_the_host(folder, level)[: BLOCKS // 10])
