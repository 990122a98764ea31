"""The three soft rigs on real boards with their PIDs, and what a rig says of its controllers."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nn4mc.cli import main
from nn4mc.errors import ConfigError
from nn4mc.hil.bench import open_bench
from nn4mc.hil.controller import pid_of
from nn4mc.hil.faults import parse_faults
from nn4mc.hil.flights import plan_flights
from nn4mc.hil.log import read_log
from nn4mc.hil.rehearsal import rehearse
from nn4mc.hil.rig import create_plant, load_rig, with_controller
from nn4mc.hil.rig_file import PidTable, PolicyTable
from nn4mc.hil.session import set_variables
from tests.hil.test_hil import stage

RIGS = ("mass_spring_damper", "tendon", "hasel")
QUICK = {"mass_spring_damper": "sine", "tendon": "steps", "hasel": "circle"}
BOARDS = ["host://", pytest.param("qemu://netduinoplus2", marks=pytest.mark.emulator)]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Builds of this module: made once, away from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.delenv("NN4MC_BOARD", raising=False)
        yield folder


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["hil", *arguments])


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", RIGS)
def test_a_rig_flies_with_its_pid_bit_for_bit(name: str, board: str, tmp_path: Path) -> None:
    result = invoke(name, "--board", board, "--reference", QUICK[name], "--json")
    assert result.exit_code == 0, result.output
    flight = json.loads(result.stdout)
    assert (flight["controller"], flight["mismatched_words"], flight["bad_steps"]) == ("pid", 0, 0)
    expected = rehearse(load_rig(name), pid_of(load_rig(name)), "nominal", QUICK[name])
    assert flight["rmse_m"] == pytest.approx(expected.rmse_m, rel=1e-3), "float32 on the board, float64 here"
    assert 0 < flight["effort"] < 1
    assert 0 <= flight["saturation_share"] < 0.05


def test_the_report_shows_the_plant_and_what_a_path_along_one_axis_is(tmp_path: Path) -> None:
    rig = ["mass_spring_damper", "--board", "host://", "--reference", "sine"]
    assert invoke(*rig, "--report", str(tmp_path)).exit_code == 0
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert {f"nominal-sine-pid-{what}.png" for what in ("rig", "position", "error")} <= pictures
    assert "nominal-sine-pid-path-top.png" not in pictures
    assert read_log(tmp_path / "flight-nominal-sine-pid.mcap").configuration["controller"] == "pid"


def test_gains_are_set_over_the_wire_and_change_the_flight() -> None:
    rig = load_rig("mass_spring_damper")
    with open_bench(rig, "host://", parse_faults(None), stage) as bench:
        names = {variable.name for variable in bench.session.variables()}
        assert {"kp_x", "ki_x", "kd_x", "rate_limit", "tracking_rate"} <= names
        words = np.float32([0.25, 0.0, 0.5, 0.0])
        before = bench.session.step(words).command
        set_variables(bench.session, {"kp_x": 3.0})
        bench.session.reset()
        assert bench.session.step(words).command != before


def test_a_mismatched_plant_is_another_plant() -> None:
    knobs = "mass=1.2,stiffness=0.8,noise=2,delay_steps=1"
    common = ["mass_spring_damper", "--board", "host://", "--reference", "sine", "--json"]
    plain, other = (json.loads(invoke(*common, *more).stdout) for more in ([], ["--mismatch", knobs]))
    assert other["mismatch"] == knobs
    assert other["rmse_m"] != plain["rmse_m"]
    assert other["mismatched_words"] == 0


def test_lost_readings_are_refused_held_and_survived() -> None:
    result = invoke(
        "mass_spring_damper", "--board", "host://", "--reference", "sine", "--mismatch", "dropouts=0.1", "--json"
    )
    assert result.exit_code == 0, result.output
    flight = json.loads(result.stdout)
    assert 0.05 < flight["bad_steps"] / flight["steps"] < 0.15
    assert not flight["lost"]


def test_a_perturbed_quadrotor_is_another_plant_and_the_board_still_agrees() -> None:
    common = ("quadrotor", "--vehicle", "soft", "--board", "host://", "--reference", "hover", "--json")
    knobs = "delay_ms=20,noise_position_m=0.01,force_n=0.5:0:0"
    plain, other = (json.loads(invoke(*common, *more).stdout) for more in ([], ["--mismatch", knobs]))
    assert other["mismatch"] == knobs
    assert other["rmse_m"] > 1.5 * plain["rmse_m"]
    assert other["mismatched_words"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tendon", "--controller", "lqr"], "no controller 'lqr'. It has: nmpc, pid"),
        (["tendon", "--mismatch", "weight=2"], "Knobs: mass, stiffness"),
        (["tendon", "--mismatch", "mass=99"], "mismatch"),
        (["quadrotor", "--mismatch", "mass=1.2"], "Knobs: force_n, wind_n"),
        (["quadrotor", "--mismatch", "call_rate_hz=400"], "is called at 100 Hz"),
    ],
)
def test_wrong_choices_are_answered(arguments: list[str], words: str) -> None:
    result = invoke(*arguments, "--board", "host://")
    assert result.exit_code == 2
    assert words in result.output


def test_a_rig_lists_its_controllers_and_one_is_chosen() -> None:
    assert isinstance(load_rig("tendon").controller, PidTable)
    quadrotor = load_rig("quadrotor")
    assert list(quadrotor.controllers) == ["policy"]
    assert isinstance(with_controller(quadrotor, "policy").controller, PolicyTable)
    with pytest.raises(ConfigError, match="not a PID"):
        pid_of(quadrotor)


def test_the_default_reference_is_the_rigs_own() -> None:
    assert [plan_flights(load_rig(name), (), (), None, 0)[0].reference for name in (*RIGS, "quadrotor")] == [
        "ramps",
        "figure8",
        "swirl",
        "lissajous",
    ]


def test_the_same_seed_gives_the_same_flight_and_another_one_other_noise() -> None:
    rig = load_rig("tendon")
    plant = create_plant(rig, "nominal")

    def readings(seed):
        state = plant.initial(rig.references["circle"], np.random.default_rng(seed))
        rows = []
        for _ in range(5):
            rows.append(plant.sensors(state))
            state = plant.step(state, plant.trim_command())
        return np.array(rows)

    np.testing.assert_array_equal(readings(1), readings(1))
    assert (readings(1) != readings(2)).any()
