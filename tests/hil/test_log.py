"""The MCAP log: what was written can be read, by anyone's reader, also when the flight did not end well."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from flights import make_record, make_step
from mcap.reader import make_reader

from nn4mc.errors import ConfigError, LinkError
from nn4mc.hil.log import FlightLog, read_log
from nn4mc.hil.rig import load_rig

RIG = load_rig("quadrotor")
TOPICS = {
    "/pose",
    "/pose_reference",
    "/sensors",
    "/reference",
    "/command",
    "/command_twin",
    "/status",
    "/timing",
}


def write(path, steps):
    with FlightLog(path, RIG, {"vehicle": "crazyflie", "board": "host://"}) as log:
        for step in steps:
            log.write(step)
    return path


def test_a_log_holds_every_step_on_every_topic(tmp_path):
    record = make_record(40)
    flight = read_log(write(tmp_path / "a.mcap", record.steps))
    assert flight.complete
    assert flight.configuration == {"vehicle": "crazyflie", "board": "host://"}
    assert flight.messages.keys() == TOPICS
    assert {len(messages) for messages in flight.messages.values()} == {40}
    step, pose = record.steps[7], flight.messages["/pose"][7]
    assert pose["timestamp"] == {"sec": 0, "nsec": 70_000_000}
    assert pose["pose"]["position"] == dict(zip("xyz", step.position.tolist(), strict=True))
    assert pose["pose"]["orientation"] == dict(zip("wxyz", step.sensors[3:7].tolist(), strict=True))
    assert flight.messages["/sensors"][7]["angular_velocity"] == step.sensors[10:13].tolist()
    assert np.array(flight.messages["/command"][7]["motor"], np.float32).tobytes() == step.command.tobytes()
    assert flight.messages["/timing"][7] == {"cycles": 17007, "instructions": 0, "round_trip_s": 0.002}


def test_the_librarys_own_reader_finds_index_schemas_and_metadata(tmp_path):
    with write(tmp_path / "a.mcap", make_record(40).steps).open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert {channel.topic for channel in summary.channels.values()} == TOPICS
        assert "foxglove.PoseInFrame" in {schema.name for schema in summary.schemas.values()}
        assert summary.statistics.message_count == 40 * len(TOPICS)
        assert [record.name for record in reader.iter_metadata()] == ["nn4mc"]


def test_a_flight_that_ends_in_an_error_leaves_a_complete_log(tmp_path):
    path = tmp_path / "a.mcap"
    with pytest.raises(LinkError), FlightLog(path, RIG, {}) as log:
        log.write(make_step(0))
        raise LinkError("the board was pulled")
    flight = read_log(path)
    assert flight.complete
    assert len(flight.messages["/pose"]) == 1


def test_a_log_cut_off_anywhere_is_readable_up_to_there(tmp_path):
    whole = write(tmp_path / "a.mcap", [make_step(k) for k in range(400)]).read_bytes()
    cut = tmp_path / "cut.mcap"
    counts = []
    for length in [*range(8, len(whole), 997), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        flight = read_log(cut)
        assert not flight.complete
        counts.append(len(flight.messages.get("/pose", [])))
    assert counts == sorted(counts)
    assert counts[-1] == 400


def test_a_killed_process_leaves_what_it_flew_but_for_the_last_few_dozen_steps(tmp_path):
    path = tmp_path / "a.mcap"
    program = f"""
        import os, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from flights import make_step
        from nn4mc.hil.log import FlightLog
        from nn4mc.hil.rig import load_rig
        log = FlightLog(Path({str(path)!r}), load_rig("quadrotor"), {{}})
        for k in range(500):
            log.write(make_step(k))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False).returncode == -9
    flight = read_log(path)
    assert not flight.complete
    assert 400 <= len(flight.messages["/pose"]) <= 500


def test_numbers_that_are_not_finite_are_null(tmp_path):
    sensors = np.full(13, np.nan, np.float32)
    flight = read_log(write(tmp_path / "a.mcap", [make_step(0, sensors=sensors)]))
    assert flight.messages["/sensors"][0]["velocity"] == [None, None, None]


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "a.mcap"
    path.write_text("hello")
    with pytest.raises(ConfigError, match="not an MCAP file"):
        read_log(path)
