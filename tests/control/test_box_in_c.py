"""The quadratic problems in C: the minimiser that float64 finds, within the bounds to the last bit."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.quadratic import MoveBounds, solve_quadratic
from nn4mc.ir import Float32Array
from tests.c_network import build_library

FLOATS = ctypes.POINTER(ctypes.c_float)
PROBLEMS = 400


class Quadratic(ctypes.Structure):
    """As in nn4mc_quadratic.h."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("n", "m")),
        *((name, FLOATS) for name in ("hessian", "gradient", "low", "high", "gap_low", "gap_high")),
        ("least_pivot", ctypes.c_float),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = runtime_folder()
    sources = [Path(__file__).parent / "box_probe.c", folder / "nn4mc_quadratic.c", folder / "nn4mc_factorise.c"]
    return ctypes.CDLL(
        str(build_library([*sources, folder / "nn4mc_copy.c"], tmp_path_factory.mktemp("box") / "box.so"))
    )


def draw(rng: np.random.Generator, n: int) -> tuple[Float32Array, Float32Array, Float32Array, Float32Array]:
    """Return H, g and bounds around 0, some of which are 0 on one side or on both."""
    root = rng.normal(size=(n, n))
    hessian = root @ root.T + 10.0 ** rng.uniform(-1, 0) * np.eye(n)
    low, high = (-rng.uniform(0, 1, n) * rng.integers(0, 4, n), rng.uniform(0, 1, n) * rng.integers(0, 4, n))
    return tuple(one.astype(np.float32) for one in (hessian, 3 * rng.normal(size=n), low, high))  # type: ignore[return-value]


def solve(
    function: "ctypes._FuncPointer", words: tuple[Float32Array, ...], forced: int = 0, least: float = 1e-6
) -> tuple[int, Float32Array, float]:
    """Return whether it was solved, d, and its gain."""
    n = len(words[1])
    pointers = [one.ctypes.data_as(FLOATS) for one in words]
    problem = Quadratic(n, n, *pointers, None, None, least)
    factor, d, gain = np.zeros(n * (n + 1) // 2, np.float32), np.zeros(n, np.float32), ctypes.c_float()
    done = function(
        ctypes.byref(problem), forced, factor.ctypes.data_as(FLOATS), d.ctypes.data_as(FLOATS), ctypes.byref(gain)
    )
    return done, d, gain.value


@pytest.mark.parametrize(
    ("name", "n"), [("solve_few", 1), ("solve_few", 2), *(("solve_box", n) for n in (1, 2, 3, 6, 12))]
)
def test_finds_the_minimiser_within_the_bounds(library: ctypes.CDLL, name: str, n: int):
    rng = np.random.default_rng(n)
    at_bounds = 0
    for _ in range(PROBLEMS):
        words = draw(rng, n)
        done, d, gain = solve(library[name], words)
        hessian, gradient, low, high = (one.astype(np.float64) for one in words)
        best = solve_quadratic(hessian, gradient, MoveBounds(low, high, low, high, n))
        assert done == 1
        assert ((d >= low) & (d <= high)).all()
        lowered = -float(best @ (gradient + hessian @ best / 2))
        assert gain == pytest.approx(lowered, rel=1e-3, abs=1e-4)
        assert -float(d @ (gradient + hessian @ d / 2)) >= lowered - 1e-4 * max(1.0, lowered)
        at_bounds += int(((d == low) | (d == high)).sum())
    assert PROBLEMS * n // 5 < at_bounds < PROBLEMS * n


@pytest.mark.parametrize(("name", "n"), [("solve_few", 1), ("solve_few", 2), ("solve_box", 3)])
def test_a_small_pivot_is_refused_or_raised(library: ctypes.CDLL, name: str, n: int):
    flat = np.ones((n, n), np.float32) if n > 1 else np.zeros((1, 1), np.float32)
    words = (flat, np.full(n, -1.0, np.float32), np.full(n, -2.0, np.float32), np.full(n, 2.0, np.float32))
    assert solve(library[name], words, least=1e-3)[0] == 0
    done, d, _ = solve(library[name], words, forced=1, least=1e-3)
    assert done == 1
    assert (np.abs(d) <= 2.0).all()
    assert float(d @ words[1] + d @ flat @ d / 2) < 0.0
