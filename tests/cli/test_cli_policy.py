"""A policy of one's own in a file: verified, profiled, compiled; and the answers to what does not fit."""

import json
import pickle
import subprocess
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from click.testing import CliRunner
from onnx.helper import make_node as node

from nn4mc.cli import main
from nn4mc.hil.policy_file import read_policy
from tests.importers.keras_files import dense, sequential, start, write_keras
from tests.importers.onnx_models import floats, model

POLICY = """
kind = "policy"
model = "MODEL"
observation = [
    "body_position_error", { term = "angular_velocity", scale = 0.2 }, { term = "previous_action", steps = 2 },
]
"""
WORDS = 14


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words], standalone_mode=True)
    return done.exit_code, done.output


def layers(words: int = WORDS, commands: int = 4) -> dict[str, np.ndarray]:
    return {"w1": floats(words, 8, seed=1), "b1": floats(8, seed=2), "w2": floats(8, commands, seed=3)}


def mlp(folder: Path, stored: dict[str, np.ndarray]) -> Path:
    nodes = [node("Gemm", ["x", "w1", "b1"], ["h"]), node("Tanh", ["h"], ["t"]), node("MatMul", ["t", "w2"], ["y"])]
    made = model(nodes, {"x": (1, stored["w1"].shape[0])}, ["y"], stored)
    (folder / "mlp.onnx").write_bytes(made.SerializeToString())
    return write(folder, "mlp.onnx")


def write(folder: Path, name: str, more: str = "") -> Path:
    path = folder / "my.toml"
    path.write_text(POLICY.replace("MODEL", name) + more)
    return path


def keras(folder: Path) -> Path:
    one = layers()
    weights = {"layers/dense": [one["w1"], one["b1"]], "layers/dense_1": [one["w2"], floats(4, seed=4)]}
    write_keras(folder / "net.keras", sequential(start(WORDS), dense("a", 8), dense("b", 4)), weights)
    return write(folder, "net.keras")


def gru(folder: Path) -> Path:
    stored = {
        "w": floats(1, 15, WORDS, seed=1), "r": floats(1, 15, 5, seed=2), "b": floats(1, 30, seed=3),
        "w2": floats(5, 4, seed=4),
    }  # fmt: skip
    nodes = [node("GRU", ["x", "w", "r", "b"], ["h"], hidden_size=5), node("MatMul", ["h", "w2"], ["y"])]
    made = model(nodes, {"x": ("time", "batch", WORDS)}, ["y"], stored)
    (folder / "gru.onnx").write_bytes(made.SerializeToString())
    return write(folder, "gru.onnx", "stateful = true\n")


@pytest.mark.parametrize("make", [keras, gru])
def test_verify_holds_network_and_commands_against_float64(make, tmp_path: Path):
    code, said = run("verify", make(tmp_path), "--rig", "quadrotor", "--steps", "200", "--json")
    assert code == 0, said
    found = json.loads(said)
    assert found["passed"] and found["command"]["passed"] and found["steps"] == 200
    assert 0 < found["command"]["max_error"] <= found["command"]["tolerance"]


def test_verify_says_it_in_words(tmp_path: Path):
    code, said = run("verify", mlp(tmp_path, layers()), "--rig", "quadrotor", "--steps", "50")
    assert code == 0 and "Commands, from sensors to guard: largest error" in said and "pass." in said


def test_profile_tells_the_cost_of_the_network(tmp_path: Path):
    pytest.importorskip("unicorn")
    code, said = run("profile", mlp(tmp_path, layers()), "--rig", "quadrotor", "--json")
    assert code == 0, said
    assert json.loads(said)["instructions"] > WORDS * 8


def test_the_compiled_example_passes_its_selftest(tmp_path: Path):
    code, said = run("compile", mlp(tmp_path, layers()), "--rig", "quadrotor", "-o", tmp_path / "c")
    assert code == 0, said
    sources = [tmp_path / "c" / "examples" / "main.c", *sorted((tmp_path / "c").glob("*.c"))]
    words = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-O2"]
    command = [*words, "-ffp-contract=off", f"-I{tmp_path / 'c'}", *map(str, sources), "-o", str(tmp_path / "example")]
    subprocess.run(command, check=True)
    assert subprocess.run([str(tmp_path / "example")], check=False).returncode == 0


