"""The references: where the figure is, how fast, and how long a flight takes."""

import math

import numpy as np
import pytest

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import create_reference, load_rig, step_count

RIG = load_rig("quadrotor")
FIGURE = create_reference(RIG, "lissajous")


def test_the_figure_has_the_published_size_and_ratio():
    quarter = FIGURE.ramp_s / 2 + FIGURE.period_s / 8  # an eighth of a period after the phase of the ramp's end
    phase = 2 * math.pi / FIGURE.period_s * (quarter + FIGURE.ramp_s - FIGURE.ramp_s / 2)
    expected = [0.5 * math.sin(2 * phase), math.sin(phase), 0.0]
    assert FIGURE.position(FIGURE.ramp_s + quarter) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["lissajous", "lissajous_paper"])
@pytest.mark.parametrize("time_s", [0.2, 0.9, 2.5, 4.0, 11.3])
def test_velocity_is_the_derivative_of_position(name, time_s):
    reference, h = create_reference(RIG, name), 1e-5
    slope = (reference.position(time_s + h) - reference.position(time_s - h)) / (2 * h)
    assert reference(time_s)[3:] == pytest.approx(slope, abs=1e-6)
    assert reference(time_s)[:3] == pytest.approx(reference.position(time_s), abs=1e-7)


def test_it_starts_at_rest_at_the_origin_and_joins_the_ramp_smoothly():
    before, after = FIGURE(3.0 - 1e-9), FIGURE(3.0)
    assert not FIGURE(0.0).any()
    assert before == pytest.approx(after, abs=1e-6)


def test_the_phase_at_the_end_of_the_ramp_is_that_of_the_protocol():
    phase = 2 * math.pi / 5.5 * 1.5
    assert FIGURE.position(3.0) == pytest.approx([0.5 * math.sin(2 * phase), math.sin(phase), 0.0])


@pytest.mark.parametrize(
    ("name", "changes", "steps", "window"),
    [
        ("lissajous", {}, 1950, (3.0, 19.5)),
        ("lissajous", {"period_s": 4.0}, 1500, (3.0, 15.0)),
        ("lissajous_paper", {}, 2850, (1.0, 28.5)),
        ("hover", {}, 1000, (5.0, 10.0)),
    ],
)
def test_length_and_window_of_the_protocols(name, changes, steps, window):
    reference = create_reference(RIG, name, changes)
    assert step_count(reference, RIG.period_s) == steps
    assert reference.window_s == window


def test_a_hover_that_ends_before_it_is_measured_is_refused():
    with pytest.raises(ConfigError, match=r"window_start_s 5 is not before the end, duration_s 3"):
        create_reference(RIG, "hover", {"duration_s": 3.0})


def test_hover_stays_at_the_origin():
    hover = create_reference(RIG, "hover")
    assert not hover(7.0).any()
    assert not hover.position(7.0).any()
    assert hover(7.0).dtype == np.float32
