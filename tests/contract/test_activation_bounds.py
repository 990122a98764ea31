"""Elementary functions and activations keep the bounds their headers state, over every float32 exponent and sign."""

import ctypes
import subprocess
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from nn4mc.build.host import FLAGS, WARNINGS, host_compiler
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Node
from nn4mc.ops import operator

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

MANTISSAS = 300
SMALLEST_NORMAL = 2.0**-126
LARGEST = float(np.finfo(np.float32).max)
NANS = np.array([0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0xFF800001, 0xFFC00000, 0xFFFFFFFF], np.uint32).view(np.float32)
PARAMETERS = {
    "leaky_relu": {"alpha": 0.1},
    "elu": {"alpha": 1.25},
    "celu": {"alpha": 0.75},
    "hard_sigmoid": {"alpha": 0.25, "beta": 0.5},
    "clip": {"minimum": -1.0, "maximum": 1.0},
    "relu_general": {"negative_slope": 0.125, "threshold": 1.0},
}
C_PARAMETERS = {"relu_general": (0.125, 1.0, -np.inf, np.inf)}
KEEP_NAN = (
    "log sqrt erf relu6 silu softplus softsign mish selu neg abs reciprocal gelu gelu_tanh hard_swish hard_sigmoid6 "
    "leaky_relu elu celu hard_sigmoid clip relu_general"
).split()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    made = tmp_path_factory.mktemp("activations") / "activations.so"
    sources = [runtime_folder() / f"nn4mc_{stem}.c" for stem in ("elementary", "activations")]
    command = [host_compiler(), *FLAGS, *WARNINGS, "-fPIC", "-shared", *map(str, sources), "-o", str(made)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(made))


def call(library: ctypes.CDLL, name: str, x: Float32) -> Float32:
    """Return what the C makes of ``x``, in place as a network may run it."""
    y = np.array(x, np.float32)
    numbers = C_PARAMETERS.get(name, tuple(PARAMETERS.get(name, {}).values()))
    pointer = y.ctypes.data_as(ctypes.c_void_p)
    function = getattr(library, f"nn4mc_{name}_array")
    function(pointer, pointer, ctypes.c_size_t(y.size), *map(ctypes.c_float, numbers))
    return y


def arguments() -> Float32:
    """Return every exponent, denormals too, with mantissas 0, 1, all ones and random, both signs; and dense steps."""
    rng = np.random.default_rng(0)
    mantissas = rng.integers(0, 1 << 23, (255, MANTISSAS), dtype=np.uint32)
    mantissas[:, :3] = 0, 1, (1 << 23) - 1
    swept = (np.arange(255, dtype=np.uint32)[:, None] << 23 | mantissas).ravel().view(np.float32)
    dense = np.concatenate([np.arange(-20, 20, 1e-3), np.arange(-110, 110, 1e-2)]).astype(np.float32)
    return np.concatenate([swept, -swept, dense])


X = arguments()


def exact(name: str, x: Float32) -> Float64:
    attributes: Mapping[str, float] = PARAMETERS.get(name, {})
    with np.errstate(all="ignore"):
        return operator(name).reference(Node("n", name, (), (), attributes), [x.astype(np.float64)])[0]


def errors(library: ctypes.CDLL, name: str, x: Float32 = X) -> tuple[Float64, Float64, Float64]:
    """Return absolute errors, relative ones and exact values, where float32 has room for the result."""
    expected, found = exact(name, x), call(library, name, x).astype(np.float64)
    known = np.isfinite(expected) & (np.abs(expected) <= LARGEST)
    absolute = np.abs(found[known] - expected[known])
    with np.errstate(all="ignore"):
        return absolute, absolute / np.abs(expected[known]), expected[known]


def in_normal_range(relative: Float64, expected: Float64) -> float:
    return float(relative[np.abs(expected) >= SMALLEST_NORMAL].max())


@pytest.mark.parametrize(
    ("name", "bound"), [("exp", 1e-7), ("log", 2e-7), ("erf", 2e-7), ("softplus", 3e-7), ("elu", 3e-7), ("selu", 3e-7)]
)
def test_relative_bound(library: ctypes.CDLL, name: str, bound: float):
    x = X[X > 0] if name == "log" else X
    _, relative, expected = errors(library, name, x)
    assert in_normal_range(relative, expected) <= bound


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("expm1", -100.0, 88.7), ("expm1", -1e-3, 1e-3), ("log1p", 0.0, 1.0), ("log1p", 0.0, 1e-6)],
)
def test_relative_bound_of_the_building_blocks(library: ctypes.CDLL, name: str, low: float, high: float):
    function = getattr(library, f"nn4mc_{name}")
    function.restype = ctypes.c_float
    x = np.linspace(low, high, 5001).astype(np.float32).astype(np.float64)
    found = np.array([function(ctypes.c_float(one)) for one in x])
    expected = getattr(np, name)(x)
    assert (np.abs(found - expected) <= 2e-7 * np.abs(expected)).all()