def test_a_layout_stands_in_for_a_rig(tmp_path: Path):
    path = mlp(tmp_path, layers())
    layout = """
[layout]
sensors = { position = 3, quaternion = 4, angular_velocity = 3 }
reference = { position = 3 }
minimum = [-1.0, -1.0, -1.0, -1.0]
maximum = [1.0, 1.0, 1.0, 1.0]
"""
    path.write_text(path.read_text() + layout)
    assert read_policy(path).sensors == {"position": 3, "quaternion": 4, "angular_velocity": 3}
    path.write_text(path.read_text().replace("maximum = [1.0, ", "maximum = [2.0, "))
    code, said = run("verify", path)
    assert code == 2 and "between -1 and 1" in said


def test_a_file_that_nothing_says_the_sensors_of_is_answered(tmp_path: Path):
    for verb in ("verify", "profile"):
        code, said = run(verb, mlp(tmp_path, layers()))
        assert code == 2 and "name a rig with --rig" in said.replace("\n", " ")


def test_what_is_for_models_is_refused_beside_a_policy(tmp_path: Path):
    path = mlp(tmp_path, layers())
    assert run("verify", path, "--rig", "quadrotor", "--stateful")[0] == 2
    assert run("verify", path, "--rig", "quadrotor", "--against", "onnxruntime")[0] == 2
    assert run("verify", tmp_path / "mlp.onnx", "--rig", "quadrotor")[0] == 2


def nan_weights(folder: Path) -> Path:
    stored = layers()
    stored["w1"][3, 3] = np.nan
    return mlp(folder, stored)


def pickled(folder: Path) -> Path:
    (folder / "agent.pt").write_bytes(pickle.dumps({"weights": [1.0]}))
    return write(folder, "agent.pt")


def zipped(folder: Path) -> Path:
    with ZipFile(folder / "agent.pt2", "w") as archive:
        archive.writestr("../../escape", "x")
    return write(folder, "agent.pt2")


def noise(folder: Path) -> Path:
    (folder / "noise.onnx").write_bytes(np.random.default_rng(0).bytes(5000))
    return write(folder, "noise.onnx")


def edited(old: str, new: str):
    def make(folder: Path) -> Path:
        path = mlp(folder, layers())
        path.write_text(path.read_text().replace(old, new))
        return path

    return make


REFUSED = {
    "input of another size": (lambda f: mlp(f, layers(15)), 2, "has 14 words, and the network 'mlp' takes 15"),
    "output of another size": (lambda f: mlp(f, layers(commands=3)), 2, "gives 3 words, and a command has 4"),
    "unknown term": (edited("body_position_error", "wind_speed"), 2, "term 'wind_speed' is not known. Known: posi"),
    "unknown key": (edited("scale = 0.2", "gain = 0.2"), 2, "my.toml, at observation[1]"),
    "scale of another size": (edited("scale = 0.2", "scale = [0.2, 0.3]"), 2, "scale has 2 numbers, expected 1 or 3"),
    "weights that are not finite": (nan_weights, 3, "NaN"),
    "no such model": (edited("mlp.onnx", "gone.onnx"), None, "gone.onnx"),
    "a pickle": (pickled, 3, "agent.pt"),
    "a zip that is no program": (zipped, 3, "agent.pt2"),
    "noise": (noise, 3, "noise.onnx"),
    "not TOML": (edited("kind =", "kind"), 2, "cannot be read as TOML"),
    "another kind": (edited('"policy"', '"lqr"'), 2, "my.toml, at kind"),
}  # fmt: skip


@pytest.mark.parametrize("verb", ["verify", "compile", "hil"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_answered_in_three_lines(case: str, verb: str, tmp_path: Path):
    make, expected, message = REFUSED[case]
    path = make(tmp_path)
    words = {
        "verify": ("verify", path, "--rig", "quadrotor"),
        "compile": ("compile", path, "--rig", "quadrotor", "-o", tmp_path / "c"),
        "hil": ("hil", "quadrotor", "--controller", path, "--board", "host://"),
    }
    code, said = run(*words[verb])
    assert code in (expected, *((2, 3) if expected is None else ())), said
    error = said[said.index("Error: ") :].strip()
    assert message in error.replace("\n", " ")
    assert len(error.splitlines()) <= 3 and len(error) < 900
