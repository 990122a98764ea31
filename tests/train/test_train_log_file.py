"""A log is read by the names of its columns, or refused with the line and what to do."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.errors import TrainError
from nn4mc.train.log_file import read_log
from tests.train.plants import make_spec

GOOD = ["t,extra,u1,u0,y0", "0.0,9,1,2,3", "0.01,9,4,5,6", "0.02,9,7,8,9"]


def written(tmp_path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    path = tmp_path / "run.csv"
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def test_columns_are_found_by_name_whatever_their_order(tmp_path: Path):
    log = read_log(written(tmp_path, GOOD), make_spec())
    assert log.name == "run" and np.array_equal(log.time, [0.0, 0.01, 0.02])
    assert np.array_equal(log.inputs, [[2, 1], [5, 4], [8, 7]]) and np.array_equal(log.outputs[:, 0], [3, 6, 9])
    assert log.sensors.shape == (3, 0)


def test_a_byte_order_mark_and_blank_lines_are_no_trouble(tmp_path: Path):
    assert len(read_log(written(tmp_path, [*GOOD, "", ""], "utf-8-sig"), make_spec()).time) == 3


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ("no columns separated by commas",)),
        ([line.replace(",", ";") for line in GOOD], ("separated by ';'", "commas")),
        ([line.replace(",", "\t") for line in GOOD], ("separated by '\\t'",)),
        (["t,u0,y0", *GOOD[1:]], ("no column u1", "Found: t, u0, y0")),
        (["t,u0,u1,y0,y0", *GOOD[1:]], ("'y0' stands twice",)),
        ([*GOOD, "0.03,9,1,,3"], ("line 5", "'u0'", "'' is no finite number")),
        ([*GOOD, "0.03,9,1,2,nan"], ("line 5", "'y0'", "'nan'")),
        ([*GOOD, "0.03,9,1,2,inf"], ("line 5", "'inf'")),
        ([*GOOD, "0.03,9,1"], ("line 5", "3 cells", "5")),
        ([*GOOD, "0.02,9,1,2,3"], ("stands still after row 3", "0.02 s", "duplicated")),
        ([*GOOD, "0.01,9,1,2,3"], ("goes back after row 3", "a file of its own")),
        (GOOD[:1], ("0 rows",)),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lines: list[str], words: tuple[str, ...]):
    with pytest.raises(TrainError) as caught:
        read_log(written(tmp_path, lines), make_spec())
    assert "run.csv" in str(caught.value) and all(word in str(caught.value) for word in words)
    assert str(caught.value).count("\n") <= 2


def test_a_missing_file_and_other_encodings_are_said(tmp_path: Path):
    with pytest.raises(TrainError, match="cannot be read"):
        read_log(tmp_path / "none.csv", make_spec())
    with pytest.raises(TrainError, match="UTF-8"):
        read_log(written(tmp_path, GOOD, "utf-16"), make_spec())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.text('0123456789.,;"\n\r\0\te-nainf', max_size=8), max_size=6), max_size=6))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]):
    path = tmp_path_factory.mktemp("any") / "run.csv"
    path.write_text("\n".join(["t,u0,u1,y0", *(",".join(row) for row in cells)]))
    try:
        log = read_log(path, make_spec())
    except TrainError:
        return
    assert np.isfinite(log.inputs).all() and (np.diff(log.time) > 0).all()
