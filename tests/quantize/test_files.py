"""Recordings from .npy and .csv: what is taken, and what a damaged file is answered with."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.errors import ConfigError, ModelError, Nn4mcError
from nn4mc.passes import lower
from nn4mc.quantize import Recording, calibrate
from nn4mc.quantize.files import read_recordings
from tests.quantize.models import inputs_for, perceptron


def saved(path: Path, values: object) -> Path:
    np.save(path, np.asarray(values))
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_npy_of_one_and_of_several_recordings(tmp_path: Path):
    rows = np.arange(12.0).reshape(2, 3, 2)
    (one,) = read_recordings(saved(tmp_path / "one.npy", rows[0]))
    np.testing.assert_array_equal(one.rows, rows[0].astype(np.float32))
    several = read_recordings(saved(tmp_path / "several.npy", rows.astype(np.int16)))
    assert [found.where.rsplit(", ")[-1] for found in several] == ["recording 0", "recording 1"]
    np.testing.assert_array_equal([found.rows for found in several], rows)


@pytest.mark.parametrize("head", ["", "a,b\n", "\ufeffposition x,position y\n"])
def test_csv_with_and_without_names(tmp_path: Path, head: str):
    (found,) = read_recordings(written(tmp_path / "t.csv", f"{head}1,2.5\n\n-3e-1, 4\n"))
    np.testing.assert_array_equal(found.rows, np.float32([[1, 2.5], [-0.3, 4]]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no row of numbers"),
        ("a,b\n", "no row of numbers"),
        ("1,2\n3\n", "line 2: 1 columns, the first row has 2"),
        ("a,b\n1,2\n3,x\n", "line 3: 'x' is not a number"),
        ('1,2\n"3', "line 2: 1 columns"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, said: str):
    with pytest.raises(ModelError, match=said):
        read_recordings(written(tmp_path / "t.csv", text))


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((0, 3)), np.zeros((1, 2, 3, 4)), np.array([["a"]])])
def test_what_is_wrong_with_an_array_is_said(tmp_path: Path, values: np.ndarray):
    with pytest.raises(ModelError, match="expected"):
        read_recordings(saved(tmp_path / "a.npy", values))


def test_other_files_and_pickles_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=re.escape("npy, .csv, or .mcap")):
        read_recordings(tmp_path / "inputs.txt")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recordings(tmp_path / "missing.npy")
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(ModelError, match=re.escape("cannot be read as .npy")):
        read_recordings(tmp_path / "pickled.npy")


@given(at=st.integers(0, 300), value=st.integers(0, 255), cut=st.integers(0, 300), kind=st.sampled_from(["npy", "csv"]))
@settings(max_examples=150, deadline=None)
def test_damage_is_an_answer_or_numbers(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, cut: int, kind: str
):
    path = tmp_path_factory.mktemp("damaged") / f"inputs.{kind}"
    if kind == "npy":
        np.save(path, inputs_for(perceptron(), 5))
    else:
        np.savetxt(path, inputs_for(perceptron(), 5), delimiter=",")
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    path.write_bytes(data if cut > 250 else data[:cut])
    try:
        recordings = read_recordings(path)
    except Nn4mcError as error:
        assert str(path) in str(error) and str(error).count("\n") < 3
    else:
        assert all(one.rows.dtype == np.float32 and one.rows.size for one in recordings)


def test_nan_a_wrong_width_and_nothing_are_said_with_their_place():
    graph = lower(perceptron())
    rows = inputs_for(perceptron(), 5)
    rows[3, 2] = np.nan
    with pytest.raises(ModelError, match=re.escape("log.csv: step 3 holds NaN or Inf")):
        calibrate(graph, [Recording("log.csv", rows)])
    with pytest.raises(ModelError, match=re.escape("log.csv: 6 values a step, and 'perceptron' takes 7")):
        calibrate(graph, [Recording("log.csv", rows[:, :6])])
    for nothing in ([], [Recording("log.csv", rows[:0])]):
        with pytest.raises(ModelError, match="at least one input"):
            calibrate(graph, nothing)
