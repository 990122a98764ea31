"""Recorded runs: columns, commands within their range, what is held out, lost readings, the same bytes again."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.hil.data_log import column_names, excite, record_run
from nn4mc.hil.rig import create_plant, create_reference, load_rig
from nn4mc.hil.surroundings import command_limits

RIGS = ("mass_spring_damper", "tendon", "hasel")


def record(folder, rig="mass_spring_damper", *more):
    result = CliRunner().invoke(
        main, ["rig", "record", rig, "-o", str(folder), "--seconds", "5", "--runs", "3", "--held-out", "1", *more]
    )
    assert result.exit_code == 0, result.output
    return sorted(path.name for path in folder.iterdir())


def read(path):
    with path.open() as file:
        heading, *rows = csv.reader(file)
    return heading, np.array(rows, float)


def test_a_folder_of_logs_with_names_units_and_a_fixed_rate(tmp_path):
    assert record(tmp_path) == ["held-out-0.csv", "train-0.csv", "train-1.csv"]
    heading, table = read(tmp_path / "train-0.csv")
    assert heading == ["t_s", "push", "position_m", "velocity_m_s"]
    assert table.shape == (250, 4)
    np.testing.assert_allclose(np.diff(table[:, 0]), 0.02, atol=1e-6)
    assert np.ptp(table[:, 2]) > 0.3, "the mass moved"


def test_columns_are_time_commands_outputs_and_the_other_sensors():
    names = column_names(load_rig("hasel"))
    assert names[:10] == ["t_s", *(f"pwm_{k}" for k in range(6)), "marker_x_mm", "marker_y_mm", "marker_z_mm"]
    assert len(names) == 10 + 18
    assert names[-1] == "field_17_uT"


def test_a_row_is_what_the_sensors_read_and_the_command_that_followed():
    rig = load_rig("mass_spring_damper")
    commands = np.full((60, 1), 0.5)
    table = record_run(rig, "nominal", commands, seed=3, mismatch={"noise": 0.0})
    plant = create_plant(rig, "nominal", {"noise": 0.0})
    state = plant.initial(create_reference(rig, "steps"), np.random.default_rng(3))
    for row in table:
        np.testing.assert_array_equal(row[2:], plant.sensors(state))
        state = plant.step(state, np.float32([0.5]))


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        record(tmp_path / name, "mass_spring_damper", "--seed", seed)
    a, b, c = ((tmp_path / name / "train-0.csv").read_bytes() for name in "abc")
    assert a == b != c
    assert (tmp_path / "a" / "train-0.csv").read_bytes() != (tmp_path / "a" / "held-out-0.csv").read_bytes()


def test_a_lost_reading_leaves_a_gap_in_time(tmp_path):
    record(tmp_path, "mass_spring_damper", "--mismatch", "dropouts=0.2")
    _, table = read(tmp_path / "train-0.csv")
    assert 150 < len(table) < 240
    assert np.isfinite(table).all()
    assert np.diff(table[:, 0]).max() > 0.03


@pytest.mark.parametrize("name", RIGS)
@pytest.mark.parametrize("sines_only", [False, True])
def test_commands_use_most_of_their_range_and_never_leave_it(name, sines_only):
    rig = load_rig(name)
    commands = excite(rig, 4000, np.random.default_rng(0), sines_only, rig.excitation)
    low, high = (np.array(limit) for limit in command_limits(rig))
    assert (commands >= low).all() and (commands <= high).all()
    assert (np.ptp(commands, axis=0) > 0.6 * (high - low)).all()


def test_more_held_out_runs_than_runs_are_refused(tmp_path):
    result = CliRunner().invoke(
        main, ["rig", "record", "tendon", "-o", str(tmp_path), "--runs", "2", "--held-out", "2"]
    )
    assert result.exit_code == 2
    assert "none of 2 runs" in result.output


@pytest.mark.parametrize("wrong", [("--vehicle", "heavy"), ("--mismatch", "weight=2")], ids=lambda one: one[0])
def test_an_unknown_vehicle_or_knob_leaves_no_folder(wrong, tmp_path):
    result = CliRunner().invoke(main, ["rig", "record", "tendon", "-o", str(tmp_path / "logs"), *wrong])
    assert result.exit_code == 2
    assert "recording" not in result.output
    assert not (tmp_path / "logs").exists()
