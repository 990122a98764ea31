"""The terms of an observation and the guard, in C against float64 and by hand."""

import ctypes

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.observation import TERMS, rotation_matrix
from tests.c_network import build_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    sources = [runtime_folder() / f"nn4mc_{name}.c" for name in ("observation", "guard", "copy")]
    return ctypes.CDLL(str(build_library(sources, tmp_path_factory.mktemp("terms") / "terms.so")))


def pointer(words: np.ndarray) -> ctypes.c_void_p:
    return words.ctypes.data_as(ctypes.c_void_p)


def unit_quaternions(count: int) -> np.ndarray:
    q = np.random.default_rng(0).normal(size=(count, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def test_rotation_matrix_turns_a_vector_as_the_quaternion_product_does():
    v = np.array([0.3, -1.2, 0.7])
    for w, x, y, z in unit_quaternions(20):
        axis = np.array([x, y, z])
        turned = v + 2 * np.cross(axis, np.cross(axis, v) + w * v)
        np.testing.assert_allclose(rotation_matrix(np.array([w, x, y, z])).reshape(3, 3) @ v, turned, atol=1e-14)


def test_a_quarter_turn_about_z_takes_forward_to_left():
    q = np.array([np.sqrt(0.5), 0, 0, np.sqrt(0.5)])
    np.testing.assert_allclose(rotation_matrix(q).reshape(3, 3) @ [1, 0, 0], [0, 1, 0], atol=1e-15)


def test_rotation_matrix_in_c(library: ctypes.CDLL):
    for q in unit_quaternions(200).astype(np.float32):
        out = np.empty(9, np.float32)
        library.nn4mc_rotation_matrix(pointer(q), pointer(out))
        np.testing.assert_allclose(out, rotation_matrix(q.astype(np.float64)), atol=5e-7)


@pytest.mark.parametrize("limit", [0.0, 0.5, 1e6])
def test_clipped_difference_in_c(library: ctypes.CDLL, limit: float):
    rng = np.random.default_rng(1)
    measured, wanted = rng.normal(0, 2, (2, 50)).astype(np.float32)
    out = np.empty(50, np.float32)
    library.nn4mc_clipped_difference(
        pointer(measured), pointer(wanted), ctypes.c_float(limit), pointer(out), ctypes.c_size_t(50)
    )
    expected = TERMS["position_error"].compute([measured.astype(float)], wanted.astype(float), limit)
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_a_difference_that_overflows_is_the_limit(library: ctypes.CDLL):
    measured, wanted = np.float32([3e38, -3e38]), np.float32([-3e38, 3e38])
    out = np.empty(2, np.float32)
    library.nn4mc_clipped_difference(
        pointer(measured), pointer(wanted), ctypes.c_float(0.5), pointer(out), ctypes.c_size_t(2)
    )
    assert out.tolist() == [0.5, -0.5]


class Limits(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_void_p) for name in ("minimum", "maximum", "safe")), ("count", ctypes.c_size_t))


class Settings(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_float) for name in ("rate", "safe_rate", "hold_steps"))


class Guard(ctypes.Structure):
    _fields_ = (("bad_steps", ctypes.c_uint32), ("mode", ctypes.c_int))


@pytest.fixture
def limits() -> tuple[Limits, tuple[np.ndarray, ...]]:
    """Return limits -1..2 and 0..1 with the safe command 0.5 and 0, and the arrays they point to."""
    arrays = np.float32([-1, 0]), np.float32([2, 1]), np.float32([0.5, 0])
    return Limits(*(array.ctypes.data for array in arrays), 2), arrays


def accept(library: ctypes.CDLL, limits: Limits, wished: list[float], last: list[float], rate: float) -> list[float]:
    guard, words = Guard(), np.float32(last)
    library.nn4mc_guard_accept(
        ctypes.byref(guard), ctypes.byref(limits), ctypes.c_float(rate), pointer(np.float32(wished)), pointer(words)
    )
    return words.tolist()


@pytest.mark.parametrize(
    ("wished", "last", "rate", "expected"),
    [
        ([1.5, 0.5], [0, 0], 9, [1.5, 0.5]),
        ([5, 5], [0, 0], 9, [2, 1]),
        ([-5, -5], [0, 0], 9, [-1, 0]),
        ([3e38, -3e38], [0, 1], 9, [2, 0]),
        ([1.5, 1], [0, 0], 0.25, [0.25, 0.25]),
        ([-1, 0], [0, 1], 0.25, [-0.25, 0.75]),
        ([1, 1], [0.5, 0.5], 0, [0.5, 0.5]),
    ],
)
def test_the_guard_keeps_limits_and_rate(library: ctypes.CDLL, limits, wished, last, rate, expected):
    assert accept(library, limits[0], wished, last, rate) == expected


def test_the_guard_goes_to_the_safe_command_from_either_side_and_stays(library: ctypes.CDLL, limits):
    guard, words, settings = Guard(), np.float32([-1, 1]), Settings(9, 1, 0)
    path = []
    for _ in range(3):
        library.nn4mc_guard_refuse(ctypes.byref(guard), ctypes.byref(limits[0]), ctypes.byref(settings), pointer(words))
        path.append(words.tolist())
    assert path == [[0, 0], [0.5, 0], [0.5, 0]]
    assert (guard.bad_steps, guard.mode) == (3, 2)


def test_the_count_of_bad_steps_does_not_wrap_to_holding(library: ctypes.CDLL, limits):
    guard, words, settings = Guard(0xFFFFFFFF, 2), np.float32([0, 0]), Settings(9, 1, 1000)
    library.nn4mc_guard_refuse(ctypes.byref(guard), ctypes.byref(limits[0]), ctypes.byref(settings), pointer(words))
    assert (guard.bad_steps, guard.mode) == (0xFFFFFFFF, 2)
