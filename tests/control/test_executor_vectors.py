"""The executor's C against committed float64 vectors, and against those of RLtools' own binary where they are."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.control.executors import CASES, VECTORS, Executed, compute_vectors

PUBLISHED = Path(os.environ.get("NN4MC_RAPTOR_VECTORS", "executor_vectors_400hz.npz"))
"""400 calls of RLtools' executor at 400 Hz: t_ns, obs (p, q, v, w, previous action), act."""


@pytest.mark.parametrize("case", range(len(CASES)), ids=list(CASES))
def test_agrees_with_the_committed_vectors(executed: Executed, case: int):
    kept = np.load(VECTORS)
    twin = executed.twin(**list(CASES.values())[case][1])
    native = 0
    for row, time_us, command, turn in zip(
        kept["rows"], kept[f"time_us_{case}"], kept[f"command_{case}"], kept[f"turn_{case}"], strict=True
    ):
        done = twin.step(row[:13], row[13:], int(time_us))
        native += turn > 0
        assert done.status == 0
        np.testing.assert_allclose(done.command, command, atol=1e-6)
        assert twin.timing().native_steps == native


def test_the_committed_vectors_are_what_float64_says(executed: Executed):
    kept = np.load(VECTORS)
    for name, found in compute_vectors(executed).items():
        np.testing.assert_allclose(found, kept[name], atol=1e-7, err_msg=name)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason=f"NN4MC_RAPTOR_VECTORS names no file: {PUBLISHED}")
@pytest.mark.parametrize("keep_phase", [0, 1])
def test_agrees_with_rltools_own_executor(executed: Executed, keep_phase: int):
    published = np.load(PUBLISHED)
    twin = executed.twin(keep_phase=keep_phase, initial_action=0.0)
    still = np.zeros(6, np.float32)
    for t_ns, seen, action in zip(published["t_ns"], published["obs"], published["act"], strict=True):
        command = twin.step(seen[:13], still, int(t_ns) // 1000 % 2**32).command
        np.testing.assert_allclose(command, action, atol=1e-6)
