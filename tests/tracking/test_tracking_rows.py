"""Rows and columns of the tracking benchmark, from a made-up flight whose figures are worked out by hand."""

import msgspec
import numpy as np
import pytest

from nn4mc.hil.record import FlightRecord
from nn4mc.hil.result import FirmwareResult
from nn4mc.hil.rig_file import Signal
from nn4mc.tracking.bandwidth import Bandwidth
from nn4mc.tracking.columns import COST_COLUMNS, FLIGHT_COLUMNS, bandwidth_text, cost_lines, flight_lines
from nn4mc.tracking.cost import controller_costs
from nn4mc.tracking.row import TrackingRow, make_row, modelled_power
from tests.hil.flights import make_result, make_step

COMMAND = (Signal("servo", 2, "deg", range=(-1.0, 1.0)),)
COMMANDS = [(0.0, 0.0), (1.0, 0.0), (0.5, -1.0), (0.5, 0.0)]
FOUND = Bandwidth(hz=5.0, fell=True, last_hz=5.0, peak_db=2.04, peak_hz=3.0)


def flight(**changes: object) -> TrackingRow:
    """Four steps of 10 ms with commands that are easy to add up, on a board that counts."""
    steps = [
        make_step(
            k, command=np.float32(words), twin_command=np.float32(words), cycles=1000 * (k + 1), instructions=600 + k
        )
        for k, words in enumerate(COMMANDS)
    ]
    fields = {
        "rig": "tendon",
        "controller": "nmpc",
        "steps": 4,
        "window_s": (0.0, 0.04),
        "device_cycles": 2500.0,
        "device_cycles_max": 4000,
        "device_instructions": 601.5,
        "firmware": FirmwareResult(20_000, 9_000, 10_486, 580, 8_192),
    }
    result = make_result(**{**fields, **changes})
    return make_row(result, FlightRecord(steps).columns(), COMMAND, [2.0, 2.0, 1.0, 0.0], 7_000, FOUND)


def test_a_row_has_what_was_measured():
    row = flight()
    assert row.rate_hz == pytest.approx(100.0)
    assert (row.rms_error_m, row.largest_error_m) == (0.2134, 0.3)
    assert row.effort == pytest.approx(np.sqrt((1 + 0.25 + 1 + 0.25) / 8))
    assert row.change == pytest.approx(np.sqrt((1 + 0.25 + 1 + 1) / 6) / 2), (
        "of a range of 2, over 3 changes of 2 words"
    )
    assert row.saturated_steps_share == pytest.approx(2 / 4)
    assert (row.iterations_mean, row.iterations_most) == (1.25, 2)
    assert (row.cycles_mean, row.cycles_most, row.instructions_most) == (2500.0, 4000, 603)
    assert row.possible_hz == pytest.approx(168e6 / 4000)
    assert row.flash_share == pytest.approx(0.01, rel=1e-3)
    assert row.stack_bytes == 8_192 - 7_000
    assert row.bandwidth == FOUND


def test_power_is_that_of_the_duty_cycle():
    """2,500 cycles 100 times a second are 0.25 MHz; 4,000 cycles of 10 ms need 0.4 MHz, within 80 % of 2 MHz."""
    power = flight().power
    assert power is not None
    assert power.mw == pytest.approx(3.3 * (12 + 28 * 0.25 / 168))
    assert power.asleep_share == pytest.approx(1 - 0.25 / 168)
    assert power.slow_clock_hz == 2e6
    assert power.slow_mw == pytest.approx(3.3 * (1 + 1 * 0.125))
    too_long = modelled_power(1e6, 3e6, 100.0)
    assert too_long is not None
    assert too_long.slow_mw is None


def test_a_board_that_counts_nothing_says_nothing_of_cycles_and_power():
    row = flight(device_cycles=None, device_cycles_max=None, device_instructions=None, clock_hz=None, firmware=None)
    assert (row.cycles_mean, row.instructions_most, row.possible_hz, row.power) == (None, None, None, None)
    assert (row.flash_bytes, row.flash_share, row.stack_bytes) == (None, None, None)
    told = {line[0]: line[1] for line in cost_lines("tendon", controller_costs([row]))}
    assert {name for name, text in told.items() if text != "-"} == {"Controller", "-3 dB bandwidth", "Largest gain"}


def test_the_paper_stands_beside_the_soft_rigs_alone():
    row = flight()
    assert row.published is not None
    assert row.published.largest_error_m == 2e-3
    assert row.published.step_instructions is None
    hasel = flight(rig="hasel").published
    assert hasel is not None
    assert (hasel.largest_error_m, hasel.step_instructions) == (1e-3, 384_700)
    assert flight(rig="mass_spring_damper").published is None
    assert "<= 2" in flight_lines("tendon", [row])[-1]
    beside = {line[0]: line[-1] for line in cost_lines("tendon", controller_costs([row]))}
    assert (beside["Power, modelled"], beside["of 1 MB"]) == ("45.4 mW, measured", "<= 6.4%")
    assert len(flight_lines("mass_spring_damper", [flight(rig="mass_spring_damper")])) == 1


def test_every_line_has_every_column():
    rows = [flight(), flight(reference="circle"), flight(controller="pid")]
    assert {len(line) for line in flight_lines("tendon", rows)} == {len(FLIGHT_COLUMNS)}
    costs = cost_lines("tendon", controller_costs(rows))
    assert costs[0] == ["Controller", "nmpc", "pid", "paper"]
    assert ([line[0] for line in costs], {len(line) for line in costs}) == ([one.heading for one in COST_COLUMNS], {4})
    assert [line[:2] for line in flight_lines("tendon", rows)[:3]] == [
        ["lissajous", "nmpc"],
        ["lissajous", "pid"],
        ["circle", "nmpc"],
    ], "by reference"


def test_costs_are_of_all_steps_of_a_controller():
    long = flight(reference="circle", steps=12, device_cycles=500.0, device_cycles_max=9000)
    cost = controller_costs([flight(), long])[0]
    assert cost.cycles_mean == pytest.approx((4 * 2500 + 12 * 500) / 16)
    assert cost.cycles_most == 9000
    assert cost.possible_hz == pytest.approx(168e6 / 9000)


def test_trouble_is_said_where_it_happened():
    lines = flight_lines("tendon", [flight(lost=True, mismatched_words=3)])
    assert lines[0][0] == "lissajous (lost, other bits than the host)"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, "-"),
        (FOUND, "5.00 Hz"),
        (Bandwidth(11.4, False, 11.4, 1.0, 2.0), ">= 11.4 Hz"),
        (Bandwidth(0.3, True, 1.25, 1.0, 0.7), "0.30 Hz (a dip: above again up to 1.25 Hz)"),
    ],
)
def test_bandwidth_says_what_is_known(found, text):
    assert bandwidth_text(found) == text


def test_a_row_is_one_json_object():
    back = msgspec.json.decode(msgspec.json.encode(flight()))
    assert set(back) == set(TrackingRow.__struct_fields__)
    assert back["bandwidth"]["hz"] == 5.0
