"""The chirp: its frequency, its size, and what it refuses."""

import math

import numpy as np
import pytest

from nn4mc.hil.paths import Chirp

CHIRP = Chirp(approach_s=0.0, amplitude=(2.0, 0.0, 0.0), from_hz=0.5, to_hz=8.0, sweep_s=20.0, corner_hz=2.0)


def test_the_frequency_doubles_in_equal_times():
    assert [CHIRP.frequency_hz(t) for t in (0.0, 5.0, 10.0, 15.0, 20.0)] == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0])


def test_zero_crossings_come_at_that_frequency():
    times = np.arange(4.0, 20.0, 1e-4)
    sign = np.sign([CHIRP.shape(t)[0] for t in times.tolist()])
    crossings = times[1:][np.diff(sign) != 0]
    halves = np.diff(crossings)
    middles = (crossings[1:] + crossings[:-1]) / 2
    np.testing.assert_allclose(1 / (2 * halves), [CHIRP.frequency_hz(t) for t in middles.tolist()], rtol=0.02)


@pytest.mark.parametrize(("time_s", "size"), [(8.0, 2.0), (15.0, 1.0), (19.0, 2.0 * 2.0 / (8.0 / 2**0.2))])
def test_the_size_is_whole_up_to_the_corner_and_keeps_the_speed_above(time_s, size):
    period = 1 / CHIRP.frequency_hz(time_s)
    seen = [abs(CHIRP.shape(t)[0]) for t in np.arange(time_s - period / 2, time_s + period / 2, 1e-3).tolist()]
    assert max(seen) == pytest.approx(size, rel=0.1)
    if time_s > 10.0:
        speed = max(abs(CHIRP.velocity(t)[0]) for t in np.arange(time_s - period, time_s + period, 1e-3).tolist())
        assert speed == pytest.approx(2.0 * 2 * math.pi * 2.0, rel=0.05)


def test_a_frequency_that_does_not_rise_is_refused():
    with pytest.raises(ValueError, match="does not rise"):
        Chirp(amplitude=(1.0, 0.0, 0.0), from_hz=2.0, to_hz=2.0, sweep_s=1.0)
