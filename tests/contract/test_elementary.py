"""tanh, sigmoid and exp keep the bounds stated in nn4mc_elementary.h, over every float32 exponent and both signs."""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.target import TARGETS
from tests.c_network import build_library

RUNTIME = runtime_folder()
SOURCE = RUNTIME / "nn4mc_elementary.c"
TANH, SIGMOID, EXP = range(3)
MANTISSAS = 2000
SMALLEST_NORMAL = 2.0**-126
INFINITY, NEGATIVE = 0x7F800000, 0x80000000
ONE = 0x3F800000
HALF = 0x3F000000
NANS = (0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0xFF800001, 0xFFC00000, 0xFFFFFFFF)


class Result(ctypes.Structure):
    _fields_ = (
        ("absolute", ctypes.c_double),
        ("relative", ctypes.c_double),
        ("outside", ctypes.c_uint64),
        ("not_odd", ctypes.c_uint64),
        ("tried", ctypes.c_uint64),
    )


class Question(ctypes.Structure):
    _fields_ = (
        ("function", ctypes.c_int),
        ("mantissas", ctypes.c_uint32),
        ("seed", ctypes.c_uint32),
        ("least_exact", ctypes.c_double),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
    )


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    sources = [SOURCE, Path(__file__).parent / "elementary_probe.c"]
    library = ctypes.CDLL(str(build_library(sources, tmp_path_factory.mktemp("probe") / "probe.so", "-lm")))
    library.sweep.restype = Result
    library.of_bits.restype = ctypes.c_uint32
    library.of_bits.argtypes = (ctypes.c_int, ctypes.c_uint32)
    return library


def sweep(probe: ctypes.CDLL, function: int, least_exact: float, low: float, high: float) -> Result:
    result = probe.sweep(ctypes.byref(Question(function, MANTISSAS, 1, least_exact, low, high)))
    assert result.tried == 2 * 255 * MANTISSAS
    return result


def test_tanh(probe: ctypes.CDLL):
    found = sweep(probe, TANH, least_exact=0.01, low=-1, high=1)
    assert found.absolute <= 1.2e-7
    assert found.relative <= 1e-6
    assert found.not_odd == 0
    assert found.outside == 0


def test_sigmoid(probe: ctypes.CDLL):
    found = sweep(probe, SIGMOID, least_exact=0.1, low=np.nextafter(0, 1), high=1)
    assert found.absolute <= 8e-8
    assert found.relative <= 4e-7
    assert found.outside == 0


def test_exp(probe: ctypes.CDLL):
    found = sweep(probe, EXP, least_exact=SMALLEST_NORMAL, low=0, high=np.inf)
    assert found.relative <= 1e-7
    assert found.outside == 0


@pytest.mark.parametrize(("function", "bound"), [(TANH, 1.2e-7), (SIGMOID, 8e-8), (EXP, 1e-7)])
def test_in_dense_steps_where_the_result_bends(probe: ctypes.CDLL, function: int, bound: float):
    """Random mantissas miss the steps of the range reduction: go through -20..20 in even steps as well."""
    exact = (np.tanh, lambda x: 1 / (1 + np.exp(-x)), np.exp)[function]
    x = np.arange(-20, 20, 1e-3).astype(np.float32)
    bits = [probe.of_bits(function, int(b)) for b in x.view(np.uint32)]
    found = np.array(bits, np.uint32).view(np.float32).astype(np.float64)
    expected = exact(x.astype(np.float64))
    error = np.abs(found - expected) / (expected if function == EXP else 1.0)
    assert error.max() <= bound


@pytest.mark.parametrize("nan", NANS)
def test_nan_gives_one_answer_whatever_its_sign_and_payload(probe: ctypes.CDLL, nan: int):
    assert [probe.of_bits(function, nan) for function in (TANH, SIGMOID, EXP)] == [0, HALF, INFINITY]


def test_infinities_give_the_limits(probe: ctypes.CDLL):
    assert [probe.of_bits(function, INFINITY) for function in (TANH, SIGMOID, EXP)] == [ONE, ONE, INFINITY]
    assert probe.of_bits(TANH, INFINITY | NEGATIVE) == ONE | NEGATIVE
    assert probe.of_bits(EXP, INFINITY | NEGATIVE) == 0
    lowest = np.uint32(probe.of_bits(SIGMOID, INFINITY | NEGATIVE)).view(np.float32)
    assert 0 < lowest < 2e-8


