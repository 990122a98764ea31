"""A logged flight as calibration inputs: the observations that the policy was given, step by step."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from closed_loop_flights import fly_twin, raptor_twin
from onnx.helper import make_node as node

from nn4mc.errors import ConfigError, ModelError
from nn4mc.hil.calibration import read_flight
from nn4mc.hil.log import FlightLog, read_log
from nn4mc.hil.rig import load_rig
from nn4mc.hil.rig_file import ObservedTable, PolicyTable
from nn4mc.importers import load
from nn4mc.passes import lower
from nn4mc.quantize import Quantizing, Recording
from nn4mc.reference import run
from tests.importers.onnx_models import model as onnx_model

RIG = load_rig("quadrotor")
STEPS = 120


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flight")
    path = folder / "flight.mcap"
    with FlightLog(path, RIG, {"rig": "quadrotor", "vehicle": "crazyflie"}) as log:
        fly_twin(raptor_twin(folder, None), "crazyflie", "hover", seed=1, steps=STEPS, log=log)
    return path


def test_the_observations_of_a_log_give_the_commands_of_the_flight(flight: Path):
    """The network in float64 over what was read from the log answers what was flown."""
    found = read_flight(flight)
    assert found.rows.shape == (STEPS, 22) and found.where == str(flight)
    wished = np.clip(run(lower(load("raptor")), found.rows), -1.0, 1.0)
    np.testing.assert_allclose(found.rows[1:, 18:], wished[:-1], atol=2e-5)


def test_another_policy_is_calibrated_on_what_it_would_have_seen(flight: Path, tmp_path: Path):
    """A flight of RAPTOR, seen by a policy with a layout of its own."""
    entries = (ObservedTable("sensor.position", scale=2.0, steps=2), "previous_action")
    network = onnx_model(
        [node("MatMul", ["x", "w"], ["y"])], {"x": (1, 10)}, ["y"], {"w": np.ones((10, 4), np.float32)}
    )
    (tmp_path / "own.onnx").write_bytes(network.SerializeToString())
    table = PolicyTable(str(tmp_path / "own.onnx"), entries)
    found = read_flight(flight, replace(RIG, controllers={"own": table}, controller_name="own")).rows
    theirs, logged = read_flight(flight).rows, read_log(flight).messages["/sensors"]
    positions = np.array([one["position"] for one in logged], np.float32)
    np.testing.assert_array_equal(found[:, 3:6], 2 * positions)
    np.testing.assert_array_equal(found[1:, :3], 2 * positions[:-1])
    np.testing.assert_array_equal(found[:, 6:], theirs[:, 18:])


def test_a_log_that_was_cut_off_gives_what_came_before(flight: Path, tmp_path: Path):
    whole = read_flight(flight)
    cut = tmp_path / "cut.mcap"
    data = flight.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    found = read_flight(cut)
    assert 0 < len(found.rows) < STEPS
    np.testing.assert_array_equal(found.rows, whole.rows[: len(found.rows)])


def test_an_older_log_needs_the_name_of_its_rig(tmp_path: Path):
    path = tmp_path / "old.mcap"
    with FlightLog(path, RIG, {"vehicle": "crazyflie"}):
        pass
    with pytest.raises(ConfigError, match="--rig quadrotor"):
        read_flight(path)
    with pytest.raises(ModelError, match="holds no step of a flight"):
        read_flight(path, "quadrotor")


def test_what_is_no_log_is_said(tmp_path: Path):
    (tmp_path / "a.mcap").write_bytes(b"not MCAP")
    with pytest.raises(ConfigError, match="is not an MCAP file"):
        read_flight(tmp_path / "a.mcap")


def test_a_flight_calibrates_as_well_as_the_models_own_examples(flight: Path, tmp_path: Path):
    recording: Recording = read_flight(flight)
    twins = [raptor_twin(tmp_path / name, asked) for name, asked in
             (("float", None), ("quantised", Quantizing(recordings=(recording,))))]  # fmt: skip
    exact, rounded = (fly_twin(twin, "x500_real", "lissajous") for twin in twins)
    assert exact is not None and rounded is not None
    assert rounded <= 1.1 * exact
