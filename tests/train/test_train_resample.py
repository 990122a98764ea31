"""A log on a fixed rate: interpolated outputs, held commands, and no sample across a gap."""

import numpy as np
import pytest

from nn4mc.errors import TrainError
from nn4mc.ir import Array
from nn4mc.train.log_file import Log
from nn4mc.train.resample import Segment, resample, run_notes
from nn4mc.train.spec import TrainSpec
from tests.train.plants import make_spec


def make_log(time: Array) -> Log:
    steps = np.floor(time / 0.05)
    return Log("run", "", time, np.column_stack([steps, -steps]), 2.0 * time[:, None] + 1.0, time[:, None])


def jittered(n: int = 200, middle: float = 0.008) -> Array:
    return np.cumsum(np.random.default_rng(1).uniform(0.5, 1.5, n)) * middle


def only(log: Log, spec: TrainSpec) -> Segment:
    (segment,) = resample(log, spec).segments
    return segment


def test_a_line_stays_a_line_and_commands_are_the_last_before():
    log = make_log(jittered())
    segment = only(log, make_spec())
    grid = log.time[0] + 0.01 * np.arange(len(segment))
    assert grid[-1] <= log.time[-1] < grid[-1] + 0.01
    np.testing.assert_allclose(segment.y[:, 0], 2.0 * grid + 1.0, rtol=1e-12)
    before = [log.inputs[log.time <= t][-1] for t in grid]
    np.testing.assert_array_equal(segment.u, before)


def test_a_log_on_the_rate_is_taken_as_it_is():
    log = make_log(0.01 * np.arange(300))
    segment = only(log, make_spec())
    np.testing.assert_array_equal(segment.u, log.inputs)
    np.testing.assert_allclose(segment.y, log.outputs, rtol=1e-12)


def test_sent_commands_act_on_the_next_sample():
    log = make_log(0.01 * np.arange(300))
    segment = only(log, make_spec(command="sent"))
    np.testing.assert_array_equal(segment.u, log.inputs[:-1])
    np.testing.assert_allclose(segment.y, log.outputs[1:], rtol=1e-12)


def test_nothing_is_interpolated_across_a_gap():
    time = np.concatenate([jittered(), jittered() + 5.0])
    run = resample(make_log(time), make_spec())
    assert len(run.segments) == 2 and run.dropped_s == pytest.approx(time[200] - time[199], abs=0.02)
    assert all(one.y.max() - one.y.min() < 2.0 * 2.5 for one in run.segments)
    assert "left out" in run_notes(run, make_spec())[0]
    assert len(resample(make_log(time), make_spec(max_gap_s=10.0)).segments) == 1


def test_a_piece_too_short_for_one_prediction_is_left_out_and_a_run_of_such_is_refused():
    spec = make_spec()
    least = 3 + spec.horizon + 1
    exact = make_log(0.01 * np.arange(least))
    assert resample(exact, spec).samples == least
    tail = np.concatenate([0.01 * np.arange(least), 5.0 + 0.01 * np.arange(4)])
    assert len(resample(make_log(tail), spec).segments) == 1
    with pytest.raises(TrainError, match=f"too short.*{least - 1} samples"):
        resample(make_log(0.01 * np.arange(least - 1)), spec)


def test_a_rate_far_from_the_log_is_noted():
    slow, fast, right = (make_log(jittered(400, dt)) for dt in (0.05, 0.001, 0.008))
    assert "80%" in run_notes(resample(slow, make_spec(max_gap_s=1.0)), make_spec())[0]
    assert "aliased" in run_notes(resample(fast, make_spec()), make_spec())[0]
    assert run_notes(resample(right, make_spec()), make_spec()) == ()
