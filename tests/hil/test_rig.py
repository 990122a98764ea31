"""Loading a rig: what is in the file, and what is said when it is wrong."""

import shutil

import numpy as np
import pytest

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import create_plant, create_reference, flight_variables, load_rig
from nn4mc.resources import resource

RIG = load_rig("quadrotor")


@pytest.fixture
def copy(tmp_path):
    """A copy of the quadrotor's folder, and a function that changes a text in its rig.toml."""
    folder = tmp_path / "mine"
    shutil.copytree(resource("rigs", "quadrotor"), folder)

    def change(old, new):
        text = (folder / "rig.toml").read_text()
        assert old in text
        (folder / "rig.toml").write_text(text.replace(old, new, 1))
        return folder

    return change


def test_layouts_and_tables():
    assert (RIG.sensor_len, RIG.reference_len, RIG.command_len) == (13, 6, 4)
    assert [signal.name for signal in RIG.sensors] == ["position", "quaternion", "velocity", "angular_velocity"]
    assert len(RIG.vehicles) == 9
    assert {"hover", "lissajous"} <= RIG.references.keys()


@pytest.mark.parametrize("vehicle", RIG.vehicles)
@pytest.mark.parametrize("reference", RIG.references)
def test_every_vehicle_and_reference_speaks_the_layouts(vehicle, reference):
    plant, wanted = create_plant(RIG, vehicle), create_reference(RIG, reference)
    state = plant.initial(wanted, np.random.default_rng(0))
    assert (plant.sensors(state).shape, plant.sensors(state).dtype) == ((RIG.sensor_len,), np.float32)
    assert (wanted(1.0).shape, wanted(1.0).dtype) == ((RIG.reference_len,), np.float32)
    assert (plant.trim_command().shape, plant.trim_command().dtype) == ((RIG.command_len,), np.float32)
    assert np.abs(plant.trim_command()).max() < 1


def test_the_variables_of_a_flight_are_the_files_and_then_the_vehicles():
    variables = flight_variables(RIG, create_plant(RIG, "crazyflie"))
    assert variables.keys() == RIG.controller.variables.keys()
    assert variables["initial_action"] == pytest.approx(0.6122485)


def test_a_folder_is_a_rig_too_and_keeps_its_own_code(copy):
    folder = copy('title = "Quadrotor position control"', 'title = "Mine"')
    plant = folder / "vehicle.py"
    plant.write_text(plant.read_text().replace("GRAVITY_M_S2 = 9.81", "GRAVITY_M_S2 = 1.62"))
    mine = load_rig(folder)
    assert mine.title == "Mine"
    assert create_plant(mine, "soft").trim_command()[0] < create_plant(RIG, "soft").trim_command()[0]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("period_s = 0.01 #", 'period_s = "fast" #', "at period_s: Expected `float`"),
        ("period_s = 0.01 #", "periods = 0.01 #", "unknown field `periods`|missing required field `period_s`"),
        ("mass_kg = 0.0306", "mass_kg = -1.0", "at vehicles.crazyflie.mass_kg: Expected `float` > 0.0"),
        ("mass_kg = 0.0306", "mass_lb = 0.07", "at vehicles.crazyflie: .*`mass_(lb|kg)`"),
        ("arm_m = [0.028, 0.028]", "arm_m = [0.028]", "at vehicles.crazyflie.arm_m: Expected `array` of length 2"),
        ("rotor_range = [0.0, 1.0]", "rotor_range = [1.0, 1.0]", r"x500_real: rotor_range \[1, 1\]: expected"),
        ('kind = "hover"', 'kind = "hoover"', "at references.hover.kind: Invalid value 'hoover'"),
        ("loops = 3.0", "loops = nan", "at references.lissajous.loops: Expected `float` > 0.0"),
        ("size = 3, unit", "size = 3.5, unit", r"at sensors\[0\].size: Expected `int`"),
        ("size = 4\n", "size = 3\n", r"at command\[0\]: 4 labels for 3 words"),
        ("initial_action = 0.0", 'initial_action = "hover"', r"at controller.variables\[...\]: Expected `float`"),
        ("period_s = 0.01 #", "period_s = = 0.01 #", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_named_with_the_place_in_it(copy, old, new, where):
    folder = copy(old, new)
    with pytest.raises(ConfigError, match=where) as caught:
        load_rig(folder)
    assert "rig.toml" in str(caught.value)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="quadrotor"):
        load_rig("quadroter")
    with pytest.raises(ConfigError, match=r"no vehicle 'x500'.*x500_real, x500_sim"):
        create_plant(RIG, "x500")
    with pytest.raises(ConfigError, match=r"no reference 'circle'.*hover, lissajous"):
        create_reference(RIG, "circle")


@pytest.mark.parametrize("changes", [{"period": 4.0}, {"period_s": 0.0}, {"period_s": float("nan")}])
def test_a_change_the_reference_cannot_take_is_refused(changes):
    with pytest.raises(ConfigError, match=r"references\.lissajous"):
        create_reference(RIG, "lissajous", changes)


def test_a_folder_without_a_plant_is_refused(copy):
    folder = copy("name", "name")
    (folder / "plant.py").unlink()
    with pytest.raises(ConfigError, match=r"no plant\.py"):
        load_rig(folder)


def test_a_plant_without_its_three_names_is_refused(copy):
    folder = copy("name", "name")
    (folder / "plant.py").write_text("class Vehicle: ...\n")
    with pytest.raises(ConfigError, match="does not define References"):
        load_rig(folder)
