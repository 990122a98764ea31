"""What `nn4mc compile --for` writes: C under the contract, the files that build it, the checkpoint, and its answers."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.build.cross import sources_in
from nn4mc.build.host import WARNINGS
from nn4mc.cli import main
from nn4mc.control.observation import observed
from nn4mc.errors import ConfigError
from nn4mc.flight_stack.conventions import PROPS, conventions
from nn4mc.flight_stack.folder import OBSERVATION, REFERENCE, SENSORS, compile_for_stack
from nn4mc.flight_stack.table import read_stacks, stacks
from nn4mc.hil.controller import policy_of
from nn4mc.hil.rig import load_rig
from nn4mc.importers import load
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.target import TARGETS

STACKS = tuple(stacks())
VEHICLES = [*((name, "in") for name in STACKS), ("betaflight", "out")]
VERBS = ("init", "reset", "selftest", "step")
TOML = (Path(__file__).parents[2] / "nn4mc" / "flight_stack" / "stacks.toml").read_text()


@pytest.fixture(scope="module", params=VEHICLES, ids="-".join)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, props = request.param
    made = tmp_path_factory.mktemp(f"{name}-{props}")
    compile_for_stack("raptor", name, props).write(made)
    return made


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    return done.exit_code, done.output


def compiled(words: list[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and not said, said


def own_sources(folder: Path) -> list[str]:
    return [path.name for pattern in ("*_controller.c", "*_adapter.c") for path in folder.glob(pattern)]


@pytest.mark.parametrize("language", [["gcc", "-std=c99"], ["g++", "-x", "c++", "-std=c++11"]], ids=["c99", "c++11"])
def test_is_free_of_warnings_and_of_the_c_library(folder: Path, language: list[str]):
    flags = [*language, *WARNINGS, "-O2", "-ffreestanding", "-I."]
    compiled([*flags, "-fsyntax-only", *own_sources(folder), "examples/main.c"], folder)
    if language[0] == "gcc":
        compiled([*flags, "-fanalyzer", "-fno-pic", "-fno-stack-protector", "-c", *own_sources(folder)], folder)
        adapter = next(folder.glob("*_adapter.o"))
        listing = subprocess.run(["nm", adapter], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listing.splitlines()]
        name = adapter.name.removesuffix("_adapter.o")
        allowed = {f"{name}_controller_{verb}" for verb in VERBS} | {"nn4mc_sqrt"}
        assert {row[-1] for row in rows if row[-2] == "U"} <= allowed
        assert not [row for row in rows if row[-2] in "bBdD"], "writable statics"


def test_the_example_says_that_it_computes_what_the_policy_does(folder: Path):
    """As its comment and README.md say to build it."""
    sources = [path.name for path in sources_in(folder) if path.suffix == ".c"]
    flags = ["-std=c99", "-O2", "-ffp-contract=off", "-I."]
    compiled(["cc", *flags, "examples/main.c", *sources, "-o", "example"], folder)
    assert subprocess.run([folder / "example"], check=False).returncode == 0


@pytest.mark.emulator
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize(
    "core", [TARGETS["cortex-m4f"].flags, ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard")]
)
def test_the_makefile_builds_the_library_under_all_warnings(name: str, core: tuple[str, ...], tmp_path: Path):
    compile_for_stack("raptor", name).write(tmp_path)
    compiled(["make", "--silent", f"CPU={' '.join(core)}"], tmp_path)
    listing = subprocess.run(
        ["arm-none-eabi-nm", "libnn4mc_policy.a"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert f" T {name}_policy_step" in listing
    assert all(flag in (tmp_path / "Makefile").read_text() for flag in WARNINGS)


def test_the_crazyflie_builds_the_same_sources_with_kbuild(tmp_path: Path):
    compile_for_stack("raptor", "crazyflie").write(tmp_path)
    lines = (tmp_path / "Kbuild").read_text().splitlines()
    objects = {line.removeprefix("obj-y += ") for line in lines if line.startswith("obj-y")}
    assert objects == {path.with_suffix(".o").name for path in sources_in(tmp_path)}
    assert "ccflags-y += -ffp-contract=off -fno-fast-math" in lines


def test_no_name_is_taken_that_a_firmware_may_have(folder: Path):
    """The Crazyflie's firmware has a function `controller`, a controller.h and a controller.c."""
    stack = next(folder.glob("*_adapter.h")).name.removesuffix("_adapter.h")
    files = [path.name for path in folder.iterdir() if path.suffix in (".c", ".h", ".S")]
    assert all(name.startswith(("nn4mc_", "raptor.", f"{stack}_")) for name in files)
    compiled(["gcc", "-std=c99", "-O2", "-ffp-contract=off", "-c", *(n for n in files if n.endswith(".c"))], folder)
    objects = sorted(path.name for path in folder.glob("*.o"))
    listing = subprocess.run(["nm", "-g", *objects], cwd=folder, capture_output=True, text=True, check=True).stdout
    defined = {line.split()[2] for line in listing.splitlines() if len(line.split()) == 3}
    assert defined and all(name.startswith(("nn4mc_", "raptor_", f"{stack}_")) for name in defined)


