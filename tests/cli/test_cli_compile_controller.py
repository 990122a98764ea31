"""nn4mc compile controller.toml: alone, beside a rig, for a rig, and the answers to files that do not fit."""

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import helper, numpy_helper

from nn4mc.cli import main
from nn4mc.control.observation import PREVIOUS_ACTION
from nn4mc.hil.controller import compile_controller
from nn4mc.hil.rig import load_rig, with_controller
from nn4mc.quantize import Quantizing
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
POLICY = """
kind = "policy"
model = "turn.onnx"
observation = ["angular_velocity", "previous_action"]
"""
POLICY_LAYOUT = """
[layout]
sensors = { quaternion = 4, angular_velocity = 3 }
reference = { position = 1 }
minimum = [-1.0, -1.0]
maximum = [1.0, 1.0]
"""
PID = """
kind = "pid"
loops = ["level"]
measured = ["level"]
wanted = ["goal"]
error_limit = [10.0]
integral_limit = [5.0]
allocation = [[1.0]]
trim = [0.0]
safe = [0.0]

[variables]
kp_level = 2.0
"""
PID_LAYOUT = """
[layout]
sensors = { level = 1 }
reference = { goal = 1 }
minimum = [0.0]
maximum = [1.0]
period_s = 0.02
"""
RIGS_OWN = {
    "quadrotor": """
[layout]
sensors = { position = 3, quaternion = 4, velocity = 3, angular_velocity = 3 }
reference = { position = 3, velocity = 3 }
minimum = [-1.0, -1.0, -1.0, -1.0]
maximum = [1.0, 1.0, 1.0, 1.0]
""",
    "tendon": """
[layout]
sensors = { tip = 3, lace = 11 }
reference = { position = 3, velocity = 3 }
minimum = [-100.0, -100.0]
maximum = [50.0, 50.0]
period_s = 0.008
""",
}
"""What the rigs say of themselves, as layouts."""
STRICT = """-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Wvla -Werror
-O2 -ffp-contract=off""".split()


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words], standalone_mode=True)
    return done.exit_code, done.output


def write_turn(folder: Path, words: int = 5) -> None:
    """A network of ``words`` in, two out, through a tanh."""
    weights = np.random.default_rng(1).normal(size=(words, 2)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("Tanh", ["a"], ["y"])]
    sides = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, w]) for n, w in (("x", words), ("y", 2))]
    graph = helper.make_graph(nodes, "turn", sides[:1], sides[1:], [numpy_helper.from_array(weights, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / "turn.onnx")


def as_on_rig(rig: str, kind: str) -> dict[str, str]:
    """The C of a controller that comes with a rig, compiled for the rig."""
    return {**compile_controller(with_controller(load_rig(rig), kind)).files}


def text_of(rig: str, kind: str) -> str:
    """The controller's own file; the quadrotor's stands in rig.toml, as a table."""
    folder = resource("rigs", rig)
    if kind != "policy":
        return (folder / f"{kind}.toml").read_text()
    table = (folder / "rig.toml").read_text().split("[controller]")[1].split("[references")[0]
    return table.replace("[controller.", "[")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (ALONE + LAYOUT, {"nn4mc_nmpc.c", "nn4mc_box.h"}),
        (PID + PID_LAYOUT, {"nn4mc_pid.c"}),
        (POLICY + POLICY_LAYOUT, {"turn.c", "turn.h", "nn4mc_observation.c"}),
        (POLICY.replace(', "previous_action"', "") + POLICY_LAYOUT, {"turn.c", "turn.h", "nn4mc_observation.c"}),
    ],
    ids=["nmpc", "pid", "policy", "policy of sensors alone"],
)
def test_a_controller_alone_compiles_and_its_example_passes_its_selftest(text: str, own: set[str], tmp_path: Path):
    write_turn(tmp_path, 5 if PREVIOUS_ACTION in text else 3)
    (tmp_path / "controller.toml").write_text(text)
    code, said = run("compile", tmp_path / "controller.toml", "-o", tmp_path / "c", "--json")
    assert code == 0, said
    assert {"controller.c", "controller.h", "library.json", "nn4mc_guard.c", *own} <= {*json.loads(said)["files"]}
    sources = [tmp_path / "c" / "examples" / "main.c", *sorted((tmp_path / "c").glob("*.c"))]
    words = ["gcc", *STRICT, f"-I{tmp_path / 'c'}", *map(str, sources), "-o", str(tmp_path / "example")]
    subprocess.run(words, check=True)
    assert subprocess.run([str(tmp_path / "example")], check=False).returncode == 0


@pytest.mark.parametrize(("rig", "kind"), [("quadrotor", "policy"), ("tendon", "pid"), ("tendon", "nmpc")])
@pytest.mark.parametrize("how", ["alone", "--rig"])
def test_the_c_is_that_of_the_rig_whoever_says_the_layout(rig: str, kind: str, how: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text_of(rig, kind) + (RIGS_OWN[rig] if how == "alone" else ""))
    words = ["compile", tmp_path / "mine.toml", "-o", tmp_path / "c"]
    code, said = run(*words, *(["--rig", rig] if how == "--rig" else []))
    assert code == 0, said
    for name, text in as_on_rig(rig, kind).items():
        assert (tmp_path / "c" / name).read_text() == text, name


