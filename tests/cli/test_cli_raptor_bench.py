"""The verb ``nn4mc raptor bench``: quick, with its report, as JSON, interrupted, and asked for what there is not."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.raptor.bench_rows import Row


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory):
    """The quick benchmark of one vehicle and three sampled ones, with a report."""
    folder = tmp_path_factory.mktemp("bench")
    words = ["raptor", "bench", "--quick", "--vehicle", "soft", "--sampled", "3", "--workers", "1", "--json"]
    done = CliRunner().invoke(main, [*words, "--report", str(folder)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), done.stderr, folder


def test_json_has_a_row_a_case_with_the_documented_keys(quick):
    found, stderr, _ = quick
    assert "flights" in stderr
    page = (Path(__file__).parents[2] / "docs" / "raptor.md").read_text()
    assert found["protocol"] == "paper" and found["comparisons"] == []
    for row in found["rows"]:
        assert tuple(row) == Row.__struct_fields__
        assert row["lost_low"] - 1e-12 <= row["lost"] / row["flights"] <= row["lost_high"] + 1e-12
    for key in (*Row.__struct_fields__, *found["sampled"][0]):
        assert f"`{key}`" in page, key
    assert len(found["sampled"]) == 3


def test_soft_flies_as_published_and_late_sensors_cost(quick):
    rows = quick[0]["rows"]
    figures = {
        (row["setting"], row["network"]): row
        for row in rows
        if row["vehicle"] == "soft" and row["task"] == "figure" and row["period_s"] == 5.5
    }
    plain, late = figures["as it is", "float32"], figures["sensors 20 ms late", "float32"]
    assert plain["rmse_m"] == pytest.approx(0.161, rel=0.01)  # docs/quadrotor.md, by an independent implementation
    assert plain["rmse_xy_m"] < plain["rmse_m"]
    assert late["rmse_m"] > 1.5 * plain["rmse_m"]
    assert figures["as it is", "int8"]["rmse_m"] == pytest.approx(plain["rmse_m"], rel=0.1)


def test_the_report_is_one_page_with_plots_beside_it(quick):
    found, _, folder = quick
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "bench.json",
        "paths.png",
        "delay.png",
        "settings.png",
    }
    page = (folder / "index.html").read_text()
    assert "nn4mc raptor bench --quick --vehicle soft --sampled 3" in page
    assert "http:" not in page and "https:" not in page
    assert json.loads((folder / "bench.json").read_text()) == found


def test_a_vehicle_that_there_is_not():
    done = CliRunner().invoke(main, ["raptor", "bench", "--vehicle", "zeppelin"])
    assert done.exit_code == 2 and "crazyflie" in done.stderr


def test_interrupted_it_ends_at_once_and_so_do_its_processes():
    words = ["-m", "nn4mc", "raptor", "bench", "--workers", "2"]  # all of it, which takes minutes
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        assert "0 of" in line and "flights" in line
        running.send_signal(signal.SIGINT)
        # Returns when no process holds the pipes any more: the workers, which inherited them, have ended, too.
        stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout) == (130, "")
    assert "Interrupted." in stderr and "Traceback" not in stderr
