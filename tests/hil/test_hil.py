"""The whole way on real boards: RAPTOR compiled, built, booted and flown, on this machine and on QEMU."""

import json
import os
import signal
import socket
import subprocess
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nn4mc.build.platformio import build_firmware
from nn4mc.cli import main
from nn4mc.errors import DeviceError, LinkError
from nn4mc.hil.bench import open_bench
from nn4mc.hil.faults import FaultSpec, parse_faults
from nn4mc.hil.flight import FlightPlan, Recorder, fly
from nn4mc.hil.flights import fly_logged
from nn4mc.hil.log import read_log
from nn4mc.hil.record import Columns
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import Rig, load_rig

TEST_CONTROLLER = Path(__file__).parents[1] / "firmware" / "controller"
HOVER = FlightPlan("x500_real", "hover", {"duration_s": 4.0, "window_start_s": 2.0}, seed=3)
CHILDREN = ["host://", pytest.param("qemu://netduinoplus2", marks=pytest.mark.emulator)]
"""Boards that are programs of their own."""
BOARDS = [*CHILDREN, pytest.param("sim://cortex-m4", marks=pytest.mark.emulator)]
KEYS = {"rig", "vehicle", "board", "steps", "rmse_m", "max_error_m", "lost", "mismatched_words", "device_instructions"}
KEYS |= {"device_cycles", "clock_hz", "cycle_source", "link", "firmware", "model_sha256", "build_id", "selftest_error"}
KEYS |= {"reference", "seed", "faults", "bad_steps"}


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("quadrotor")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Builds of this module: made once, away from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.delenv("NN4MC_BOARD", raising=False)
        yield folder


def stage(text: str) -> nullcontext[None]:
    return nullcontext()


def flown(rig: Rig, board: str, plan: FlightPlan, faults: str = "") -> tuple[FlightResult, Columns]:
    recorder = Recorder()
    with open_bench(rig, board, parse_faults(faults), stage) as bench:
        result = fly(bench, plan, recorder)
    return result, recorder.record.columns()


@pytest.fixture(scope="module")
def host_hover(rig: Rig) -> tuple[FlightResult, Columns]:
    return flown(rig, "host://", HOVER)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["hil", *arguments])


def test_a_flight_is_one_json_object_on_stdout_and_nothing_else() -> None:
    result = invoke("quadrotor", "--board", "host://", "--vehicle", "x500_real", "--json")
    assert result.exit_code == 0, result.stderr
    flight = json.loads(result.stdout)
    assert flight.keys() >= KEYS
    assert (flight["lost"], flight["mismatched_words"], flight["steps"]) == (False, 0, 1950)
    assert flight["rmse_m"] == pytest.approx(0.171, rel=0.02)
    assert flight["link"].keys() == {"frames", "retries", "crc_errors", "steps_per_s"}
    assert 0 < flight["firmware"]["controller_flash_bytes"] < flight["firmware"]["flash_bytes"]
    assert len(flight["model_sha256"]) == 64


def test_several_flights_are_one_json_object_a_line_and_one_report(tmp_path: Path) -> None:
    names = ["--vehicle", "x500_real", "--vehicle", "crazyflie", "--reference", "hover", "--reference", "lissajous"]
    report = tmp_path / "report"
    result = invoke("quadrotor", "--board", "host://", *names, "--period", "6.5", "--report", str(report), "--json")
    assert result.exit_code == 0, result.stderr
    flights = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(flight["vehicle"], flight["reference_period_s"]) for flight in flights] == [
        ("x500_real", None),
        ("x500_real", 6.5),
        ("crazyflie", None),
        ("crazyflie", 6.5),
    ]
    assert flights[1]["rmse_m"] == pytest.approx(0.130, rel=0.02)
    assert flights[3]["rmse_m"] == pytest.approx(0.163, rel=0.02)
    assert (report / "index.html").is_file()
    assert read_log(report / "flight-crazyflie-lissajous.mcap").complete


def test_the_table_names_board_and_model_and_progress_stays_off_stdout() -> None:
    result = invoke("quadrotor", "--board", "host://", "--reference", "hover")
    assert result.exit_code == 0
    assert "host://" in result.stdout and "bit for bit" in " ".join(result.stdout.split())
    assert "building the firmware for host" in result.stderr and "building" not in result.stdout


