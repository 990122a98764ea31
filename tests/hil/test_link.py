"""Links to real other ends: pseudo terminals, sockets, processes, and what happens when they go away."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from nn4mc.errors import ConfigError, LinkError, ToolMissingError
from nn4mc.hil import process_link
from nn4mc.hil.link import Link, open_link, parse_board
from nn4mc.hil.process_link import HostLink, QemuLink
from nn4mc.hil.serial_link import SerialLink
from nn4mc.hil.socket_link import SocketLink

ECHO = "import os\nwhile (data := os.read(0, 4096)):\n    os.write(1, data)\n"
ALL_BYTES = bytes(range(256)) * 4


def read_all(link: Link, length: int) -> bytes:
    data = b""
    deadline = time.monotonic() + 10.0
    while len(data) < length and time.monotonic() < deadline:
        data += link.read(1.0)
    return data


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def port() -> Iterator[tuple[int, str]]:
    """A pseudo terminal: our end's descriptor and the name of the other end."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    for fd in (ours, theirs):
        try:
            os.close(fd)
        except OSError:
            assert fd == ours


def test_a_serial_port_carries_every_byte(port: tuple[int, str]) -> None:
    ours, name = port
    link = SerialLink(name, 115_200)
    link.write(ALL_BYTES)
    assert os.read(ours, 4096) == ALL_BYTES
    os.write(ours, ALL_BYTES)
    assert read_all(link, len(ALL_BYTES)) == ALL_BYTES
    assert link.read(0.0) == b""
    link.close()


def test_a_serial_port_that_another_process_reads_is_refused(port: tuple[int, str]) -> None:
    _, name = port
    with Path(name).open("rb") as held:
        reader = subprocess.Popen(["sleep", "60"], stdin=held)
    try:
        with pytest.raises(LinkError, match=rf"in use by sleep \(pid {reader.pid}\)"):
            SerialLink(name, 115_200)
    finally:
        reader.kill()
        reader.wait()


def test_a_serial_port_is_opened_once(port: tuple[int, str]) -> None:
    link = SerialLink(port[1], 115_200)
    with pytest.raises(LinkError, match="in use by another process"):
        SerialLink(port[1], 115_200)
    link.close()


def test_a_pulled_cable_is_a_link_error(port: tuple[int, str]) -> None:
    ours, name = port
    link = SerialLink(name, 115_200)
    os.close(ours)
    with pytest.raises(LinkError, match="the cable was pulled"):
        link.read(1.0)
    with pytest.raises(LinkError, match="the cable was pulled"):
        link.write(b"x")
    link.close()


def test_a_port_that_takes_no_bytes_does_not_hang_us(port: tuple[int, str]) -> None:
    link = SerialLink(port[1], 115_200)
    link._stream._write_timeout_s = 0.01
    with pytest.raises(LinkError, match="took no bytes"):
        link.write(bytes(1_000_000))
    link.close()


def test_a_missing_port_is_a_link_error() -> None:
    with pytest.raises(LinkError, match="/dev/ttyNOSUCH does not exist"):
        SerialLink("/dev/ttyNOSUCH", 115_200)


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LinkError, match="cannot be opened as a serial port"):
        SerialLink(str(tmp_path / "file"), 115_200)


