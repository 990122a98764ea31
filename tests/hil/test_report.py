"""The report: complete, self-contained, and saying in its first sentence how it went."""

import re

import msgspec
import pytest
from flights import make_record, make_result, make_step

from nn4mc.hil.plots import flight_charts
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.report import log_path, write_report
from nn4mc.hil.report_text import SUMMARY_HEADINGS, details, outcome, summary_row, verdict
from nn4mc.hil.rig import load_rig

RIG = load_rig("quadrotor")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of two flights, one of them with a log."""
    folder = tmp_path_factory.mktemp("out") / "report"
    folder.mkdir()
    log_path(folder, "crazyflie", "lissajous").write_bytes(b"\x89MCAP")
    flights = [
        (make_result(), make_record()),
        (make_result(vehicle="soft", device_cycles=None, device_cycles_max=None), make_record(9)),
    ]
    return write_report(folder, RIG, flights)


def test_every_link_of_the_page_leads_to_a_file_beside_it(report):
    markup = re.sub(r"<script.*?</script>", "", report.read_text(), flags=re.DOTALL)
    links = re.findall(r'<a href="([^"#]+)"', markup)
    assert "flight-crazyflie-lissajous.mcap" in links
    assert "flight-soft-lissajous.mcap" not in links
    assert [link for link in links if not (report.parent / link).is_file()] == []


def test_the_page_needs_no_network_and_is_small_enough_to_mail(report):
    page = report.read_text()
    assert re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", page) == []
    assert "@import" not in page
    assert len(page) < 6_000_000


def test_every_plot_is_also_a_png_and_no_draft_is_left(report):
    names = {path.name for path in report.parent.iterdir()}
    for chart in flight_charts(make_result(), make_record(), RIG.command):
        png = report.parent / f"crazyflie-lissajous-{chart.key}.png"
        assert png.read_bytes().startswith(b"\x89PNG")
    assert not [name for name in names if name.endswith(".part")]


def test_the_json_holds_every_field_of_every_flight(report):
    flights = msgspec.json.decode((report.parent / "report.json").read_bytes())["flights"]
    assert [flight["vehicle"] for flight in flights] == ["crazyflie", "soft"]
    assert flights[0] == msgspec.to_builtins(make_result()) | {
        "window_s": [0.1, 0.3],
        "offset_m": [0.01, -0.02, 0.0],
    }
    assert flights[1]["device_cycles"] is None


def test_many_long_flights_stay_below_the_size(tmp_path):
    flights = [(make_result(vehicle=f"v{k}"), make_record(3000)) for k in range(3)]
    assert write_report(tmp_path, RIG, flights).stat().st_size < 6_000_000


def test_a_flight_without_steps_has_a_page_too(tmp_path):
    result = make_result(steps=0, lost=True, rmse_m=None, max_error_m=None, offset_m=None)
    assert "before its first step" in write_report(tmp_path, RIG, [(result, FlightRecord())]).read_text()


def test_text_from_outside_cannot_become_markup(tmp_path):
    page = write_report(tmp_path, RIG, [(make_result(board="<script>alert(1)</script>"), make_record(3))])
    assert "<script>alert(1)" not in page.read_text()


@pytest.mark.parametrize(
    ("changes", "good", "words"),
    [
        ({}, True, "every command from the board equals"),
        ({"lost": True}, False, "1 of 2 flights lost the vehicle, but every command"),
        ({"mismatched_words": 1234}, False, "All 2 flights ended as planned, but 1,234 words"),
        ({"bad_steps": 2}, False, "2 steps were refused"),
    ],
)
def test_the_verdict_says_what_is_wrong(changes, good, words):
    verdict_good, sentence = verdict([make_result(), make_result(**changes)])
    assert verdict_good is good
    assert words in sentence


def test_the_summary_says_what_a_board_cannot_count():
    assert len(summary_row(make_result())) == len(SUMMARY_HEADINGS)
    assert [cell.text for cell in summary_row(make_result())][-2] == "101.3 µs"
    assert [cell.text for cell in summary_row(make_result(device_cycles=None))][-2] == "not counted"
    assert outcome(make_result(lost=True, steps=625)).text == "lost after 6.2 s"
    assert ("Cycles a step", "17,015 mean, 17,029 largest") in details(make_result())
    assert ("Controller", "11,000 bytes flash, 580 bytes RAM") in details(make_result())


def test_device_time_has_a_plot_only_where_it_is_counted():
    keys = [chart.key for chart in flight_charts(make_result(), make_record(), RIG.command)]
    assert keys == ["path-top", "path-3d", "error", "commands", "round-trip", "cycles"]
    silent = FlightRecord([make_step(k) for k in range(3)])
    assert "cycles" not in [chart.key for chart in flight_charts(make_result(), silent, RIG.command)]
