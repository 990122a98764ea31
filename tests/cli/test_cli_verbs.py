"""The command line: exit codes as in its help, JSON alone on stdout, no traceback unless asked for."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from nn4mc import errors
from nn4mc.cli import VERBS, main
from tests.conftest import require

COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38|4[0-7])[0-9;]*m")


def nn4mc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def in_a_process(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from nn4mc.cli import main; main(prog_name='nn4mc')"]
    environment = {**os.environ, **settings}
    return subprocess.run([*program, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.h5"
    path.write_bytes(b"not HDF5")
    return path


def test_help_lists_every_verb_and_every_exit_code():
    found = nn4mc("--help")
    assert found.exit_code == 0
    assert all(re.search(rf"^  {verb} ", found.stdout, re.MULTILINE) for verb in VERBS)
    codes = {
        one.exit_code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.Nn4mcError)
    }
    assert all(re.search(rf"\b{code}  ", found.stdout) for code in codes - {70})


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_json(verb: str):
    found = nn4mc(verb, "--help")
    assert found.exit_code == 0
    listed = found.stdout.split("Commands:")
    inner = re.findall(r"^  (\w+) ", listed[1], re.MULTILINE) if len(listed) > 1 else []
    for words in [[verb, one] for one in inner] or [[verb]]:
        assert "--json" in nn4mc(*words, "--help").stdout


def test_compile_writes_and_says_what(tmp_path: Path, raptor):
    found = nn4mc("compile", "raptor", "-o", tmp_path / "out", "--json")
    assert found.exit_code == 0 and found.stderr == ""
    result = json.loads(found.stdout)
    assert result["model_id"] == raptor.model_id and result["model_sha256"] == raptor.graph.source.sha256
    assert result["context_bytes"] == 4 * 96 and result["const_bytes"] == raptor.emitted.const_bytes
    assert {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.?*") if p.is_file()} == set(
        result["files"]
    )
    plain = nn4mc("compile", "raptor", "-o", tmp_path / "out")
    assert plain.exit_code == 0 and raptor.model_id in plain.stdout


def test_compile_takes_name_and_target(tmp_path: Path):
    found = nn4mc("compile", "raptor", "-o", tmp_path, "--name", "pilot", "--target", "generic")
    assert found.exit_code == 0
    assert (tmp_path / "pilot.h").is_file() and "#define NN4MC_PORTABLE" in (tmp_path / "nn4mc_config.h").read_text()


def test_inspect_json_holds_layers_and_exact_memory(raptor):
    result = json.loads(nn4mc("inspect", "raptor", "--json").stdout)
    assert [(layer["op"], layer["output_shape"]) for layer in result["layers"]] == [
        ("dense", [16]),
        ("gru", [1, 16]),
        ("dense", [4]),
    ]
    assert (result["macs"], result["state_bytes"], result["arena_bytes"]) == (1952, 64, 320)
    assert (
        result["weight_bytes"] == 4 * result["parameters"] == sum(4 * layer["parameters"] for layer in result["layers"])
    )


def test_verify_passes_layer_by_layer():
    found = nn4mc("verify", "raptor", "--steps", 20, "--json")
    result = json.loads(found.stdout)
    assert found.exit_code == 0 and result["passed"] and result["steps"] == 20
    assert [layer["name"] for layer in result["layers"]] == ["dense_0", "gru_1", "dense_2", "outputs"]
    assert all(layer["max_error"] <= layer["tolerance"] and layer["passed"] for layer in result["layers"])


def test_verify_takes_stored_inputs(tmp_path: Path):
    np.save(tmp_path / "in.npy", np.ones((3, 22), np.float32))
    assert json.loads(nn4mc("verify", "raptor", "--inputs", tmp_path / "in.npy", "--json").stdout)["steps"] == 3


USAGE, MODEL, TOOL = 2, 3, 4
FAILURES = {
    "no verb known": (["fly"], USAGE, "No such command"),
    "no model": (["compile"], USAGE, "Missing argument"),
    "no output": (["compile", "raptor"], USAGE, "--output"),
    "unknown target": (["compile", "raptor", "-o", "{tmp}/o", "--target", "avr"], USAGE, "avr"),
    "name that is none": (["compile", "raptor", "-o", "{tmp}/o", "--name", "a b"], USAGE, "cannot name C functions"),
    "output is a file": (["compile", "raptor", "-o", "{tmp}/damaged.h5"], USAGE, "is a file"),
    "output under a file": (["compile", "raptor", "-o", "{tmp}/damaged.h5/x"], USAGE, "cannot be written"),
    "no such model": (["compile", "{tmp}/missing.h5", "-o", "{tmp}/o"], MODEL, "no such model file"),
    "damaged model": (["compile", "{tmp}/damaged.h5", "-o", "{tmp}/o"], MODEL, "damaged or not HDF5"),
    "damaged model, inspect": (["inspect", "{tmp}/damaged.h5"], MODEL, "damaged or not HDF5"),
    "damaged model, verify": (["verify", "{tmp}/damaged.h5"], MODEL, "damaged or not HDF5"),
    "unknown type": (["inspect", "{tmp}"], MODEL, "no such model file"),
    "inputs are no npy": (["verify", "raptor", "--inputs", "{tmp}/damaged.h5"], MODEL, "cannot be read as .npy"),
    "no steps": (["verify", "raptor", "--steps", "0"], USAGE, "--steps"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failure_has_its_exit_code_one_message_and_no_traceback(tmp_path: Path, damaged: Path, case: str):
    words, code, message = FAILURES[case]
    found = nn4mc(*(word.replace("{tmp}", str(tmp_path)) for word in words))
    assert found.exit_code == code, found.output
    assert message in found.stderr and found.stdout == ""
    assert "Traceback" not in found.output
    assert len(found.stderr.splitlines()) <= 5
    assert not (tmp_path / "o").exists()


def test_the_traceback_is_there_with_v(damaged: Path):
    found = nn4mc("-v", "inspect", damaged)
    assert found.exit_code == MODEL and "Traceback" in found.stderr


def test_a_missing_compiler_is_exit_4_with_the_package_that_has_it():
    found = in_a_process("verify", "raptor", "--steps", "2", PATH="/nonexistent")
    assert found.returncode == TOOL
    assert "apt-get install" in found.stderr and "Traceback" not in found.stderr and found.stdout == ""


def test_inspect_works_without_the_cross_compiler():
    found = in_a_process("inspect", "raptor", "--json", PATH="/nonexistent")
    assert found.returncode == 0 and json.loads(found.stdout)["code"] is None


def test_a_foreign_file_is_never_overwritten(tmp_path: Path):
    (tmp_path / "raptor.c").write_text("mine")
    found = nn4mc("compile", "raptor", "-o", tmp_path)
    assert found.exit_code == USAGE and "stays as it is" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["raptor.c"] and (tmp_path / "raptor.c").read_text() == "mine"


@pytest.mark.parametrize("words", [["inspect", "raptor"], ["doctor"]], ids=" ".join)
def test_no_colour_where_it_is_not_wanted(words: list[str]):
    wanted = in_a_process(*words, NO_COLOR="1", FORCE_COLOR="1", TERM="xterm-256color")
    piped = in_a_process(*words, TERM="xterm-256color")
    assert COLOUR.search(wanted.stdout + wanted.stderr) is None
    assert "\x1b" not in piped.stdout + piped.stderr


@pytest.mark.parametrize("verb", ["doctor", "boards"])
def test_machine_lists_are_json(verb: str):
    found = in_a_process(verb, "--json")
    assert found.returncode in (0, TOOL)
    assert isinstance(json.loads(found.stdout), dict)


def test_doctor_is_0_only_where_nothing_is_missing():
    require("gcc")
    found = in_a_process("doctor", "--json")
    result = json.loads(found.stdout)
    assert (found.returncode == 0) == result["ready"] == all(one["found"] for one in result["findings"])
    bare = in_a_process("doctor", "--json", PATH="/nonexistent")
    assert bare.returncode == TOOL and not json.loads(bare.stdout)["ready"]


def test_compile_imports_no_framework_and_no_reporting(tmp_path: Path):
    forbidden = ["torch", "tensorflow", "keras", "matplotlib", "plotly", "platformio", "serial", "mcap", "scipy"]
    program = (
        "import sys\nfrom nn4mc.cli import main\n"
        f"main(['compile', 'raptor', '-o', {str(tmp_path)!r}], standalone_mode=False)\n"
        f"print([name for name in {forbidden} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_help_starts_without_numpy():
    program = (
        "import sys\nfrom nn4mc.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "print('numpy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "False"


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Command, "invoke", interrupt)
    found = nn4mc("inspect", "raptor")
    assert found.exit_code == 130 and found.stderr == "Interrupted.\n"
