"""A controller or a model of one's own on a rig: files by path, models by path, and the firmware to flash."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nn4mc.cli import main
from nn4mc.errors import ConfigError
from nn4mc.hil.controller import compile_controller, nmpc_of
from nn4mc.hil.controller_file import choose_controllers, with_model
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.resources import resource
from tests.conftest import require


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("tendon")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A controller.toml with the model folder `arm` beside it, which is the one of the rig under another name."""
    shutil.copytree(resource("models", "tendon"), tmp_path / "arm")
    text = (resource("rigs", "tendon") / "nmpc.toml").read_text()
    assert 'model = "tendon"' in text
    path = tmp_path / "controller.toml"
    path.write_text(text.replace('model = "tendon"', 'model = "arm"'))
    return path


def hil(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["hil", *map(str, words)])


def test_a_file_takes_its_model_from_beside_it_and_its_layout_from_the_rig(rig: Rig, own: Path):
    (chosen,) = choose_controllers(rig, [str(own)])
    assert chosen.controller_name == "controller"
    assert compile_controller(chosen).files == compile_controller(with_controller(rig, "nmpc")).files


def test_files_and_names_fly_side_by_side_under_names_of_their_own(rig: Rig, own: Path, tmp_path: Path):
    (tmp_path / "second").mkdir()
    other = tmp_path / "second" / "pid.toml"
    shutil.copy(resource("rigs", "tendon") / "pid.toml", other)
    chosen = choose_controllers(rig, ["pid", str(own), str(other)])
    assert [one.controller_name for one in chosen] == ["pid", "controller", "second-pid"]
    with pytest.raises(ConfigError, match=r"another controller 'second-pid'. Rename the file"):
        choose_controllers(rig, [str(other), str(other)])


def test_the_rigs_own_are_chosen_as_before(rig: Rig):
    assert [one.controller_name for one in choose_controllers(rig, [])] == [rig.controller_name]
    assert [one.controller_name for one in choose_controllers(rig, ["both"])] == list(rig.controllers)
    with pytest.raises(ConfigError, match=r"no controller 'lqr'. It has: nmpc, pid"):
        choose_controllers(rig, ["lqr"])


def test_a_model_goes_in_place_of_the_controllers_own(rig: Rig, own: Path):
    arm = own.parent / "arm"
    toml = (arm / "model.toml").read_text()
    (arm / "model.toml").write_text(toml.replace('name = "tendon"', 'name = "mine"'))
    (alone,) = choose_controllers(rig, [], str(arm))
    assert alone.controller_name == "nmpc" and nmpc_of(alone).model.graph.name == "mine"
    names = {one.controller_name: one for one in choose_controllers(rig, ["both"], str(arm))}
    assert names["pid"].controller == rig.controllers["pid"]
    assert nmpc_of(names["nmpc"]).model.graph.name == "mine"


def test_a_model_that_nothing_takes_is_refused(rig: Rig, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"a PID has none, and no other controller was chosen \(pid\)"):
        choose_controllers(rig, ["pid"], "tendon")
    with pytest.raises(ConfigError, match=r"neither a folder in .* nor a model that comes with nn4mc"):
        choose_controllers(rig, [], str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"neither a file in .* nor built in. Built-in: raptor"):
        choose_controllers(load_rig("quadrotor"), [], "nowhere.h5")


def test_a_built_in_model_keeps_its_name():
    quadrotor = load_rig("quadrotor")
    assert compile_controller(with_model(quadrotor, "raptor")).files == compile_controller(quadrotor).files


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--controller", "nowhere.toml"), "nowhere.toml: cannot be read (No such file or directory)"),
        (("--controller", "both", "--firmware", "x.elf"), "a firmware has one controller. Name one with --controller."),
        (("--board", "host://", "--firmware", "x.elf"), "host:// is this computer, which needs no flashing"),
    ],
)
def test_what_cannot_be_is_answered_before_anything_is_built(words: tuple[str, ...], message: str):
    found = hil("tendon", *words)
    assert found.exit_code == 2
    assert message in found.stderr.replace("\n", " ")


@pytest.mark.slow
@pytest.mark.emulator
def test_the_firmware_to_flash_is_the_one_that_the_emulated_board_runs(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Same bytes: `qemu://` boots what `--firmware` wrote. It flies nothing, so it needs no board."""
    require("arm-none-eabi-gcc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    elf = tmp_path / "arm.elf"
    found = hil("tendon", "--controller", own, "--board", "serial:///dev/nowhere", "--firmware", elf)
    assert found.exit_code == 0, found.stderr
    built = next((tmp_path / "cache").glob("nn4mc/tendon-*/firmware/netduinoplus2/build/netduinoplus2"))
    assert elf.read_bytes() == (built / "firmware.elf").read_bytes()
    assert (built / "build_id.txt").read_text().strip() in found.stdout