def test_tanh_is_zero_at_zero_and_true_near_it(probe: ctypes.CDLL):
    assert [probe.of_bits(TANH, bits) for bits in (0, NEGATIVE, 1, NEGATIVE | 1)] == [0, 0, 0, 0]
    x = np.logspace(-12, -2, 4001).astype(np.float32)
    found = np.array([probe.of_bits(TANH, int(b)) for b in x.view(np.uint32)], np.uint32).view(np.float32)
    assert (found >= 0).all()
    assert np.abs(found - np.tanh(x.astype(np.float64))).max() <= 1e-8


def test_exp_overflows_and_underflows_where_float32_does(probe: ctypes.CDLL):
    def exp(x: float) -> float:
        return float(np.uint32(probe.of_bits(EXP, int(np.float32(x).view(np.uint32)))).view(np.float32))

    assert np.isfinite(exp(88.72283)) and exp(88.7229) == np.inf
    assert exp(-103.9) > 0 and exp(-104.0) == 0
    assert exp(0.0) == 1.0
    assert abs(exp(-95.0) - np.exp(-95.0)) <= 2.0**-149


def test_relu_keeps_nan_and_gives_plus_zero(tmp_path: Path):
    library = ctypes.CDLL(str(build_library([SOURCE], tmp_path / "relu.so")))
    words = np.array([-0.0, 0.0, -1.0, 1.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, -1e-45], np.float32)
    before = words.copy()
    pointer = words.ctypes.data_as(ctypes.c_void_p)
    library.nn4mc_relu_array(pointer, pointer, ctypes.c_size_t(words.size))
    assert words.view(np.uint32)[[0, 1, 2, 5, 9]].tolist() == [0] * 5
    np.testing.assert_array_equal(words[[3, 4, 6, 7, 8]], before[[3, 4, 6, 7, 8]])


def disassembly(tmp_path: Path, target: str, *flags: str) -> dict[str, list[str]]:
    """Return each function's instructions, compiled as generated code is, the static ones inlined or not."""
    made = tmp_path / "elementary.o"
    words = ["arm-none-eabi-gcc", *TARGETS[target].flags, "-std=c99", "-ffreestanding", "-ffp-contract=off", *flags]
    subprocess.run([*words, "-c", str(SOURCE), "-o", str(made)], check=True)
    text = subprocess.run(
        ["arm-none-eabi-objdump", "-dr", str(made)], capture_output=True, text=True, check=True
    ).stdout
    functions: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if head := re.match(r"[0-9a-f]+ <(\w+)>:", line):
            name = head[1]
            functions[name] = []
        elif line.startswith(" "):
            functions[name].append(line.split("\t", 2)[-1] if "R_ARM" not in line else line.strip())
    return functions


BRANCH = re.compile(r"(b(eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(\.[nw])?|cbn?z|it[te]*|tb[bh])\b")
DOUBLE_OR_FUSED = re.compile(r"v\w+\.f64|vfn?m[as]|vcvt\w*\.f(64|32\.f64)")


@pytest.mark.emulator
@pytest.mark.parametrize("level", ["-O2", "-Os", "-O3"])
def test_scalar_functions_have_no_branch_no_double_and_no_fused_multiply_add_on_cortex_m4f(tmp_path: Path, level: str):
    functions = disassembly(tmp_path, "cortex-m4f", level)
    scalar = {name: code for name, code in functions.items() if not name.endswith("_array")}
    assert {"nn4mc_tanh", "nn4mc_sigmoid", "nn4mc_exp"} <= set(scalar)
    assert [line for code in scalar.values() for line in code if BRANCH.match(line)] == []
    assert [line for code in functions.values() for line in code if DOUBLE_OR_FUSED.match(line)] == []
    assert [line for code in functions.values() for line in code if "R_ARM" in line and "nn4mc" not in line] == []


@pytest.mark.emulator
def test_without_fpu_only_single_precision_helpers_are_called(tmp_path: Path):
    functions = disassembly(tmp_path, "generic", "-O2")
    calls = {line.split()[-1] for code in functions.values() for line in code if "R_ARM_THM_CALL" in line}
    single = r"__aeabi_(f(add|sub|mul|div)|f2u?iz|u?i2f|fcmp\w+|lmul)$|nn4mc_\w+|__gnu_thumb1_case_\w+"
    assert [call for call in calls - set(functions) if not re.match(single, call)] == []
