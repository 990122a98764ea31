"""The emulated core: calls, counts in C and in Python, and what is said when a program goes wrong."""

from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import BuildError, CheckFailed
from nn4mc.profile.core import Core
from tests.profile.assembled import assemble

pytestmark = pytest.mark.emulator

_MIXED = """
 push {r4, lr}
 movs r4, #9
1: cmp r4, #5
 it gt
 vldrgt s0, [r0]
 itt le
 ldrle r1, [r0]
 vmulle.f32 s1, s0, s0
 bl g
 subs r4, #1
 bne 1b
 pop {r4, pc}
g: vadd.f32 s2, s2, s2
 bx lr
"""


def test_arguments_and_results_follow_the_procedure_call_standard(tmp_path: Path):
    core = Core(assemble("add r0, r0, r1\n vsub.f32 s0, s0, s1\n bx lr", tmp_path))
    assert core.call("f", 40, 2) == 42
    assert core.call_float("f", 1.5, 0.25) == 1.25


def test_counts_in_c_and_in_python_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elf = assemble(_MIXED, tmp_path)
    found = []
    for native in ("1", "0"):
        monkeypatch.setenv("NN4MC_NATIVE", native)
        core = Core(elf)
        for _ in range(3):
            core.call("f", core.program.symbol("data"))
        found.append((type(core.counting).__name__, core.instructions, core.counts()))
    (native_name, *native_figures), (python_name, *python_figures) = found
    assert (native_name, python_name) == ("NativeCounting", "PythonCounting")
    assert native_figures == python_figures
    # 4 of 9 rounds have r4 > 5: the load of s0 is done in those, the one of r1 in the others.
    assert sorted(native_figures[1].done.values()) == [3 * 4, 3 * 5]


def test_the_difference_of_two_counts_is_what_ran_between_them(tmp_path: Path):
    core = Core(assemble(_MIXED, tmp_path))
    core.call("f", core.program.symbol("data"))
    once = core.counts()
    core.call("f", core.program.symbol("data"))
    assert core.counts() - once == once


def test_a_fault_says_where(tmp_path: Path):
    core = Core(assemble("nop\n ldr r1, [r0]\n bx lr", tmp_path))
    with pytest.raises(CheckFailed, match=r"f: the emulated core stopped at 0x08000002 in f: .*UNMAPPED"):
        core.call("f", 0x60000000)
    assert core.call("f", core.program.symbol("data")) == core.program.symbol("data"), "the core goes on after a fault"


def test_an_endless_loop_ends_at_the_limit(tmp_path: Path):
    core = Core(assemble("b f", tmp_path))
    with pytest.raises(CheckFailed, match=r"f did not return within 1,000 instructions, at 0x08000000 in f"):
        core.call("f", limit=1000)


def test_a_missing_function_is_named(tmp_path: Path):
    with pytest.raises(BuildError, match="has no symbol 'g'"):
        Core(assemble("bx lr", tmp_path)).call("g")


def test_a_file_that_is_no_program(tmp_path: Path):
    path = tmp_path / "no.elf"
    path.write_bytes(b"not an ELF file")
    with pytest.raises(BuildError, match="cannot be read as an ELF file"):
        Core(path)


def test_denormals_are_kept_and_rounding_is_to_nearest(tmp_path: Path):
    core = Core(assemble("vmul.f32 s0, s0, s1\n bx lr", tmp_path))
    smallest = float(np.float32(1e-40))
    assert core.call_float("f", smallest, 0.5) == float(np.float32(smallest) * np.float32(0.5))
