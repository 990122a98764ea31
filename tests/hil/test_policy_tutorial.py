"""The page docs/tutorial-policy.md, followed to the letter in an empty folder: the policy it trains flies."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = [pytest.mark.slow, pytest.mark.emulator]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial-policy.md").read_text()
FILE = re.compile(r"^[^\n]*into `([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.M | re.S)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


def follow(folder: Path) -> dict[str, str]:
    """Write the files of the page and run its commands in order; return what each printed."""
    for name, text in FILE.findall(PAGE):
        (folder / name).write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = {}
    for line in "".join(COMMANDS.findall(PAGE)).splitlines():
        program, *words = shlex.split(line)
        start = [sys.executable] if program == "python" else [sys.executable, "-m", program]
        json_too = ["--json"] if words[0] == "hil" else []
        done = subprocess.run(
            [*start, *words, *json_too], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        said[line] = done.stdout
    return said


def test_the_page_trains_a_policy_that_flies_as_it_says(tmp_path: Path):
    bounds = re.search(r"a figure of eight below ([\d.]+) m and a hover below ([\d.]+) m", PAGE)
    assert bounds is not None
    bound = dict(zip(("lissajous", "hover"), map(float, bounds.groups()), strict=True))
    said = follow(tmp_path)
    assert [line.split()[1] for line in said] == ["train.py", "verify", "profile", "hil", "hil", "compile"]
    flights = [json.loads(one) for line, text in said.items() if " hil " in line for one in text.splitlines()]
    own = [flight for flight in flights if flight["controller"] == "imitation"]
    assert [(flight["board"], flight["reference"]) for flight in own] == [
        ("sim://cortex-m4", "lissajous"),
        ("sim://cortex-m4", "hover"),
        ("qemu://netduinoplus2", "lissajous"),
    ]
    for flight in own:
        assert not flight["lost"] and flight["mismatched_words"] == 0
        assert flight["rmse_m"] < bound[flight["reference"]]
    assert own[0]["rmse_m"] == own[2]["rmse_m"], "two boards, the same bits"
    assert (tmp_path / "report" / "index.html").is_file()
    assert (tmp_path / "imitation_c" / "controller.h").is_file()