@pytest.mark.parametrize("kind", ["nmpc", "pid"])
def test_a_controller_beside_a_rig_takes_its_layout(kind: str, tmp_path: Path):
    code, said = run("compile", resource("rigs", "tendon") / f"{kind}.toml", "-o", tmp_path / "c")
    assert code == 0, said
    assert "#define CONTROLLER_SENSOR_LEN 14" in (tmp_path / "c" / "controller.h").read_text()


def test_a_policy_is_quantised_where_it_is_asked_for(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text_of("quadrotor", "policy") + RIGS_OWN["quadrotor"])
    code, said = run("compile", tmp_path / "mine.toml", "-o", tmp_path / "c", "--quantize", "int8")
    assert code == 0, said
    quantised = compile_controller(load_rig("quadrotor"), Quantizing()).files["raptor.c"]
    assert (tmp_path / "c" / "raptor.c").read_text() == quantised != as_on_rig("quadrotor", "policy")["raptor.c"]


BARE_PID_LAYOUT = PID_LAYOUT.replace("period_s = 0.02\n", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALONE, "Add a table [layout], name a rig with --rig"),
        (POLICY, "Add a table [layout], name a rig with --rig"),
        (PID, "Add a table [layout], name a rig with --rig"),
        (ALONE.replace('"tendon"', '"nowhere"') + LAYOUT, "model 'nowhere' is neither a folder"),
        (ALONE.replace("horizon = 3", "horizons = 3") + LAYOUT, "controller.toml, at"),
        (ALONE.replace("[10.0, 10.0]", "[10.0]") + LAYOUT, "at move_weights: 1 entries, expected 2"),
        (ALONE.replace('"nmpc"', '"lqr"') + LAYOUT, "at kind: 'lqr' is not one of nmpc, pid, policy"),
        (ALONE.replace('kind = "nmpc"', "") + LAYOUT, "at kind: missing; it is one of nmpc, pid, policy"),
        (ALONE + 'method = "newtons"\n' + LAYOUT, "at method: 'newtons' is not one of gauss-newton, newton"),
        (ALONE + LAYOUT + "period_s = 0.02\n", "trained for 0.008 s. Train it with sample_time_s = 0.02."),
        (ALONE + LAYOUT.replace("[-50.0, -50.0]", "[-50.0]"), "minimum has 1 commands and maximum 2"),
        (ALONE + LAYOUT.replace("[-50.0, -50.0]", "[-50.0, 50.0]"), "range 50 to 50 is empty"),
        (POLICY.replace("turn", "none") + POLICY_LAYOUT, "model 'none.onnx' is neither a file in"),
        (POLICY.replace('"angular_velocity", ', "") + POLICY_LAYOUT, "observation has 2 words, and the network"),
        (POLICY.replace("angular_velocity", "spin") + POLICY_LAYOUT, "observation term 'spin' is not known"),
        (POLICY + POLICY_LAYOUT.replace("1.0]", "2.0]"), "a policy's commands lie between -1 and 1"),
        (POLICY + POLICY_LAYOUT.replace("quaternion = 4", "quaternion = 3"), "has 3 words, expected w, x, y, z"),
        (PID + BARE_PID_LAYOUT, "a PID needs period_s there"),
        (PID + PID_LAYOUT.replace("level = 1", "height = 1"), "level"),
        (PID.replace("[0.0]", "[7.0]") + PID_LAYOUT, "trim"),
        (PID.replace("kp_level", "kq_level") + PID_LAYOUT, "controller variable 'kq_level' is not known"),
    ],
)
def test_a_file_that_does_not_fit_is_answered(text: str, message: str, tmp_path: Path):
    write_turn(tmp_path)
    (tmp_path / "controller.toml").write_text(text)
    code, said = run("compile", tmp_path / "controller.toml", "-o", tmp_path / "c")
    assert code == 2, said
    assert message in said.replace("\n", " ")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (("tip = 3", "tip = 2"), "at layout.sensors: tip = 2, but rig 'tendon' has tip = 3, lace = 11"),
        (("velocity = 3", "speed = 3"), "at layout.reference: speed = 3, but rig 'tendon' has position = 3, velocity"),
        (("50.0]", "45.0]"), "to [50, 45], but rig 'tendon' has [-100, -100] to [50, 50]"),
        (("0.008", "0.01"), "at layout.period_s: 0.01, but rig 'tendon' steps every 0.008 s"),
    ],
)
def test_a_layout_that_contradicts_the_rig_is_refused(layout: tuple[str, str], message: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text_of("tendon", "nmpc") + RIGS_OWN["tendon"].replace(*layout))
    code, said = run("compile", tmp_path / "mine.toml", "--rig", "tendon", "-o", tmp_path / "c")
    assert code == 2
    assert message in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--name", "arm"), "a controller's C is called controller"),
        (("--stateful",), "are for a model's own file"),
        (("--quantize", "int8"), "a controller of kind pid has no network to quantise"),
        (("--rig", "nowhere"), "rig 'nowhere': neither a folder"),
    ],
)
def test_an_option_that_a_controller_has_no_use_for_is_refused(options: tuple[str, ...], message: str, tmp_path: Path):
    (tmp_path / "controller.toml").write_text(PID + PID_LAYOUT)
    code, said = run("compile", tmp_path / "controller.toml", "-o", tmp_path / "c", *options)
    assert code == 2
    assert message in said.replace("\n", " ")
    assert run("compile", "raptor", "-o", tmp_path / "c", "--rig", "tendon")[0] == 2
