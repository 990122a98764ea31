"""The fused multiply-add without the instruction is the one with it: libm's fmaf here, VFMA in the core."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nn4mc.ir import Float32Array
from tests.core_batch import FREE_AT
from tests.kernels.builds import HERE, Build, in_the_core, on_this_machine

FMA = Build("fma")
CHUNK = 500_000
SPECIAL = np.uint32(
    [0, 1, 0x007FFFFF, 0x00800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0x34000000, 0x3F7FFFFF, 0x0C000000]
)


def any_bits(rng: np.random.Generator) -> Float32Array:
    """Return (CHUNK, 3) of all bit patterns; most sums are one of the two terms."""
    return rng.integers(0, 2**32, (CHUNK, 3), np.uint32).view(np.float32)


def special(rng: np.random.Generator) -> Float32Array:
    """Return zeros, subnormals, the largest and smallest normal, infinities and ones, of both signs."""
    signs = rng.integers(0, 2, (CHUNK, 3), np.uint32) << 31
    return (rng.choice(SPECIAL, (CHUNK, 3)) | signs).view(np.float32)


def near(rng: np.random.Generator, low: int, high: int) -> Float32Array:
    """Return c within ``low`` to ``high`` binades of a b: every way that a sum can end between two floats."""
    a, b = (_floats(rng, 127 - 60, 127 + 60) for _ in range(2))
    exponents = np.frexp(a.astype(float) * b)[1] + rng.integers(low, high, CHUNK)
    mantissa = rng.integers(0, 2**23, CHUNK) * (rng.random(CHUNK) < 0.7)
    c = np.ldexp(1.0 + mantissa / 2**23, exponents) * rng.choice([-1.0, 1.0], CHUNK)
    with np.errstate(over="ignore"):
        return np.stack([a, b, c.astype(np.float32)], axis=1)


def cancelling(rng: np.random.Generator) -> Float32Array:
    """Return c that is -a b rounded, or a few of its last places beside it: only the product's low bits are left."""
    a, b = (_floats(rng, 127 - 50, 127 + 50) for _ in range(2))
    c = (-(a.astype(float) * b)).astype(np.float32)
    moved = c.view(np.uint32) + rng.integers(-2, 3, CHUNK).astype(np.uint32)
    return np.stack([a, b, moved.view(np.float32)], axis=1)


def halfway(rng: np.random.Generator) -> Float32Array:
    """Return a b of which c's last place is about twice: ties, and ties broken by a bit far below them."""
    a = (1.0 + rng.integers(0, 2**12, CHUNK) / 2**12).astype(np.float32)
    b = (rng.integers(1, 2**12, CHUNK) * np.exp2(rng.integers(-40, -20, CHUNK))).astype(np.float32)
    c = _floats(rng, 126, 129)
    return np.stack([a, b * rng.choice(np.float32([-1, 1]), CHUNK), c], axis=1)


def subnormal(rng: np.random.Generator) -> Float32Array:
    """Return products and sums around the smallest normal number and below it."""
    a, b = _floats(rng, 127 - 80, 127 - 60), _floats(rng, 127 - 80, 127 - 60)
    c = (rng.integers(0, 2**24, CHUNK, np.uint32) | rng.integers(0, 2, CHUNK, np.uint32) << 31).view(np.float32)
    return np.stack([a, b, c], axis=1)


def large(rng: np.random.Generator) -> Float32Array:
    """Return sums around the largest float."""
    a, b = _floats(rng, 127 + 60, 127 + 67), _floats(rng, 127 + 60, 127 + 67)
    return np.stack([a, b, _floats(rng, 250, 255)], axis=1)


def _floats(rng: np.random.Generator, low: int, high: int) -> Float32Array:
    """Return (CHUNK,) with biased exponents from ``low`` to below ``high``."""
    words = rng.integers(low, high, CHUNK, np.uint32) << 23 | rng.integers(0, 2**23, CHUNK, np.uint32)
    return (words | rng.integers(0, 2, CHUNK, np.uint32) << 31).view(np.float32)


def chunks(rounds: int) -> Iterator[Float32Array]:
    """Return triples (a, b, c) of every kind, ``rounds`` times."""
    rng = np.random.default_rng(12)
    for _ in range(rounds):
        yield from (any_bits(rng), special(rng), cancelling(rng), halfway(rng), subnormal(rng), large(rng))
        yield from (near(rng, low, low + 6) for low in (-60, -30, -6, 0, 20, 28))


def compute(function: "ctypes._FuncPointer", triples: Float32Array) -> np.ndarray:
    """Return the bits of a b + c, all NaNs alike."""
    out = np.empty(len(triples), np.float32)
    given = np.ascontiguousarray(triples)
    function(ctypes.c_void_p(given.ctypes.data), ctypes.c_uint32(len(given)), ctypes.c_void_p(out.ctypes.data))
    return one_nan(out)


def one_nan(values: Float32Array) -> np.ndarray:
    return np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32))


def first_apart(triples: Float32Array, found: np.ndarray, expected: np.ndarray) -> list[str]:
    """Return the bits of the first triples whose results differ."""
    apart = np.flatnonzero(found != expected)[:5]
    words = triples.view(np.uint32)
    return [f"{words[i, 0]:#x} {words[i, 1]:#x} {words[i, 2]:#x}: {found[i]:#x}, not {expected[i]:#x}" for i in apart]


def test_it_is_fmaf_on_ten_million_triples(tmp_path: Path):
    library = on_this_machine(FMA, tmp_path, HERE / "macs.c")
    total = plain_sum_differs = 0
    for triples in chunks(2):
        expected = compute(library.run_fmaf, triples)
        assert first_apart(triples, compute(library.run_macs, triples), expected) == []
        with np.errstate(all="ignore"):
            twice_rounded = one_nan(triples[:, 0] * triples[:, 1] + triples[:, 2])
        plain_sum_differs += int((twice_rounded != expected).sum())
        total += len(triples)
    assert total >= 10_000_000
    assert plain_sum_differs > total // 20, "the triples tell one rounding from two"


@pytest.mark.emulator
@pytest.mark.parametrize("portable", [False, True], ids=["as configured", "portable"])
def test_it_is_vfma_in_the_core(tmp_path: Path, portable: bool):
    library = on_this_machine(FMA, tmp_path, HERE / "macs.c")
    core = in_the_core(Build("fma", portable=portable), tmp_path, HERE / "macs.c")
    for triples in chunks(1):
        core.write(FREE_AT, np.ascontiguousarray(triples).tobytes())
        core.call("run_macs", FREE_AT, len(triples), FREE_AT + triples.nbytes)
        found = one_nan(core.read_floats(FREE_AT + triples.nbytes, len(triples)))
        assert first_apart(triples, found, compute(library.run_macs, triples)) == []
