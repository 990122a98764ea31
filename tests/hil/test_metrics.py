"""Metrics against numbers worked out by hand."""

import math

import numpy as np
import pytest
from flights import make_record, make_step
from scipy.stats import binomtest

from nn4mc.hil.metrics import Tracking, command_use, distance, mismatched_words, tracking, wilson_interval
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.rig_file import Signal


def flight(*positions):
    return FlightRecord([make_step(k, position, (1.0, 0.0, 0.0)) for k, position in enumerate(positions)])


def test_rmse_is_the_root_of_the_mean_squared_distance_in_3d():
    columns = flight((4.0, 4.0, 0.0), (1.0, 0.0, 12.0)).columns()  # 5 m and 12 m away
    result = tracking(columns, (0.0, 1.0))
    assert distance(columns).tolist() == [5.0, 12.0]
    assert result.rmse_m == pytest.approx(math.sqrt((25 + 144) / 2))
    assert result.max_error_m == 12.0
    assert result.offset_m == (1.5, 2.0, 6.0)


@pytest.mark.parametrize(("window", "expected"), [((0.01, 0.03), 3.0), ((0.03, 0.04), 50.0), ((0.0, 0.01), 100.0)])
def test_the_window_takes_its_start_and_leaves_its_end(window, expected):
    columns = flight((101, 0, 0), (4, 0, 0), (4, 0, 0), (51, 0, 0)).columns()
    assert tracking(columns, window).rmse_m == pytest.approx(expected)


def test_rounding_of_step_times_does_not_move_a_step_across_the_window():
    """0.07 is not 7 * 0.01 in floating point: 0.07 < 0.07000000000000001."""
    columns = flight(*[(1.0 + k, 0.0, 0.0) for k in range(10)]).columns()
    assert tracking(columns, (0.07, 0.08)).rmse_m == pytest.approx(7.0)
    assert tracking(columns, (0.06, 0.07)).rmse_m == pytest.approx(6.0)


def test_a_flight_that_never_reached_the_window_has_no_numbers():
    assert tracking(flight((1, 0, 0)).columns(), (5.0, 10.0)) == Tracking(None, None, None)
    assert tracking(FlightRecord().columns(), (0.0, 1.0)) == Tracking(None, None, None)


def test_mismatched_words_compares_bits():
    record = make_record(2)
    nan = np.array([np.nan, 0.0, 0.5, 1.0], np.float32)
    record.append(make_step(2, command=nan, twin_command=nan.copy()))
    assert mismatched_words(record.columns()) == 0
    one_bit = np.nextafter(np.float32(0.5), np.float32(1))
    record.append(make_step(3, command=nan, twin_command=np.array([np.nan, -0.0, one_bit, 1.0], np.float32)))
    assert mismatched_words(record.columns()) == 2


def test_command_use_is_in_half_ranges_and_counts_words_at_their_ends():
    record = FlightRecord(
        [make_step(k, command=np.array(words, np.float32)) for k, words in enumerate([(0, 4), (2, 1), (1, 1)])]
    )
    layout = (Signal("first", 1, "", range=(0.0, 2.0)), Signal("second", 1, "", range=(-2.0, 4.0)))
    use = command_use(record.columns(), (0.0, 1.0), layout)
    assert use.effort == pytest.approx(math.sqrt((1 + 1 + 1 + 0 + 0 + 0) / 6))
    assert use.saturation_share == pytest.approx(3 / 6)
    assert command_use(record.columns(), (0.0, 1.0), (Signal("any", 2, ""),)).effort is None


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (4, 100), (78, 1000), (7, 7)])
def test_the_interval_of_a_share_is_wilsons(hits, count):
    expected = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson_interval(hits, count) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_horizontal_rmse_leaves_the_height_out():
    assert tracking(flight((4.0, 4.0, 7.0), (1.0, 0.0, 12.0)).columns(), (0.0, 1.0)).rmse_xy_m == pytest.approx(
        math.sqrt(25 / 2)
    )
