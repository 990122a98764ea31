"""nn4mc train from the shell: three logs in, a folder out; or one clear message and nothing written."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nn4mc.cli import main
from tests.train.plants import SPEC_TOML, even, slack, write_log, write_logs

PLOTS = {"folds.png", "horizon.png", *(f"rollouts_{i}.png" for i in (1, 2, 3))}
FILES = {"plant.onnx", "model.toml", "spec.toml", "card.json", "README.md", "files.txt", *PLOTS}


def nn4mc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.toml"
    path.write_text(SPEC_TOML)
    return path


def train(spec: Path, logs: list[Path], *more: object) -> Result:
    return nn4mc("train", *logs, "--spec", spec, "-o", spec.parent / "out", *more)


def test_logs_become_a_folder_with_model_card_and_plots(tmp_path: Path, spec: Path):
    found = train(spec, list(write_logs(tmp_path, slack)))
    assert found.exit_code == 0, found.output
    assert "Recommended: hammerstein" in found.stdout and "run2" in found.stdout and "fitting 13 models" in found.stderr
    out = tmp_path / "out"
    assert {one.name for one in out.iterdir()} == FILES
    assert (out / "spec.toml").read_bytes() == spec.read_bytes()
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in PLOTS)
    page = (out / "README.md").read_text()
    assert all(f"]({name})" in page for name in PLOTS) and page.isascii()
    compiled = nn4mc("compile", out / "plant.onnx", "-o", tmp_path / "c", "--json")
    assert compiled.exit_code == 0 and json.loads(compiled.stdout)["name"] == "plant"


def test_json_is_the_card_with_hashes_of_all_that_went_in(tmp_path: Path, spec: Path):
    from hashlib import sha256

    logs = list(write_logs(tmp_path, slack))
    found = train(spec, logs, "--json")
    card = json.loads(found.stdout)
    assert card == json.loads((tmp_path / "out" / "card.json").read_text())
    assert [run["sha256"] for run in card["runs"]] == [sha256(path.read_bytes()).hexdigest() for path in logs]
    for name, value in card["files"].items():
        assert sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == value
    assert card["holds_in_every_fold"] is True and card["folds"][0]["to_arx"] < 1.0
    assert set(card["folds"][0]["persistence"]["tip"]) == {"1", "5", "10"}
    assert {"python", "numpy", "onnx", "nn4mc"} <= set(card["versions"])


def test_training_again_gives_the_same_bytes(tmp_path: Path, spec: Path):
    pytest.importorskip("torch")
    spec.write_text(SPEC_TOML.replace("epochs = 3", "epochs = 10"))
    logs = list(write_logs(tmp_path, even, n=200))
    files = []
    for _ in range(2):
        assert train(spec, logs, "--kinds", "dense").exit_code == 0
        card = json.loads((tmp_path / "out" / "card.json").read_text())
        assert card["recommended"] == "dense" and card["option"] != "0 epochs"
        files.append({one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()})
    assert files[0] == files[1]


def test_another_kind_than_the_recommended_is_written_on_request(tmp_path: Path, spec: Path):
    found = train(spec, list(write_logs(tmp_path, slack)), "--deliver", "arx")
    assert found.exit_code == 0 and "Recommended: hammerstein" in found.stdout and "Delivered: arx" in found.stdout
    assert 'kind = "arx"' in (tmp_path / "out" / "model.toml").read_text()
    assert "recommended is hammerstein" in (tmp_path / "out" / "README.md").read_text()


def test_seed_and_kinds_of_the_command_line_go_over_those_of_the_file(tmp_path: Path, spec: Path):
    card = json.loads(train(spec, list(write_logs(tmp_path)), "--kinds", "arx", "--seed", 7, "--json").stdout)
    assert card["seed"] == card["specification"]["seed"] == 7 and set(card["choices"]) == {"arx"}
    assert "--kinds arx --seed 7" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (('column = "u1"', 'column = "volts"'), ("no column volts", "Found: t, u0, u1, y0")),
        (('column = "u1"', 'column = "u0"'), ("column 'u0' is used twice",)),
        (('"hammerstein"]', '"transformer"]'), ("'transformer' is not known", "arx, arx+sensors, hammerstein")),
        (('"hammerstein"]', '"hammerstein+sensors"]'), ("needs sensors",)),
        (("nd = 3", "nd = 0"), ("at nd", ">= 1")),
        (("nd = 3", "delay = 3"), ("unknown field `delay`",)),
        (("nd = 3", "nd = "), ("cannot be read as TOML",)),
        (("horizon = 10", "horizon = 400"), ("too short", "max_gap_s")),
    ],
)
def test_a_wrong_specification_is_explained(tmp_path: Path, spec: Path, edit: tuple[str, str], words: tuple[str, ...]):
    spec.write_text(SPEC_TOML.replace(*edit, 1))
    expect_refusal(train(spec, list(write_logs(tmp_path))), tmp_path, words)


def expect_refusal(found: Result, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert found.exit_code == 2 and found.stdout == "" and "Traceback" not in found.stderr
    assert all(word in found.stderr for word in words), found.stderr
    assert not (tmp_path / "out").exists() and not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_wrong_logs_are_explained(tmp_path: Path, spec: Path):
    logs = list(write_logs(tmp_path))
    expect_refusal(train(spec, logs[:1]), tmp_path, ("1 run, expected at least 3",))
    expect_refusal(train(spec, [tmp_path / "none.csv", *logs]), tmp_path, ("none.csv", "cannot be read"))
    expect_refusal(train(spec, [*logs, logs[0]]), tmp_path, ("'run0' and 'run0'", "Give each run once"))
    (tmp_path / "copy.csv").write_bytes(logs[0].read_bytes())
    expect_refusal(train(spec, [*logs, tmp_path / "copy.csv"]), tmp_path, ("'run0' and 'copy'", "same contents"))
    flat = [write_log(tmp_path / f"flat{i}.csv", i, lambda u: 0.0 * u) for i in range(3)]
    for path in flat:
        rows = [line.split(",") for line in path.read_text().splitlines()]
        path.write_text("\n".join(",".join([*row[:2], "u1" if row[0] == "t" else "7.5", row[3]]) for row in rows))
    expect_refusal(train(spec, flat), tmp_path, ("constant in all logs: 'u1'", "Remove them"))


def test_a_folder_in_the_way_is_found_before_training(tmp_path: Path, spec: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    found = train(spec, list(write_logs(tmp_path)))
    assert found.exit_code == 2 and "stays as it is" in found.stderr and found.stdout == ""
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["thesis.tex"]
