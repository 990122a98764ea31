"""Packed integer products: the portable kernels against whole numbers, and the bounds that keep sums within int32."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ops.integer_rows import INT8_STEPS, INT16_STEPS, INT32_MAX, largest_sums, pack, walk, within_int32, words_of
from tests.c_network import build_library

KERNELS = {"8x8": (np.int8, INT8_STEPS), "8x16": (np.int8, INT16_STEPS), "16x16": (np.int16, INT16_STEPS)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The portable kernels, which stop at the first undefined behaviour."""
    source = runtime_folder() / "nn4mc_integer_rows.c"
    flags = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    return ctypes.CDLL(str(build_library([source], tmp_path_factory.mktemp("rows") / "rows.so", *flags)))


@st.composite
def products(draw: st.DrawFn) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    """A kernel's name, weights, bias and x, random or at the ends of their ranges, of any shape with all tails."""
    kernel = draw(st.sampled_from(sorted(KERNELS)))
    dtype, limit = KERNELS[kernel]
    rows, columns = draw(st.integers(1, 9)), draw(st.integers(1, 13))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    top = np.iinfo(dtype).max
    if draw(st.booleans()):
        weights, x = rng.choice([-top, top], (rows, columns)), rng.choice([-limit, limit], columns)
    else:
        weights, x = rng.integers(-top, top + 1, (rows, columns)), rng.integers(-limit, limit + 1, columns)
    bias = rng.integers(-(10**6), 10**6, rows)
    return kernel, weights.astype(dtype), bias.astype(np.int32), x


def exact(weights: np.ndarray, bias: np.ndarray, x: np.ndarray, shift: int) -> np.ndarray:
    sums = weights.astype(object) @ x.astype(object)
    return np.array([(int(one) + ((1 << shift) >> 1) >> shift) for one in sums]) + bias.astype(np.int64)


@given(products())
@settings(max_examples=300, deadline=None)
def test_the_portable_kernel_is_exact(library: ctypes.CDLL, case: tuple[str, np.ndarray, np.ndarray, np.ndarray]):
    kernel, weights, bias, x = case
    limit = KERNELS[kernel][1]
    packed = pack(weights, bias, limit, "")
    assert packed.layout.kernel == kernel
    shift = next(one for one in range(32 if kernel == "16x16" else 1) if within_int32(weights, bias, limit, one))
    steps = np.zeros(4 * packed.layout.fours, np.int16)
    steps[: len(x)] = x
    sums = np.zeros(packed.layout.block_rows * packed.layout.blocks, np.int32)
    assert 2 * packed.layout.fours + len(sums) <= words_of(*weights.shape)
    pointers = [ctypes.c_void_p(one.ctypes.data) for one in (packed.data, steps, sums)]
    getattr(library, f"nn4mc_integer_{kernel}")(*pointers, packed.layout.blocks, packed.layout.fours, shift)
    np.testing.assert_array_equal(sums[: len(bias)], exact(weights, bias, x, shift))
    assert not sums[len(bias) :].any(), "rows of padding"


def test_the_kernel_of_joint_rows_is_left_where_its_23_bits_do_not_do():
    fits = np.full((4, 259), 127, np.int8)
    assert walk(fits, np.zeros(4, np.int32), INT8_STEPS).kernel == "8x8"
    assert walk(np.full((4, 260), 127, np.int8), np.zeros(4, np.int32), INT8_STEPS).kernel == "8x16"
    assert walk(np.full((1, 4), -128, np.int8), np.zeros(1, np.int32), INT8_STEPS).kernel == "8x16"
    assert walk(fits[:, :4], np.full(4, 2**23, np.int32), INT8_STEPS).kernel == "8x16"


def test_sums_that_can_leave_int32_are_refused():
    weights = np.full((1, 516), 127, np.int8)
    assert largest_sums(weights, np.zeros(1, np.int32), INT16_STEPS)[0] <= INT32_MAX
    walk(weights, np.zeros(1, np.int32), INT16_STEPS)
    with pytest.raises(ValueError, match="can leave int32"):
        walk(np.full((1, 517), 127, np.int8), np.zeros(1, np.int32), INT16_STEPS)


@given(st.integers(1, 400), st.integers(-(2**30), 2**30), st.integers(0, 31))
def test_sums_are_within_int32_exactly_where_the_worst_one_is(columns: int, bias: int, shift: int):
    weights = np.full((1, columns), 32767, np.int16)
    worst = (columns * 32767 * 32767 + ((1 << shift) >> 1) >> shift) + abs(bias)
    assert within_int32(weights, np.array([bias]), INT16_STEPS, shift) == (worst <= INT32_MAX)


def test_words_are_laid_out_as_the_header_says(tmp_path: Path):
    """Rows 0 and 1 of columns 0 and 1, byte by byte: low bytes are row 0, high bytes row 1."""
    weights = np.array([[1, 3], [2, 4]], np.int8)
    words = pack(weights, np.array([10, 20], np.int32), INT16_STEPS, "").data
    assert words.tolist() == [10, 20, 0, 0, 0x04030201, 0, 0, 0]
    words = pack(weights, np.array([10, 20], np.int32), INT8_STEPS, "").data
    assert words.tolist() == [10, 10 + 256 * 20, 0, 0, 0x04030201, 0, 0, 0]
    words = pack(weights.astype(np.int16), np.array([10, 20], np.int32), INT16_STEPS, "").data
    assert words.tolist() == [0x00030001, 0x00040002, 0, 0, 10, 20]
