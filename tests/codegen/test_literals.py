"""Every float32 is written so that a C compiler reads the same bits, and no digit too many."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.codegen.literals import float_literal, float_rows
from nn4mc.errors import GraphError


def words() -> np.ndarray:
    """Return values of every exponent, both signs, random mantissas, and the corners."""
    rng = np.random.default_rng(0)
    head = np.repeat(np.arange(512, dtype=np.uint32) << 23, 4)
    bits = np.concatenate([head, head | 1, head | 0x7FFFFF, head | rng.integers(0, 2**23, head.size, np.uint32)])
    values = bits.view(np.float32)
    return values[np.isfinite(values)]


def test_a_c_compiler_reads_back_the_same_bits(tmp_path: Path):
    values = words()
    body = "\n".join(float_rows(values))
    main = "int main(void) { return fwrite(v, sizeof v, 1, stdout) != 1; }"
    text = f"#include <stdio.h>\nstatic const float v[] = {{\n{body}\n}};\n{main}\n"
    (tmp_path / "x.c").write_text(text)
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Werror", "x.c", "-o", "x"], cwd=tmp_path, check=True)
    found = subprocess.run([tmp_path / "x"], capture_output=True, check=True).stdout
    assert found == values.tobytes()


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_is_exact_and_a_float_constant(value: float):
    text = float_literal(value)
    assert text.endswith("f") and ("." in text or "e" in text)
    assert np.float32(text[:-1]).tobytes() == np.float32(value).tobytes()


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=2**-126, max_value=2**100))
def test_is_the_shortest(value: float):
    digits = len(float_literal(value).rstrip("f").split("e")[0].replace(".", "").strip("0"))
    if digits > 1:
        assert np.float32(f"{value:.{digits - 2}e}") != np.float32(value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_has_no_literal_is_refused(value: float):
    with pytest.raises(GraphError, match="has no C literal"):
        float_literal(value)
