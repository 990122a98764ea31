"""Boards: what is listed, and that nothing is guessed."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from serial.tools import list_ports

from nn4mc.cli import main
from nn4mc.errors import ConfigError, LinkError
from nn4mc.hil.boards import connected_ports, local_boards, resolve_board


def port(device: str, vid: int | None, pid: int | None, serial_number: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(device=device, description="", vid=vid, pid=pid, serial_number=serial_number)


NUCLEO = port("/dev/ttyACM1", 0x0483, 0x374B, "066EFF")
FEATHER = port("/dev/ttyACM0", 0x239A, 0x800B, "F00D")
MODEM = port("/dev/ttyUSB9", 0x1234, 0x5678)
BUILT_IN = port("/dev/ttyS0", None, None)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    ports: list[SimpleNamespace] = [BUILT_IN, MODEM]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    return ports


def test_the_only_known_board_is_taken(plugged: list[SimpleNamespace]) -> None:
    plugged.append(NUCLEO)
    uri = resolve_board("serial://?baud=115200")
    assert (uri.target, uri.baud) == ("/dev/ttyACM1", 115_200)


def test_with_two_known_boards_nothing_is_guessed(plugged: list[SimpleNamespace]) -> None:
    plugged += [NUCLEO, FEATHER]
    with pytest.raises(LinkError) as caught:
        resolve_board("serial://")
    message = str(caught.value)
    assert "2 boards" in message
    assert "serial:///dev/ttyACM0  Adafruit Feather, serial number F00D" in message
    assert "serial:///dev/ttyACM1  ST-LINK/V2-1 (Nucleo, Discovery), serial number 066EFF" in message


def test_unknown_ports_are_never_taken(plugged: list[SimpleNamespace]) -> None:
    with pytest.raises(LinkError, match="no known board is plugged in"):
        resolve_board("serial://")


def test_a_named_device_is_taken_as_named(plugged: list[SimpleNamespace]) -> None:
    assert resolve_board("serial:///dev/ttyUSB9").target == "/dev/ttyUSB9"
    assert resolve_board("qemu://netduinoplus2").target == "netduinoplus2"
    with pytest.raises(ConfigError):
        resolve_board("serial")


def test_ports_are_listed_by_device_with_their_usb_ids(plugged: list[SimpleNamespace]) -> None:
    plugged += [NUCLEO, FEATHER]
    assert [(p.device, p.vid, p.board) for p in connected_ports()] == [
        ("/dev/ttyACM0", 0x239A, "Adafruit Feather"),
        ("/dev/ttyACM1", 0x0483, "ST-LINK/V2-1 (Nucleo, Discovery)"),
        ("/dev/ttyS0", None, None),
        ("/dev/ttyUSB9", 0x1234, None),
    ]


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == "qemu-system-arm" else f"/usr/bin/{name}")
    assert [(board.uri, board.missing) for board in local_boards()] == [
        ("sim://cortex-m4", ()),
        ("qemu://netduinoplus2", ("qemu-system-arm",)),
        ("host://", ()),
    ]


def test_the_verb_prints_a_table_and_one_json_object(plugged: list[SimpleNamespace]) -> None:
    plugged.append(NUCLEO)
    shown = CliRunner().invoke(main, ["boards"])
    assert shown.exit_code == 0 and "qemu://netduinoplus2" in shown.stdout
    as_json = CliRunner().invoke(main, ["boards", "--json"])
    listed = json.loads(as_json.stdout)
    assert [board["uri"] for board in listed["boards"]] == [
        "sim://cortex-m4",
        "qemu://netduinoplus2",
        "host://",
    ]
    assert listed["ports"][0]["serial_number"] == "066EFF"