def test_the_board_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NN4MC_BOARD", "host://")
    result = invoke("quadrotor", "--reference", "hover", "--json")
    assert json.loads(result.stdout)["board"] == "host://"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere"], 2, "neither a folder with a rig.toml nor a rig"),
        (["quadrotor", "--vehicle", "zeppelin"], 2, "no vehicle 'zeppelin'"),
        (["quadrotor", "--faults", "gremlins=1"], 2, "no known fault"),
        (["quadrotor", "--board", "qemu://raspi0"], 2, "raspi0"),
        (["quadrotor", "--board", "serial:///dev/ttyNOSUCH"], 6, "does not exist"),
    ],
)
def test_errors_end_in_their_exit_status_without_a_traceback(arguments: list[str], status: int, message: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == status
    assert message in result.stderr and "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("board", BOARDS)
def test_a_hover_gives_the_same_bits_on_every_board(
    rig: Rig, host_hover: tuple[FlightResult, Columns], board: str
) -> None:
    result, columns = flown(rig, board, HOVER)
    assert (result.lost, result.mismatched_words, result.bad_steps) == (False, 0, 0)
    assert np.array_equal(columns.command.view(np.uint32), host_hover[1].command.view(np.uint32))


@pytest.mark.parametrize("board", BOARDS)
def test_one_frame_in_a_hundred_damaged_changes_no_bit(
    rig: Rig, host_hover: tuple[FlightResult, Columns], board: str
) -> None:
    result, columns = flown(rig, board, HOVER, "damage=0.01,seed=3")
    assert result.link.retries > 0 and result.mismatched_words == 0
    for name in ("sensors", "command", "position"):
        assert np.array_equal(getattr(columns, name), getattr(host_hover[1], name))


@pytest.mark.parametrize("board", BOARDS)
def test_bad_sensors_are_survived_alike_by_board_and_twin(rig: Rig, board: str) -> None:
    result, columns = flown(rig, board, HOVER, "nan=0.02,seed=3")
    assert (result.lost, result.mismatched_words) == (False, 0)
    assert result.bad_steps == np.count_nonzero(~np.isfinite(columns.sensors).all(axis=1)) > 0
    assert np.abs(columns.command).max() <= 1.0


@pytest.mark.parametrize("board", CHILDREN)
def test_a_board_killed_in_mid_flight_leaves_a_readable_log_and_no_process(
    rig: Rig, board: str, tmp_path: Path
) -> None:
    with open_bench(rig, board, FaultSpec(), stage) as bench:
        child = bench.session.link._child  # type: ignore[attr-defined]

        def kill(done: int, steps: int) -> None:
            if done == 250:
                os.kill(child.process.pid, signal.SIGKILL)

        with pytest.raises(LinkError, match="was killed by SIGKILL\nThe log of the 250 steps until then"):
            fly_logged(bench, HOVER, tmp_path, kill)
    assert child.process.poll() == -signal.SIGKILL
    log = read_log(tmp_path / "flight-x500_real-hover.mcap")
    assert len(log.messages["/command"]) == 250


@pytest.mark.parametrize("board", BOARDS)
def test_streaming_and_the_boards_own_words(rig: Rig, board: str) -> None:
    with open_bench(rig, board, FaultSpec(), stage) as bench:
        session = bench.session
        words = np.zeros(19, np.float32)
        words[3] = 1.0
        stream = session.run(10_000, words)
        ticks = [next(stream) for _ in range(10)]
        stream.close()
        assert ticks[0].tick == 0
        assert all(later.tick > earlier.tick for earlier, later in pairwise(ticks))
        assert ticks[-1].status == 0 and np.isfinite(ticks[-1].command).all()
        assert "position_clip" in [variable.name for variable in session.variables()]
        stats = session.stats()
        assert stats.steps > 0 and stats.crc_errors == stats.framing_errors == 0
        assert all(line.text for line in session.log())


@contextmanager
def host_board_on_a_port(elf: Path) -> Iterator[str]:
    """Run a firmware behind a pseudo terminal, as a board behind a serial port would."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    board = subprocess.Popen([elf], stdin=ours, stdout=ours)
    try:
        yield f"serial://{name}"  # our own end stays open: the firmware ends when nobody has the port open
    finally:
        board.kill()
        board.wait()
        os.close(ours)
        os.close(theirs)


def test_a_board_on_a_serial_port_flies_and_its_firmware_is_not_ours_to_know(
    rig: Rig, host_hover: tuple[FlightResult, Columns], cache: Path
) -> None:
    elf = next(cache.glob("nn4mc/quadrotor-*/firmware/host/build/host/firmware"))
    with host_board_on_a_port(elf) as board:
        result, columns = flown(rig, board, HOVER)
    assert (result.board, result.firmware, result.mismatched_words) == (board, None, 0)
    assert result.build_id == host_hover[0].build_id
    assert np.array_equal(columns.command, host_hover[1].command)


def test_a_board_behind_a_socket_flies(rig: Rig, host_hover: tuple[FlightResult, Columns], cache: Path) -> None:
    elf = next(cache.glob("nn4mc/quadrotor-*/firmware/host/build/host/firmware"))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            subprocess.run([elf], stdin=connection, stdout=connection, check=True)

    with socket.create_server(("127.0.0.1", 0)) as server:
        board = threading.Thread(target=serve)
        board.start()
        _, columns = flown(rig, f"socket://127.0.0.1:{server.getsockname()[1]}", HOVER)
        board.join()
    assert np.array_equal(columns.command, host_hover[1].command)


def test_a_board_that_runs_another_model_is_refused_with_the_way_to_mend_it(rig: Rig, tmp_path: Path) -> None:
    other = build_firmware("host", TEST_CONTROLLER, tmp_path)
    with host_board_on_a_port(other.elf) as board:
        result = invoke("quadrotor", "--board", board)
    assert result.exit_code == DeviceError.exit_code
    assert "runs model 00112233445566ff, expected " in result.stderr
    assert "--firmware FILE.elf" in result.stderr
