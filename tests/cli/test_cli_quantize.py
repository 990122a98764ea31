"""Quantisation on the command line: what is printed, what is JSON, and what is said when it cannot be had."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nn4mc.cli import main
from nn4mc.importers import load


def nn4mc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def observations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of RAPTOR's own example inputs, as a user would store theirs."""
    examples = load("raptor").source.examples
    assert examples is not None
    path = tmp_path_factory.mktemp("inputs") / "observations.csv"
    np.savetxt(path, examples[:60], delimiter=",", header=",".join(f"o{i}" for i in range(22)), comments="")
    return path


def test_compile_quantizes_and_says_which_layers(tmp_path: Path, observations: Path):
    words = ("compile", "raptor", "--quantize", "int8", "--calibrate", observations, "--keep-float", "dense_0")
    found = nn4mc(*words, "-o", tmp_path / "c")
    assert found.exit_code == 0, found.output
    assert "Quantised gru_1, dense_2, calibrated on 60 steps.\ndense_0 stays float: asked for" in found.output
    assert "nn4mc_integer_8x16" in (tmp_path / "c" / "raptor.c").read_text()
    data = json.loads(nn4mc(*words, "-o", tmp_path / "c", "--json").stdout)
    assert data["quantized"]["layers"]["gru_1"] == {"weights": "int8", "x": "int16", "y": "float32"}
    assert data["quantized"]["kept_float"] == {"dense_0": "asked for"}
    plain = json.loads(nn4mc("compile", "raptor", "-o", tmp_path / "f", "--json").stdout)
    assert plain["quantized"] is None and data["const_bytes"] < plain["const_bytes"]


def test_quantize_prints_errors_bytes_and_sensitivity(observations: Path):
    found = nn4mc("quantize", "raptor", "--held-out", observations, "--sensitivity")
    assert found.exit_code == 0, found.output
    for said in ("dense_0", "gru_1", "dense_2", "60 steps", "constants 8,560 bytes as float", "it alone quantised"):
        assert said in found.output
    data = json.loads(nn4mc("quantize", "raptor", "--to", "int16", "--json").stdout)
    assert data["scheme"] == {"weights": "int16", "activations": "int16", "keep_float": []}
    assert data["report"]["output"]["sqnr_db"] > 70
    assert [layer["name"] for layer in data["report"]["layers"]] == ["dense_0", "gru_1", "dense_2"]
    assert data["const_bytes"] < data["const_bytes_float"] and data["closed_loop"] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--calibrate", "{csv}"), 2, "go with --quantize"),
        (("--quantize", "int8", "--keep-float", "nosuch"), 2, "no layer 'nosuch' to keep float. Layers with weights"),
        (("--quantize", "int16", "--activations", "int8"), 2, "use --activations int16"),
        (("--quantize", "int8", "--calibrate", "{txt}"), 2, "expected a file of inputs"),
        (("--quantize", "int8", "--calibrate", "{narrow}"), 3, "3 values a step, and 'raptor' takes 22"),
        (("--quantize", "int8", "--calibrate", "{nan}"), 3, "step 1 holds NaN or Inf"),
    ],
)
def test_what_cannot_be_had_is_said(tmp_path: Path, observations: Path, words: tuple[str, ...], code: int, said: str):
    paths = {name: tmp_path / name for name in ("txt", "narrow", "nan")}
    paths["txt"].write_text("1,2\n")
    np.save(tmp_path / "narrow.npy", np.zeros((4, 3)))
    rows = np.zeros((4, 22))
    rows[1, 5] = np.nan
    np.save(tmp_path / "nan.npy", rows)
    given = {"csv": observations, "txt": paths["txt"], "narrow": tmp_path / "narrow.npy", "nan": tmp_path / "nan.npy"}
    found = nn4mc("compile", "raptor", "-o", tmp_path / "c", *(word.format(**given) for word in words))
    assert found.exit_code == code, found.output
    assert said in found.stderr and found.stderr.count("\n") <= 3