def test_px4_gets_a_checkpoint_that_reads_back_as_the_same_network(tmp_path: Path):
    code, said = run("compile", "raptor", "--for", "px4", "-o", tmp_path / "px4", "--json")
    assert code == 0, said
    assert "policy.tar" in json.loads(said)["files"]
    found, wanted = load(tmp_path / "px4" / "policy.tar"), load("raptor")
    assert list(found.tensors) == list(wanted.tensors)
    for name, tensor in wanted.tensors.items():
        np.testing.assert_array_equal(found.tensors[name].data, tensor.data)
    # The checkpoint is a model like any other: as MODEL it gives the same archive again.
    again = compile_for_stack(str(tmp_path / "px4" / "policy.tar"), "px4")
    assert again.policy_tar == (tmp_path / "px4" / "policy.tar").read_bytes()
    assert again.network.model_id == compile_for_stack(str(raptor_checkpoint()), "px4").network.model_id


@pytest.mark.parametrize("name", ["betaflight", "crazyflie", "ardupilot"])
def test_only_px4_gets_it(name: str):
    assert compile_for_stack("raptor", name).policy_tar is None


def test_an_integer_network_has_no_checkpoint(tmp_path: Path):
    code, said = run("compile", "raptor", "--for", "px4", "--quantize", "int8", "-o", tmp_path / "c", "--json")
    assert code == 0, said
    assert "policy.tar" not in json.loads(said)["files"]
    assert "policy.tar" not in (tmp_path / "c" / "README.md").read_text()


def test_a_foreign_policy_tar_is_never_replaced(tmp_path: Path):
    (tmp_path / "policy.tar").write_bytes(b"mine")
    code, said = run("compile", "raptor", "--for", "px4", "-o", tmp_path)
    assert code == 2 and "is there with other content" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.tar"]


def test_the_same_command_gives_the_same_bytes(tmp_path: Path):
    for name in ("one", "two", "two"):
        compile_for_stack("raptor", "px4").write(tmp_path / name)
    one, two = (
        {p.relative_to(tmp_path / d): p.read_bytes() for p in (tmp_path / d).rglob("*.*")} for d in ("one", "two")
    )
    assert one == two


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["raptor", "--for", "px5"], "flight stack 'px5' is not known. Known: px4, betaflight, crazyflie, ardupilot"),
        (["raptor", "--for", "px4", "--stateful"], "--stateful: not with --for px4"),
        (["raptor", "--for", "px4", "--name", "x"], "--name: not with --for px4"),
        (["raptor", "--props", "out"], "--props out: only with --for"),
    ],
)
def test_what_cannot_be_had_is_answered(words: list[str], message: str, tmp_path: Path):
    code, said = run("compile", *words, "-o", tmp_path / "c")
    assert code == 2 and message in said
    assert not (tmp_path / "c").exists()


def test_a_model_of_another_interface_is_answered(tmp_path: Path):
    from tests.importers.checkpoints import write_checkpoint

    with pytest.raises(ConfigError, match="the observation has 22 words, and the network 'small' takes 3"):
        compile_for_stack(str(write_checkpoint(tmp_path / "small.h5")), "px4")


def test_the_help_names_every_stack():
    said = " ".join(run("compile", "--help")[1].split())
    assert all(name in said for name in STACKS)


def test_the_policy_is_laid_out_as_the_quadrotor_rigs():
    policy = policy_of(load_rig("quadrotor"))
    assert (policy.sensors, policy.reference, policy.observation) == (SENSORS, REFERENCE, observed(*OBSERVATION))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('world = "NED"', 'world = "XYZ"', r"Invalid enum value 'XYZ' - at `\$\[\.\.\.\]\.world`"),
        ('body = "FRD"', 'body = "FLU"', "world NED and body FLU: z of one is up, of the other down"),
        (
            '{ place = "back left", spin = "ccw" }',
            '{ place = "front right", spin = "ccw" }',
            "every place has one motor",
        ),
        (
            '{ place = "back left", spin = "ccw" }',
            '{ place = "back left", spin = "cw" }',
            "the motor back left spins cw",
        ),
        ("low = 0.0, high = 1.0", "low = 1.0, high = 1.0", "output 'control': 1 to 1 is empty"),
        ("rate_hz = 400", "rate = 400", "unknown field `rate`"),
        ("high = 65535.0", "high = 65536.0", "is not within 0 to 65535"),
        ("high = 65535.0", "high = 65535.0, adjustable = true", "a uint16 is not adjustable"),
    ],
)
def test_a_table_that_is_wrong_is_answered_with_its_place(old: str, new: str, message: str):
    with pytest.raises(ConfigError, match=message):
        read_stacks(TOML.replace(old, new, 1))


def test_propellers_that_turn_out_are_those_that_turn_in_a_quarter_further():
    for stack in stacks().values():
        straight, turned = (conventions(stack, props).rotor_of_motor for props in PROPS)
        assert [(rotor + 1) % 4 for rotor in straight] == list(turned)
