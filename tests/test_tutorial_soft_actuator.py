"""docs/tutorial-soft-actuator.md as a new user follows it: the wheel, an empty folder, the page alone."""

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.wheel import ROOT, build_wheel, run

PAGE = (ROOT / "docs" / "tutorial-soft-actuator.md").read_text()
MOST_COMMANDS = 6
TRACKING, PREDICTION = 0.15, 0.25
"""How far the page's errors may be from those of a run: networks trained on another machine differ a little."""

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


def fences(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """The page's files: each begins with a comment that names it."""
    found = {}
    for text in fences("toml"):
        name = re.match(r"# (\S+\.toml): ", text)
        assert name is not None, text
        found[name[1]] = text
    return found


def table(first: str) -> dict[str, list[str]]:
    """The rows of the table whose first heading is ``first``, by their first cell."""
    rows = re.search(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows is not None
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows[1].splitlines()]
    return {row[0]: row[1:] for row in cells}


def number(cell: str) -> float:
    return float(cell.split(maxsplit=1)[0].replace(",", ""))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment with the wheel alone; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    run(*pip, "--target", folder / "site", build_wheel(folder), cwd=folder)
    return {
        "PATH": f"{folder / 'site' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "site"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "COLUMNS": "80",
    }


@pytest.fixture(scope="module")
def followed(installed: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of a user who followed the page, and what the commands printed."""
    folder = tmp_path_factory.mktemp("user")
    for name, text in files().items():
        (folder / name).write_text(text)
    where = run("python", "-c", "import nn4mc; print(nn4mc.__file__)", cwd=folder, more=installed)
    assert where.startswith(installed["PYTHONPATH"])
    return folder, [run("sh", "-c", line, cwd=folder, more=installed) for line in commands()]


def commands() -> list[str]:
    return [line for text in fences("sh") for line in text.strip().splitlines()]


def test_the_path_is_short_and_every_file_it_needs_is_on_the_page():
    assert len(commands()) <= MOST_COMMANDS
    assert all(shlex.split(line)[0] == "nn4mc" for line in commands())
    named = {word for line in commands() for word in shlex.split(line) if word.endswith(".toml")}
    assert named == {*files()}


def test_the_models_predict_as_the_page_says(followed: tuple[Path, list[str]]):
    card = json.loads((followed[0] / "arm" / "card.json").read_text())
    rows = table("held out")
    assert {fold["held_out"] for fold in card["folds"]} == {*rows}
    for fold in card["folds"]:
        for kind, quoted in zip(("arx", "dense"), rows[fold["held_out"]], strict=True):
            assert fold["kinds"][kind]["to_persistence"] == pytest.approx(number(quoted), rel=PREDICTION)


def flights(folder: Path) -> dict[str, dict[str, Any]]:
    report = json.loads((folder / "report" / "report.json").read_text())
    return {flight["controller"]: flight for flight in report["flights"]}


def test_the_flights_track_and_cost_what_the_page_says(followed: tuple[Path, list[str]]):
    flown, rows = flights(followed[0]), table("controller")
    assert {*flown} == {*rows}
    for name, (rms, largest, cycles, flash, ram) in rows.items():
        one = flown[name]
        assert not one["lost"] and one["mismatched_words"] == one["bad_steps"] == 0
        assert one["rmse_m"] * 1e3 == pytest.approx(number(rms), rel=TRACKING)
        assert one["max_error_m"] * 1e3 == pytest.approx(number(largest), rel=TRACKING)
        spent = (one["device_cycles"], *(one["firmware"][f"controller_{what}_bytes"] for what in ("flash", "ram")))
        for found, most in zip(spent, (cycles, flash, ram), strict=True):
            assert number(most) / 4 < found <= number(most)
    assert flown["controller"]["rmse_m"] < 0.5 * flown["pid"]["rmse_m"]


def test_qemu_flies_as_the_emulated_core_does(followed: tuple[Path, list[str]]):
    """To every digit printed: 2,260 steps under noise part at the first command that differs."""
    folder, said = followed
    (printed,) = [text for text in said if "qemu://" in text]
    one = flights(folder)["controller"]
    assert f"{one['rmse_m'] * 1e3:.3f} mm" in printed and f"{one['max_error_m'] * 1e3:.3f} mm" in printed
    assert one["model_id"] in printed


def test_a_terminal_of_80_columns_cuts_no_number(followed: tuple[Path, list[str]]):
    assert not any("…" in text for text in followed[1])


def test_the_c_and_the_firmware_are_there(followed: tuple[Path, list[str]]):
    folder, _ = followed
    assert {"controller.c", "controller.h", "library.json", "examples"} <= {
        one.name for one in (folder / "c").iterdir()
    }
    assert (folder / "arm.elf").read_bytes()[:4] == b"\x7fELF"


def test_the_rig_of_ones_own_takes_the_pages_controller(followed: tuple[Path, list[str]], installed: dict[str, str]):
    (new,) = re.findall(r"^    (nn4mc rig new [^#\n]*)", PAGE, re.MULTILINE)
    run("sh", "-c", new, cwd=followed[0], more=installed)
    line = "nn4mc compile controller.toml --rig my_arm -o c_my_arm"
    run("sh", "-c", line, cwd=followed[0], more=installed)
