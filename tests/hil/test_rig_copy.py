"""nn4mc rig new: a copy that flies as the rig it was copied from, and is one's own."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.hil.controller import compile_controller
from nn4mc.hil.rig import create_plant, create_reference, load_rig


def new(folder: Path, like: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, ["rig", "new", str(folder), "--like", like])
    return found.exit_code, found.output.replace("\n", " ")


@pytest.mark.parametrize("like", ["quadrotor", "mass_spring_damper", "tendon", "hasel"])
def test_a_copy_has_the_plant_and_the_controllers_of_its_model(like: str, tmp_path: Path):
    code, said = new(tmp_path / "my_rig", like)
    assert code == 0, said
    mine, theirs = load_rig(tmp_path / "my_rig"), load_rig(like)
    assert mine.name == "my_rig" and list(mine.controllers) == list(theirs.controllers)
    assert compile_controller(mine).files == compile_controller(theirs).files
    sensed = []
    for rig in (mine, theirs):
        plant = create_plant(rig, next(iter(rig.vehicles)))
        reference = create_reference(rig, rig.default_reference)
        state = plant.step(plant.initial(reference, np.random.default_rng(1)), plant.trim_command())
        sensed.append(plant.sensors(state))
    assert np.array_equal(*sensed)


def test_a_copy_is_its_own_plant(tmp_path: Path):
    new(tmp_path / "my_rig", "mass_spring_damper")
    plant = tmp_path / "my_rig" / "plant.py"
    plant.write_text(plant.read_text().replace("LOST_M = 10.0", "LOST_M = 0.0"))
    lost = {}
    for rig in (load_rig(tmp_path / "my_rig"), load_rig("mass_spring_damper")):
        made = create_plant(rig, "nominal")
        state = made.initial(create_reference(rig, "steps"), np.random.default_rng(1))
        lost[rig.name] = made.lost(made.step(state, np.ones(1, np.float32)))
    assert lost == {"my_rig": True, "mass_spring_damper": False}


def test_nothing_is_written_over_and_names_must_be_names(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    assert new(tmp_path / "taken", "tendon")[0] == 2
    assert not list((tmp_path / "taken").iterdir())
    code, said = new(tmp_path / "My-Rig", "tendon")
    assert code == 2 and "cannot name a rig" in said
    code, said = new(tmp_path / "other", "nowhere")
    assert code == 2 and "nor a rig of nn4mc" in said and not (tmp_path / "other").exists()