def test_expm1_ends(library: ctypes.CDLL):
    library.nn4mc_expm1.restype = ctypes.c_float
    ends = [library.nn4mc_expm1(ctypes.c_float(x)) for x in (-np.inf, -200.0, -0.0, 0.0, 1e-45, 89.0, np.inf)]
    np.testing.assert_array_equal(ends, np.array([-1, -1, 0, 0, 1e-45, np.inf, np.inf], np.float32))


@pytest.mark.parametrize("name", ["silu", "mish", "gelu", "gelu_tanh"])
def test_absolute_or_relative_bound(library: ctypes.CDLL, name: str):
    absolute, relative, _ = errors(library, name)
    assert np.fmin(absolute, relative).max() <= 3e-7


@pytest.mark.parametrize("name", ["silu", "mish"])
def test_relative_bound_as_long_as_exp_is_normal(library: ctypes.CDLL, name: str):
    _, relative, expected = errors(library, name, X[X > -87])
    assert in_normal_range(relative, expected) <= 4e-7


def test_erf_is_odd_and_never_beyond_one(library: ctypes.CDLL):
    absolute, _, _ = errors(library, "erf")
    assert absolute.max() <= 1.2e-7
    assert np.abs(call(library, "erf", X)).max() == 1.0
    assert (call(library, "erf", -X) == -call(library, "erf", X)).all()


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_arithmetic_alone(library: ctypes.CDLL, name: str):
    absolute, relative, _ = errors(library, name)
    assert np.fmin(absolute, relative).max() <= 3e-7


@pytest.mark.parametrize("exponent", [0, 1, 127, 128, 254])
def test_sqrt_is_correctly_rounded_for_every_mantissa(library: ctypes.CDLL, exponent: int):
    x = (np.arange(1 << 23, dtype=np.uint32) | np.uint32(exponent << 23)).view(np.float32)
    assert (call(library, "sqrt", x) == np.sqrt(x)).all()


def test_sqrt_is_correctly_rounded_for_every_exponent(library: ctypes.CDLL):
    assert (call(library, "sqrt", X[X >= 0]) == np.sqrt(X[X >= 0])).all()


@pytest.mark.parametrize("name", KEEP_NAN)
def test_nan_stays_nan_whatever_its_sign_and_payload(library: ctypes.CDLL, name: str):
    assert np.isnan(call(library, name, NANS)).all()


def test_log_and_sqrt_outside_their_domain(library: ctypes.CDLL):
    x = np.array([0.0, -0.0, -1e-45, -1.0, -np.inf, np.inf], np.float32)
    inf, nan = np.inf, np.nan
    np.testing.assert_array_equal(call(library, "log", x), [-inf, -inf, nan, nan, nan, inf])
    np.testing.assert_array_equal(call(library, "sqrt", x), [0.0, 0.0, nan, nan, nan, inf])
    assert np.signbit(call(library, "sqrt", x[:2])).tolist() == [False, True]


def test_large_arguments_do_not_overflow_on_the_way(library: ctypes.CDLL):
    x = np.array([LARGEST, -LARGEST], np.float32)
    for name in ("silu", "softplus", "mish", "gelu", "gelu_tanh", "hard_swish"):
        np.testing.assert_array_equal(np.abs(call(library, name, x)), [np.float32(LARGEST), 0.0], err_msg=name)
    for name in ("softsign", "hard_sigmoid6", "erf"):
        assert np.isfinite(call(library, name, x)).all(), name
    assert call(library, "selu", x)[1] == np.float32(-1.0507009873554805 * 1.6732632423543772)


@pytest.mark.parametrize(
    ("name", "limit"), [("elu", -1.25), ("selu", -1.7580993), ("celu", -0.75), ("hard_sigmoid", 0.0), ("softplus", 0.0)]
)
def test_limits_at_minus_infinity(library: ctypes.CDLL, name: str, limit: float):
    np.testing.assert_allclose(call(library, name, np.array([-np.inf], np.float32)), [limit], rtol=1e-7)
