"""nn4mc compile controller.toml: alone, beside a rig, and the answers to files that do not fit."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.resources import resource

ALONE = """
kind = "nmpc"
model = "tendon"
measured = ["tip"]
wanted = ["position"]
output_weights = [0.0, 1.0, 1.0]
move_weights = [10.0, 10.0]
trim = [0.0, 0.0]
safe = [0.0, 0.0]
horizon = 3
"""
LAYOUT = """
[layout]
sensors = { tip = 3 }
reference = { position = 3 }
minimum = [-50.0, -50.0]
maximum = [50.0, 50.0]
"""


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words], standalone_mode=True)
    return done.exit_code, done.output


def test_a_controller_alone_compiles_and_its_example_passes_its_selftest(tmp_path: Path):
    (tmp_path / "controller.toml").write_text(ALONE + LAYOUT)
    code, said = run("compile", tmp_path / "controller.toml", "-o", tmp_path / "c", "--json")
    assert code == 0, said
    files = json.loads(said)["files"]
    assert {"controller.c", "controller.h", "library.json", "nn4mc_nmpc.c", "nn4mc_box.h"} <= {*files}
    sources = [tmp_path / "c" / "examples" / "main.c", *sorted((tmp_path / "c").glob("*.c"))]
    words = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion"]
    words += ["-Wundef", "-Wcast-qual", "-Wvla", "-Werror", "-O2", "-ffp-contract=off", f"-I{tmp_path / 'c'}"]
    subprocess.run([*words, *map(str, sources), "-o", str(tmp_path / "example")], check=True)
    assert subprocess.run([str(tmp_path / "example")], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["nmpc", "pid"])
def test_a_controller_beside_a_rig_takes_its_layout(kind: str, tmp_path: Path):
    code, said = run("compile", resource("rigs", "tendon") / f"{kind}.toml", "-o", tmp_path / "c")
    assert code == 0, said
    assert "#define CONTROLLER_SENSOR_LEN 14" in (tmp_path / "c" / "controller.h").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALONE, "there is no rig.toml beside it"),
        (ALONE.replace('"tendon"', '"nowhere"') + LAYOUT, "model 'nowhere' is neither a folder"),
        (ALONE.replace("horizon = 3", "horizons = 3") + LAYOUT, "controller.toml, at"),
        (ALONE.replace("[10.0, 10.0]", "[10.0]") + LAYOUT, "at move_weights: 1 entries, expected 2"),
        (ALONE.replace('"nmpc"', '"lqr"') + LAYOUT, "controller.toml, at kind"),
    ],
)
def test_a_file_that_does_not_fit_is_answered(text: str, message: str, tmp_path: Path):
    (tmp_path / "controller.toml").write_text(text)
    code, said = run("compile", tmp_path / "controller.toml", "-o", tmp_path / "c")
    assert code == 2
    assert message in said.replace("\n", " ")
