"""Who chooses and who judges: no run does both, and what is chosen is what is good."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.errors import TrainError
from nn4mc.train.compare import ratio_of_medians, ratios, sensor_gains
from nn4mc.train.fitters import fitter, layout_of
from nn4mc.train.models import Model
from nn4mc.train.resample import Run, Segment
from nn4mc.train.rollout import open_loop_rmse
from nn4mc.train.score import seen_enough, stopped_early
from nn4mc.train.spec import Channel, NetworkSpec, TrainSpec
from nn4mc.train.study import Fold, Study, study, work
from tests.train.plants import make_runs, make_spec, slack


def run_study(runs: list[Run], spec: TrainSpec) -> Study:
    fitters = [fitter(spec, kind) for kind in spec.tried]
    return study(runs, fitters, layout_of(spec, "arx"), spec.horizon, lambda _: None)


def spoilt(run: Run, seed: int) -> Run:
    """The same run with other values: of another plant, in other units."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-2, 2)
    segments = tuple(
        Segment(*(scale * one + rng.standard_normal(one.shape) for one in (part.u, part.y, part.s)))
        for part in run.segments
    )
    return Run(run.name, run.sha256, run.rows, run.duration_s, run.median_step_s, segments, run.dropped_s)


def numbers(model: Model) -> bytes:
    layers = (model.linear, *model.layers)  # type: ignore[attr-defined]
    return b"".join(one.weights.tobytes() + one.bias.tobytes() for one in layers)


def decided(fold: Fold) -> list[tuple[str, str, float, bytes]]:
    return [(one.kind, one.option, one.inner_score, numbers(one.model)) for one in fold.entries.values()]


@settings(max_examples=8, deadline=None)
@given(held_out=st.integers(0, 3), seed=st.integers(0, 2**31))
def test_a_held_out_run_has_no_say(held_out: int, seed: int):
    """Whatever is in it: kind, option, inner scores and weights of its fold stay the same to the last bit."""
    spec = make_spec(sensors=(Channel("s0"),), kinds=("hammerstein", "hammerstein+sensors"))
    runs = make_runs(slack, n=150, noise=0.01, q=1)
    other = [spoilt(run, seed) if i == held_out else run for i, run in enumerate(runs)]
    before, after = (run_study(one, spec).folds[held_out] for one in (runs, other))
    assert decided(before) == decided(after) and before.recommended == after.recommended
    assert not np.array_equal(before.still, after.still)


def test_a_held_out_run_does_not_stop_a_network_of_its_fold_either():
    network = NetworkSpec(hidden=(4,), epochs=4, patience=1, batch=64, stride=8, learning_rate=3e-2)
    spec = make_spec(kinds=("dense",), network=network, horizon=5)
    runs = make_runs(slack, n=120, noise=0.01)
    for held_out in range(4):
        other = [spoilt(run, 5) if i == held_out else run for i, run in enumerate(runs)]
        before, after = (run_study(one, spec).folds[held_out] for one in (runs, other))
        assert decided(before) == decided(after)


def test_the_bent_plant_is_recognised_and_beats_both_baselines():
    found = run_study(make_runs(slack, noise=1e-3, n=400), make_spec())
    assert found.recommended == "hammerstein" and "4 segments" in found.choices["hammerstein"].option
    for fold in found.folds:
        assert fold.recommended == "hammerstein"
        assert ratios(fold, True).held and ratios(fold, True).to_arx < 0.5


def test_of_equals_the_simplest_is_recommended():
    """A linear plant without offsets: ARX is exact up to noise, segments add nothing."""
    runs = make_runs(noise=1e-3, n=600)
    still = [
        Run(r.name, r.sha256, r.rows, 0.0, 0.0, tuple(Segment(s.u, s.y - s.y[0], s.s) for s in r.segments), 0.0)
        for r in runs
    ]
    assert run_study(still, make_spec(nd=2, dd=2)).recommended == "arx"


def test_scores_of_a_fold_are_those_of_its_model_on_the_whole_held_out_run():
    runs = make_runs(slack)
    found = run_study(runs, make_spec())
    for run, fold in zip(runs, found.folds, strict=True):
        for entry in fold.entries.values():
            np.testing.assert_array_equal(entry.rmse, open_loop_rmse(entry.model, run, 10))


def pushed_run(run: Run, useful: bool) -> Run:
    """The run with a push on its output that changes every 20 samples, noise, and a sensor of it or of nothing."""
    (part,) = run.segments
    rng = np.random.default_rng(100 + int(run.name[3:]))
    push = np.repeat(rng.standard_normal((30, 1)), 20, axis=0)
    moved = part.y + np.cumsum(np.roll(push, 1, axis=0), axis=0) + 2.0 * rng.standard_normal(part.y.shape)
    segment = Segment(part.u, moved - part.y[0], push if useful else part.s)
    return Run(run.name, run.sha256, run.rows, run.duration_s, run.median_step_s, (segment,), 0.0)


@pytest.mark.parametrize(("useful", "least", "most"), [(True, 0.0, 0.8), (False, 0.99, 1.1)])
def test_what_sensors_add_is_told(useful: bool, least: float, most: float):
    spec = make_spec(sensors=(Channel("s0"),), kinds=("arx", "arx+sensors"))
    gains = sensor_gains(run_study([pushed_run(run, useful) for run in make_runs(n=600, q=1)], spec))
    assert len(gains) == 4 and all(least < one.ratio < most for one in gains)
    assert {(one.without, one.with_sensors) for one in gains} == {("arx", "arx+sensors")}


def test_nothing_is_told_of_sensors_that_nobody_uses():
    assert sensor_gains(run_study(make_runs(), make_spec())) == ()


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_runs_are_refused(count: int):
    with pytest.raises(TrainError, match=f"{count} runs?, expected at least 3"):
        run_study(make_runs(count=count), make_spec())


def test_the_number_of_steps_is_known_before():
    steps: list[str] = []
    spec = make_spec()
    study(make_runs(), [fitter(spec, k) for k in spec.tried], layout_of(spec, "arx"), 10, steps.append)
    assert len(steps) == work(4, 2)


def test_a_curve_ends_where_its_own_run_had_seen_enough():
    assert stopped_early([3.0, 2.0, 2.5, 2.4, 1.0], patience=2) == [3.0, 2.0, 2.5, 2.4, float("inf")]
    assert stopped_early([3.0, 2.0, 2.5, 1.0], patience=2) == [3.0, 2.0, 2.5, 1.0]
    assert not seen_enough([1.0], 1) and seen_enough([1.0, 1.0], 1)


def test_medians_of_axes():
    rmse, base = np.array([[9.0, 9, 9], [1.0, 2.0, 30.0]]), np.array([[1.0, 1, 1], [2.0, 4.0, 3.0]])
    assert ratio_of_medians(rmse, base) == pytest.approx(2.0 / 3.0)
