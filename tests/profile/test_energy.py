"""Power by a datasheet's figures, against sums done by hand."""

from itertools import pairwise

import pytest

from nn4mc.profile.energy import STM32F405_POINTS, STM32F405_RUN, slowest_point


def test_running_all_the_time_is_the_power_that_profiles_use():
    fastest = STM32F405_POINTS[0]
    assert fastest.clock_hz == 168e6
    assert fastest.mean_mw(168e6) == pytest.approx(STM32F405_RUN.mw_per_mhz * 168) == pytest.approx(132.0)
    assert fastest.mean_mw(2 * 168e6) == fastest.mean_mw(168e6), "a core cannot run more than all the time"


def test_asleep_all_the_time_and_a_quarter_awake():
    fastest = STM32F405_POINTS[0]
    assert fastest.mean_mw(0.0) == pytest.approx(12 * 3.3)
    assert fastest.mean_mw(42e6) == pytest.approx(3.3 * (0.25 * 40 + 0.75 * 12))


def test_a_slower_clock_draws_less_awake_and_asleep():
    for fast, slow in pairwise(STM32F405_POINTS):
        assert slow.clock_hz < fast.clock_hz
        assert (slow.run_ma, slow.sleep_ma) <= (fast.run_ma, fast.sleep_ma)


@pytest.mark.parametrize(
    ("cycles", "rate_hz", "mhz"), [(48_000, 500.0, 30), (48_001, 500.0, 60), (1_000, 50.0, 2), (560_000, 240.0, 168)]
)
def test_the_slowest_clock_leaves_a_fifth_of_the_time(cycles: int, rate_hz: float, mhz: int):
    """30 MHz at 500 Hz are 60,000 cycles a step, of which 48,000 may be used."""
    point = slowest_point(STM32F405_POINTS, cycles, rate_hz)
    assert point is not None
    assert point.clock_hz == mhz * 1e6


def test_steps_that_are_too_long_fit_no_clock():
    assert slowest_point(STM32F405_POINTS, 2e6, 100.0) is None