def test_permission_denied_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise serial.SerialException(errno.EACCES, "Permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(LinkError, match="dialout"):
        SerialLink("/dev/ttyACM0", 115_200)


def test_a_socket_carries_every_byte_and_its_end_is_a_link_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = SocketLink("127.0.0.1", server.getsockname()[1])
        board, _ = server.accept()
        link.write(ALL_BYTES)
        board.sendall(_receive(board, len(ALL_BYTES)))
        assert read_all(link, len(ALL_BYTES)) == ALL_BYTES
        board.close()
        with pytest.raises(LinkError, match="the connection ended"):
            link.read(1.0)
        link.close()


def _receive(board: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += board.recv(length)
    return data


def test_a_socket_nobody_listens_on_is_a_link_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free_port = server.getsockname()[1]
    with pytest.raises(LinkError, match=f"socket://127.0.0.1:{free_port} cannot be reached"):
        SocketLink("127.0.0.1", free_port)


def test_a_program_carries_every_byte_and_ends_with_its_link(tmp_path: Path) -> None:
    link = HostLink(script(tmp_path / "echo", ECHO))
    pid = link._child.process.pid
    link.write(ALL_BYTES)
    assert read_all(link, len(ALL_BYTES)) == ALL_BYTES
    link.close()
    link.close()
    assert not alive(pid)


def test_a_program_that_ends_says_how(tmp_path: Path) -> None:
    body = "import sys\nsys.stderr.write('fault at 0x20\\n')\nsys.exit(3)\n"
    link = HostLink(script(tmp_path / "faulty", body))
    with pytest.raises(LinkError, match=r"faulty ended with status 3\nfault at 0x20"):
        read_all(link, 1)
    link.close()


def test_a_killed_program_is_named_with_its_signal(tmp_path: Path) -> None:
    link = HostLink(script(tmp_path / "echo", ECHO))
    link.write(b"x")
    assert read_all(link, 1) == b"x"
    os.kill(link._child.process.pid, signal.SIGKILL)
    with pytest.raises(LinkError, match="echo was killed by SIGKILL"):
        read_all(link, 1)
    link.close()


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn4mc.hil.child._END_S", 0.2)
    body = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{ECHO}    signal.pause()\n"
    link = HostLink(script(tmp_path / "stubborn", body))
    pid = link._child.process.pid
    link.write(b"x")
    assert read_all(link, 1) == b"x"
    link.close()
    assert not alive(pid)


def test_a_program_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    program = script(tmp_path / "idle", "import signal\nsignal.pause()\n")
    body = (
        "import signal\nfrom pathlib import Path\nfrom nn4mc.hil.process_link import HostLink\n"
        f"print(HostLink(Path({str(program)!r}))._child.process.pid, flush=True)\nsignal.pause()\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", body], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert alive(pid)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 5.0
    while alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not alive(pid)


def test_a_program_that_does_not_exist_is_a_tool_missing(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match="none was not found"):
        HostLink(tmp_path / "none")


def test_a_file_that_is_no_program_is_a_link_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    with pytest.raises(LinkError, match="cannot be started"):
        HostLink(tmp_path / "text")


def test_an_emulator_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import sys\nsys.exit('could not load kernel')\n"
    program = script(tmp_path / "qemu-system-arm", body)
    monkeypatch.setattr(process_link, "find_tool", lambda name, package: str(program))
    with pytest.raises(LinkError, match=r"qemu-system-arm ended with status 1\ncould not load kernel"):
        QemuLink("netduinoplus2", tmp_path / "firmware.elf")


def test_an_emulator_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = script(tmp_path / "qemu-system-arm", "import signal\nsignal.pause()\n")
    monkeypatch.setattr(process_link, "find_tool", lambda name, package: str(program))
    monkeypatch.setattr(process_link, "_BOOT_S", 0.3)
    with pytest.raises(LinkError, match=r"did not say 'char device redirected to ' within 0.3 s"):
        QemuLink("netduinoplus2", tmp_path / "firmware.elf")


def test_an_unknown_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"qemu://raspi0 is not known. Known: netduinoplus2"):
        QemuLink("raspi0", tmp_path / "firmware.elf")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("netduinoplus2", "is no board URI"),
        ("usb://x", "is no board URI"),
        ("serial:/dev/ttyACM0", "is no board URI"),
        ("serial://dev/ttyACM0", "three slashes"),
        ("serial:///dev/ttyACM0?baud=fast", "baud is a positive whole number"),
        ("serial:///dev/ttyACM0?speed=9600", "takes the option baud"),
        ("qemu://netduinoplus2?baud=9600", "takes no options"),
        ("sim://cortex-m4?baud=9600", "takes the option line"),
        ("sim://cortex-m4?line=slow", "line is fast or timed, not 'slow'"),
        ("sim://cortex-m33", "emulates cortex-m4"),
        ("host://name", "takes no name"),
        ("socket://localhost", "expected socket://HOST:PORT"),
        ("socket://localhost:99999", "expected socket://HOST:PORT"),
    ],
)
def test_a_wrong_uri_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_board(text)


def test_uris_are_taken_apart() -> None:
    assert parse_board("qemu://netduinoplus2").target == "netduinoplus2"
    assert parse_board("socket://[::1]:3333").host_port == ("::1", 3333)
    assert parse_board("serial:///dev/ttyACM0?baud=9600").baud == 9600


def test_an_emulated_board_needs_a_firmware() -> None:
    with pytest.raises(ConfigError, match="needs a firmware"):
        open_link(parse_board("host://"))
