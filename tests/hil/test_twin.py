"""The twin: a controller's C, called in-process; here the firmware tests' own, small enough to do by hand."""

from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import BuildError, ConfigError, DeviceError
from nn4mc.hil.protocol import Mode
from nn4mc.hil.twin import Twin, build_twin

CONTROLLER = Path(__file__).parents[1] / "firmware" / "controller"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_twin(CONTROLLER, tmp_path_factory.mktemp("twin"))


def words(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_a_step_is_the_controllers_own(library: Path) -> None:
    step = Twin(library).step(words(0.25, 0.0, 0.5), words(0.5, 0.5))
    assert (step.status, step.mode) == (0, Mode.TRACKING)
    assert step.command.tolist() == [0.375, -0.25]


def test_state_lasts_until_reset(library: Path) -> None:
    twin = Twin(library)
    first, second = (twin.step(words(0, 0, 0), words(0.25, 0)).command[0] for _ in range(2))
    twin.reset()
    assert twin.step(words(0, 0, 0), words(0.25, 0)).command[0] == first != second


def test_two_twins_do_not_share_state(library: Path) -> None:
    one, other = Twin(library), Twin(library)
    one.step(words(0, 0, 0), words(1, 0))
    assert other.step(words(0, 0, 0), words(0.25, 0)).command[0] == np.float32(0.375)


def test_bad_sensors_hold_then_go_safe(library: Path) -> None:
    twin = Twin(library)
    good = twin.step(words(0, 0, 0), words(0.25, 0)).command.tolist()
    steps = [twin.step(words(np.nan, 0, 0), words(0.25, 0)) for _ in range(3)]
    assert [step.mode for step in steps] == [Mode.HOLDING, Mode.HOLDING, Mode.SAFE]
    assert [step.status for step in steps] == [-3, -3, -3]
    assert steps[1].command.tolist() == good
    assert steps[2].command.tolist() == [-1.0, 0.25]


def test_facts_are_read_from_the_table(library: Path) -> None:
    twin = Twin(library)
    assert (twin.kind, twin.model_id) == ("test", "00112233445566ff")
    assert (twin.sensor_len, twin.reference_len, twin.command_len) == (3, 2, 2)
    assert twin.selftest() <= twin.selftest_limit


def test_variables_are_set_within_their_range(library: Path) -> None:
    twin = Twin(library)
    twin.set_variables({"gain": 0.0})
    assert twin.value(twin.variable_names.index("gain")) == 0.0
    twin.reset()
    assert twin.step(words(0, 0, 0), words(0.25, 0)).command[0] == np.float32(0.25)
    for value in (3.0, -0.5, float("nan")):
        with pytest.raises(DeviceError, match="outside 0 to 2"):
            twin.set_variables({"gain": value})
    with pytest.raises(ConfigError, match=r"no variable \['slope'\]. It has: gain, leak"):
        twin.set_variables({"slope": 1.0})


def test_wrong_sizes_never_reach_the_c_code(library: Path) -> None:
    with pytest.raises(ConfigError, match="takes 3 sensors and 2 references, given 2 and 2"):
        Twin(library).step(words(0, 0), words(0, 0))


def test_the_same_sources_are_built_once(library: Path) -> None:
    before = library.stat().st_mtime_ns
    assert build_twin(CONTROLLER, library.parent) == library
    assert library.stat().st_mtime_ns == before


def test_changed_sources_are_another_library(library: Path, tmp_path: Path) -> None:
    for path in CONTROLLER.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace("0.75f", "0.5f"))
    assert build_twin(tmp_path, library.parent) != library


def test_sources_that_do_not_compile_and_libraries_without_a_controller(tmp_path: Path) -> None:
    (tmp_path / "broken.c").write_text("this is not C")
    with pytest.raises(BuildError, match="building the controller for this machine: gcc ended with status 1"):
        build_twin(tmp_path, tmp_path / "build")
    (tmp_path / "broken.c").write_text("int nothing;\n")
    with pytest.raises(BuildError, match="cannot be loaded as a controller"):
        Twin(build_twin(tmp_path, tmp_path / "build"))
