"""Least squares finds the coefficients of known plants."""

import numpy as np
import pytest

from nn4mc.train.linear_fit import Shape, fit_arx, fit_hammerstein, knots, pooled
from nn4mc.train.models import persistence
from nn4mc.train.rollout import open_loop_rmse
from nn4mc.train.window import Layout
from tests.train.plants import A1, A2, B, make_run, make_runs, slack

LAYOUT = Layout(m=2, p=1, q=0, nd=2, dd=2)


def test_arx_recovers_the_exact_coefficients():
    # One run: its offset is the constant's business.
    model = fit_arx([make_run(3, n=400)], LAYOUT)
    expected = [B[0, 0], B[0, 1], B[1, 0], B[1, 1], A1, A2]
    np.testing.assert_allclose(model.linear.weights[:, 0], expected, atol=1e-9)
    offset = make_run(3, n=400).segments[0].y[0, 0]
    np.testing.assert_allclose(model.linear.bias, (1.0 - A1 - A2) * offset, atol=1e-9)


def test_arx_of_a_window_that_is_too_long_predicts_as_well():
    model = fit_arx([make_run(3)], Layout(2, 1, 0, 5, 4))
    assert open_loop_rmse(model, make_run(3), 20).max() < 1e-8


def test_steps_do_not_know_the_offsets_that_differ_between_runs():
    """The differenced plant needs one block more, and is then exact on a run with an offset never seen.

    Two blocks are enough for the plant itself, but not where its constant differs from run to run.
    """
    layout = Layout(2, 1, 0, 3, 3)
    runs = make_runs()
    (steps,) = fit_hammerstein(runs[:3], layout, Shape(0, False), (1e-12,))
    assert open_loop_rmse(steps, runs[3], 20).max() < 1e-6
    assert open_loop_rmse(fit_arx(runs[:3], LAYOUT), runs[3], 20).max() > 1e-2


def test_segments_find_a_dead_zone_that_a_line_cannot():
    layout = Layout(2, 1, 0, 3, 3)
    runs = make_runs(slack, n=600)
    ends = knots(runs[:3], 4)
    np.testing.assert_allclose(ends[:, [0, -1]], [[-1, 1], [-1, 1]], atol=0.02)
    (bent,) = fit_hammerstein(runs[:3], layout, Shape(4, False), (1e-9,))
    (line,) = fit_hammerstein(runs[:3], layout, Shape(0, False), (1e-9,))
    found, straight = (open_loop_rmse(one, runs[3], 20)[-1, 0] for one in (bent, line))
    assert found < 0.1 * straight


def test_outside_the_range_seen_a_command_has_no_gain():
    layout = Layout(2, 1, 1, 3, 3)
    runs = make_runs(n=600, q=1)
    (model,) = fit_hammerstein(runs, layout, Shape(3, True), (0.1,))
    ends = knots(runs, 3)
    x = np.zeros((2, layout.width))
    x[0, : layout.commands] = np.tile(ends[:, -1], layout.nd)
    x[1, : layout.commands] = np.tile(ends[:, -1] + 50.0, layout.nd)
    y, _ = model.step(x, ())
    assert y[0, 0] == pytest.approx(y[1, 0], abs=1e-9)


def test_the_network_of_relus_is_the_bent_regression():
    """The same features by numpy's own clip, the same ridge by augmented least squares."""
    layout, ridge, runs = Layout(2, 1, 0, 2, 2), 0.3, make_runs(slack, count=2, noise=0.01)
    ends = knots(runs, 3)
    x, y = pooled(runs, layout)
    u, past = x[:, :4].reshape(-1, 2, 2), x[:, 4:]
    bent = np.stack([np.clip(u[:, :, c, None], ends[c, :-1], ends[c, 1:]) for c in range(2)], axis=2)
    features = np.column_stack([(bent[:, 0] - bent[:, 1]).reshape(len(x), -1), past[:, 0] - past[:, 1]])
    target = y - past[:, :1]
    rms = np.sqrt(np.mean(features**2, axis=0))
    rms[:6] = np.repeat(rms[:6].reshape(2, 3).max(axis=1), 3)
    rows = np.concatenate([features / rms, np.sqrt(ridge * len(x)) * np.eye(7)])
    gains = np.linalg.lstsq(rows, np.concatenate([target, np.zeros((7, 1))]), rcond=None)[0] / rms[:, None]
    (model,) = fit_hammerstein(runs, layout, Shape(3, False), (ridge,))
    np.testing.assert_allclose(model.step(x, ())[0], past[:, :1] + features @ gains, atol=1e-9)


def test_a_strong_ridge_shrinks_to_persistence():
    layout, runs = Layout(2, 1, 0, 3, 3), make_runs()
    weak, strong = fit_hammerstein(runs, layout, Shape(2, False), (1e-3, 1e9))
    still = persistence(layout)
    x, _ = pooled(runs, layout)
    np.testing.assert_allclose(strong.step(x, ())[0], still.step(x, ())[0], atol=1e-6)
    assert np.abs(weak.step(x, ())[0] - still.step(x, ())[0]).max() > 0.1


def test_a_sensor_that_was_dead_in_training_has_no_say():
    layout = Layout(2, 1, 1, 3, 3)
    runs = make_runs(q=1)
    dead = [
        type(run)(**{**vars(run), "segments": tuple(type(s)(s.u, s.y, np.full_like(s.s, 0.25)) for s in run.segments)})
        for run in runs[:3]
    ]
    for model in (fit_arx(dead, layout), *fit_hammerstein(dead, layout, Shape(2, True), (0.1,))):
        assert model.linear.weights[-1, 0] == 0.0
