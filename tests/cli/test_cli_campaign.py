"""``nn4mc campaign``, as docs/campaigns.md tells it: the example runs, and what is wrong is answered."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from nn4mc.cli import _explain_missing, main

PAGE = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text()
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1)
READING = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
RUNS = 300


def invoke(*arguments):
    return CliRunner().invoke(main, ["campaign", *map(str, arguments)])


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example of the page, run by the command of the page."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "gusts.toml").write_text(EXAMPLE)
    result = invoke("run", folder / "gusts.toml", "-o", folder / "gusts", "--workers", 1)
    assert result.exit_code == 0, result.output
    return folder, result


def test_the_example_of_the_page_has_as_many_runs_as_it_says(example):
    assert f"= {RUNS} runs" in PAGE
    assert f"{RUNS} runs, {RUNS} of them now" in example[1].stdout


def test_every_perturbation_has_a_line(example):
    lines = [line for line in example[1].stdout.splitlines() if " 60 " in line]
    assert len(lines) == 5


def test_no_line_hides_what_tells_it_from_the_others(example):
    """In 80 columns too, where window_start_s=2 is longer than its column."""
    assert "…" not in example[1].stdout
    assert "window_start_s=2" in re.sub(r"\s", "", example[1].stdout)


def test_the_example_of_reading_reads(example, monkeypatch):
    monkeypatch.chdir(example[0])
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(READING, {})
    assert said.getvalue().split()[0] == "120"


def test_status_and_a_second_run_say_that_all_is_done(example):
    folder, _ = example
    status = json.loads(invoke("status", folder / "gusts", "--json").stdout)
    assert (status["done"], status["runs"], status["running"], status["damaged"]) == (RUNS, RUNS, False, [])
    assert "300 of 300 runs" in invoke("status", folder / "gusts").stdout
    again = json.loads(invoke("run", folder / "gusts.toml", "-o", folder / "gusts", "--json").stdout)
    assert (again["kept"], again["flown"]) == (RUNS, 0)


def test_every_column_is_explained(example):
    from pyarrow.parquet import read_schema

    for name in read_schema(example[0] / "gusts" / "results.parquet").names:
        if not name.startswith(("mismatch_", "reference_", "offset_")):
            assert f"`{name}`" in PAGE


@pytest.mark.parametrize(
    ("change", "words"),
    [(("count = 5", "count = 6"), "number of runs"), (('"crazyflie"', '"butterfly"'), "no vehicle 'butterfly'")],
)
def test_a_wrong_or_another_file_ends_with_2(example, change, words):
    folder, _ = example
    (folder / "other.toml").write_text(EXAMPLE.replace(*change))
    result = invoke("run", folder / "other.toml", "-o", folder / "gusts")
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize("other", [("--board", "host://"), ("--scheduler", "tcp://127.0.0.1:9")])
def test_workers_are_for_processes_alone(tmp_path, other):
    (tmp_path / "one.toml").write_text('name = "one"\nrig = "quadrotor"\n')
    result = invoke("run", tmp_path / "one.toml", "-o", tmp_path / "out", "--workers", 2, *other)
    assert result.exit_code == 2
    assert "--workers is for" in result.output


def test_a_folder_without_a_campaign_is_answered(tmp_path):
    result = invoke("status", tmp_path)
    assert result.exit_code == 2
    assert "no campaign was run here" in result.output


def test_a_missing_package_names_the_extra_that_brings_it():
    result = CliRunner().invoke(_explain_missing("campaign", "pyarrow"))
    assert result.exit_code == 4
    assert "pip install 'nn4mc[campaign]'" in result.output
