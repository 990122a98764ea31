"""Which names become which operators is what the readers do with the models of the tests, no more and no less."""

import json

import pytest

from nn4mc.importers.support import QUANTISED, SOURCES, FormatSupport, formats, operators
from nn4mc.importers.support_text import becomes_text, sources_text
from nn4mc.ops import OPERATORS
from tests.operator_sources import RECORDERS, record, written

STORED = json.loads(SOURCES.read_text())
NEEDED = {"keras": "tensorflow", "tflite": "tensorflow", "torch": "torch", "onnx": "onnx", "rltools": "h5py"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RECORDERS)
def test_the_stored_table_is_what_the_readers_do(name: str) -> None:
    pytest.importorskip(NEEDED[name])
    assert record(name) == STORED[name], "run: python -m tests.operator_sources, then python -m tests.operators_page"


def test_the_file_is_as_it_is_written() -> None:
    assert SOURCES.read_text() == written(STORED)


@pytest.mark.parametrize("name", RECORDERS)
def test_only_names_that_are_read_and_operators_that_are_known_are_in_it(name: str) -> None:
    found = formats()[name]
    if isinstance(found, str):
        pytest.skip(found)
    assert set(STORED[name]) <= set(found.read)
    assert {op for ops in STORED[name].values() for op in ops} <= set(OPERATORS)


def test_every_operator_comes_from_somewhere() -> None:
    assert {one.name for one in operators() if not one.sources} == QUANTISED


def test_each_way_round_says_the_same() -> None:
    there = {(name, one, op) for name, table in STORED.items() for one, ops in table.items() for op in ops}
    back = {(name, one, op.name) for op in operators() for name, ones in op.sources.items() for one in ones}
    assert there == back


def test_names_that_say_most_come_first() -> None:
    (dense,) = (one for one in operators() if one.name == "dense")
    assert sources_text(dense).startswith("keras: Dense ")
    assert "rltools: dense" in sources_text(dense)


def test_a_name_without_a_model_is_told_apart_from_one_that_makes_nothing() -> None:
    support = FormatSupport("F", ".f", "", {"a": "", "b": "", "c": ""}, {"a": ("add", "mul"), "b": ()}, {})
    assert [becomes_text(support, name) for name in "abc"] == ["add mul", "-", "?"]


def test_most_names_have_a_model() -> None:
    for name in RECORDERS:
        support = formats()[name]
        if isinstance(support, str):
            continue
        known = [
            one for one in support.read if one in support.becomes or support.read[one].startswith(("holds", "makes"))
        ]
        assert len(known) > 0.85 * len(support.read), name
