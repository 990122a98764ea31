"""The support table is what the importers dispatch on, and docs/operators.md says the same."""

import json

import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.importers.support import FORMATS, FormatSupport, format_support, formats, operators
from nn4mc.ops import OPERATORS
from tests.operators_page import PAGE, page


def test_the_page_is_the_generated_one() -> None:
    pytest.importorskip("onnx")
    assert PAGE.read_text() == page(), "run: python -m tests.operators_page"


def test_every_operator_is_listed() -> None:
    assert {one.name for one in operators()} == set(OPERATORS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_reads_something(name: str) -> None:
    found = formats()[name]
    if isinstance(found, str):
        pytest.skip(found)
    assert isinstance(found, FormatSupport)
    assert len(found.read) > 1 and found.limits.endswith(".")


def test_int8_is_told_apart() -> None:
    read = format_support("tflite").read
    assert read["CONV_2D"] == "float32 int8"
    assert read["LOGICAL_AND"] == "float32"


def test_no_name_is_both_read_and_refused() -> None:
    for one in formats().values():
        if isinstance(one, FormatSupport):
            assert not set(one.read) & set(one.refused)


def test_the_command_prints_json_and_tables() -> None:
    found = json.loads(CliRunner().invoke(main, ["ops", "--json"]).stdout)
    assert {one["name"] for one in found["operators"]} == set(OPERATORS)
    assert set(found["formats"]) == set(FORMATS)
    only = json.loads(CliRunner().invoke(main, ["ops", "--format", "keras", "--json"]).stdout)
    assert set(only["formats"]) == {"keras"} and "operators" not in only
    shown = CliRunner().invoke(main, ["ops", "--format", "keras"])
    assert shown.exit_code == 0 and "Bidirectional" in shown.stdout


def test_an_unknown_format_is_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["ops", "--format", "caffe"]).exit_code == 2
