"""Policies with observations, pasts and actions of their own, called through the executor."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from tests.control.executors import call_times, wandering
from tests.control.policies import POLICIES, build, graph_of


@pytest.mark.parametrize("case", POLICIES)
def test_agrees_with_float64_over_gaps_too(case: str, tmp_path: Path):
    """A past is remembered by native steps alone, and forgotten with the state."""
    made = replace(POLICIES[case], executor=Executor(rest=("velocity",)))
    built = build(made, graph_of(case), tmp_path)
    assert built.code.network is not None
    twin, reference = built.twin(), ExecutedPolicyReference(made, built.code.network.graph)
    times = call_times(120, 2600, 0.1, 4)
    times[70:] = [time_us + 700_000 for time_us in times[70:]]
    for row, time_us in zip(wandering(120, 41), times, strict=True):
        command = twin.step(row[:13], row[13:], time_us).command
        wide = row.astype(np.float64)
        np.testing.assert_allclose(command, reference.step_at(time_us, wide[:13], wide[13:]), atol=2e-5)
    assert twin.timing().restarts == 1
