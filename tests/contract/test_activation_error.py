"""tanh and sigmoid keep the error that --activation-error asks for, whatever the neighbours in the array are."""

import ctypes
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.target import ACTIVATION_ERRORS
from tests.c_network import build_library

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

SOURCE = runtime_folder() / "nn4mc_elementary.c"
COUNT = 1_000_000
NAN = np.array([0x7F800001, 0x7FC00000, 0xFFC00000, 0xFFFFFFFF], np.uint32).view(np.float32)
levels = pytest.mark.parametrize("level", range(3), ids=ACTIVATION_ERRORS)


def sigmoid(x: Float64) -> Float64:
    return 0.5 + 0.5 * np.tanh(x / 2)


FUNCTIONS: dict[str, Callable[[Float64], Float64]] = {"tanh": np.tanh, "sigmoid": sigmoid}
names = pytest.mark.parametrize("name", FUNCTIONS)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[ctypes.CDLL]:
    folder = tmp_path_factory.mktemp("levels")
    made = (
        build_library([SOURCE], folder / f"{level}.so", f"-DNN4MC_ACTIVATION_ERROR={level}")
        for level in range(len(ACTIVATION_ERRORS))
    )
    return [ctypes.CDLL(str(path)) for path in made]


def call(library: ctypes.CDLL, name: str, x: Float32) -> Float32:
    y = np.empty_like(x)
    pointers = (array.ctypes.data_as(ctypes.c_void_p) for array in (x, y))
    getattr(library, f"nn4mc_{name}_array")(*pointers, ctypes.c_size_t(x.size))
    return y


def arguments() -> Float32:
    """Return neighbours of all sizes: uniform ones, every exponent, and the largest."""
    rng = np.random.default_rng(4)
    uniform = rng.uniform(-12, 12, COUNT // 2)
    scattered = rng.choice([-1.0, 1.0], COUNT // 2) * np.exp2(rng.uniform(-149, 128, COUNT // 2))
    both = np.concatenate([uniform, scattered, [3.4e38, -3.4e38, np.inf, -np.inf]]).astype(np.float32)
    return np.ascontiguousarray(rng.permutation(both))


@names
@levels
def test_absolute_error(libraries: list[ctypes.CDLL], name: str, level: int):
    x = arguments()
    found, exact = call(libraries[level], name, x).astype(np.float64), FUNCTIONS[name](x.astype(np.float64))
    worst = np.abs(found - exact).max()
    assert worst <= float(ACTIVATION_ERRORS[level])
    assert level == 0 or worst > float(ACTIVATION_ERRORS[level]) / 3, "what the level allows is used"
    assert found.min() >= (-1 if name == "tanh" else 0) and found.max() <= 1


@levels
def test_tanh_is_odd(libraries: list[ctypes.CDLL], level: int):
    x = arguments()
    np.testing.assert_array_equal(call(libraries[level], "tanh", -x), -call(libraries[level], "tanh", x))


@names
@levels
def test_nan_gives_the_answer_of_zero(libraries: list[ctypes.CDLL], name: str, level: int):
    nan, zero = (call(libraries[level], name, x) for x in (NAN, np.zeros_like(NAN)))
    assert nan.tobytes() == zero.tobytes()
    assert zero[0] == FUNCTIONS[name](np.float64(0))


@names
@levels
def test_any_count_changes_only_what_it_counts(libraries: list[ctypes.CDLL], name: str, level: int):
    x = np.linspace(-3, 3, 11).astype(np.float32)
    function = getattr(libraries[level], f"nn4mc_{name}_array")
    for count in range(x.size):
        y = np.full_like(x, 7)
        function(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(count))
        assert (y[count:] == 7).all() and (np.abs(y[:count]) <= 1).all()
