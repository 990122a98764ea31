"""Open-loop predictions against a plain loop, for any sizes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.train.models import Feedforward, Layer, Recurrent, persistence
from nn4mc.train.resample import Run, Segment
from nn4mc.train.rollout import DIVERGED, open_loop_rmse, rollouts
from nn4mc.train.window import Layout, differences, windows
from tests.train.plants import make_run

SIZES = st.builds(
    Layout, m=st.integers(1, 3), p=st.integers(1, 3), q=st.integers(0, 2), nd=st.integers(1, 4), dd=st.integers(1, 4)
)


def random_segment(layout: Layout, rng: np.random.Generator, n: int = 30) -> Segment:
    return Segment(*(rng.standard_normal((n, width)) for width in (layout.m, layout.p, 2)))


def random_recurrent(layout: Layout, cell: str, rng: np.random.Generator, hidden: int = 4) -> Recurrent:
    gates = (4 if cell == "lstm" else 3) * hidden
    z = differences(layout, False).shape[1]
    shapes = ((gates, z), (gates, hidden), (gates,), (gates,))
    weights = [0.5 * rng.standard_normal(shape) for shape in shapes]
    head = Layer(0.1 * rng.standard_normal((hidden, layout.p)), rng.standard_normal(layout.p))
    linear = Layer(0.1 * rng.standard_normal((layout.width, layout.p)), np.zeros(layout.p))
    return Recurrent(layout, linear, cell, *weights, head)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(1, 6), st.integers(0, 2**31), st.sampled_from(["linear", "gru", "lstm"]))
def test_predictions_are_those_of_a_plain_loop(layout: Layout, horizon: int, seed: int, kind: str):
    rng = np.random.default_rng(seed)
    segment = random_segment(layout, rng)
    linear = Layer(0.3 * rng.standard_normal((layout.width, layout.p)), rng.standard_normal(layout.p))
    model = Feedforward(layout, linear) if kind == "linear" else random_recurrent(layout, kind, rng)
    done = rollouts(model, segment, horizon, stride=3)
    for column, start in enumerate(done.starts):
        y, state = segment.y.copy(), model.initial(1)
        for k in range(layout.first, start + horizon):
            free = k >= start
            blocks = [segment.u[k - i] for i in range(layout.nd)]
            blocks += [y[k - 1 - i] if free else segment.y[k - 1 - i] for i in range(layout.dd)]
            sensors = segment.s[min(k, start) - 1][: layout.q]
            made, state = model.step(np.concatenate([*blocks, sensors])[None], state)
            if free:
                y[k] = made[0]
        np.testing.assert_allclose(done.predicted[:, column], y[start : start + horizon], rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(done.measured[:, column], segment.y[start : start + horizon])


@given(SIZES)
def test_features_of_a_window_are_steps_levels_and_sensors(layout: Layout):
    segment = random_segment(layout, np.random.default_rng(0))
    x, y = windows(segment, layout)
    z = x @ differences(layout, levels=True)
    assert z.shape == x.shape and np.linalg.matrix_rank(differences(layout, True)) == layout.width
    k, at = layout.first, 0
    parts = [segment.u[k - i] - segment.u[k - i - 1] for i in range(layout.nd - 1)]
    parts += [segment.y[k - 1 - i] - segment.y[k - 2 - i] for i in range(layout.dd - 1)]
    parts += [segment.u[k], segment.y[k - 1], segment.s[k - 1][: layout.q]]
    np.testing.assert_allclose(z[at], np.concatenate(parts), atol=1e-12)
    np.testing.assert_array_equal(y[at], segment.y[k])


def test_the_error_of_persistence_is_how_far_the_outputs_went():
    run = make_run(1)
    y = run.segments[0].y
    found = open_loop_rmse(persistence(Layout(2, 1, 0, 3, 3)), run, 5)
    expected = [np.sqrt(np.mean((y[2 + h : len(y) - 5 + h] - y[2 : len(y) - 5]) ** 2)) for h in range(1, 6)]
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)


def test_a_model_that_explodes_has_a_huge_error_not_a_warning():
    layout, run = Layout(2, 1, 0, 1, 1), make_run(1)
    explosive = Feedforward(layout, Layer(np.full((3, 1), 1e300), np.zeros(1)))
    assert open_loop_rmse(explosive, run, 5)[-1, 0] == DIVERGED


def test_errors_of_segments_are_pooled_by_starts():
    one, two = make_run(1), make_run(2, n=100)
    both = Run("both", "", 0, 0.0, 0.01, (*one.segments, *two.segments), 0.0)
    still = persistence(Layout(2, 1, 0, 3, 3))
    counts = [len(rollouts(still, run.segments[0], 5).starts) for run in (one, two)]
    squares = [open_loop_rmse(still, run, 5) ** 2 for run in (one, two)]
    expected = np.sqrt((counts[0] * squares[0] + counts[1] * squares[1]) / sum(counts))
    np.testing.assert_allclose(open_loop_rmse(still, both, 5), expected, rtol=1e-12)
