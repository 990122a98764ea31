"""Boards that we start: ``qemu://netduinoplus2``, and ``host://``, the firmware built for this machine."""

import os
import socket
import subprocess
from pathlib import Path

from nn4mc.build.process import find_tool
from nn4mc.errors import ConfigError, LinkError
from nn4mc.hil.child import Child
from nn4mc.hil.serial_link import SerialLink
from nn4mc.hil.stream import ByteStream
from nn4mc.hil.stream_link import StreamLink

QEMU_MACHINES = ("netduinoplus2",)
_BOOT_S = 10.0
_PTY_LINE = b"char device redirected to "
_PTY_BAUD = 115_200  # a pseudo terminal has no speed, but must be given one


class HostLink(StreamLink):
    """The firmware built for this machine, with a socket as its standard input and output."""

    def __init__(self, program: Path) -> None:
        """Start ``program``."""
        ours, theirs = socket.socketpair()
        self._program = program
        self._socket = ours
        try:
            self._child = Child([str(program)], stdin=theirs.fileno(), stdout=theirs.fileno())
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._stream = ByteStream(ours.fileno())

    def close(self) -> None:
        """End the program."""
        self._socket.close()
        self._child.stop()

    def describe(self) -> str:
        """Name the program."""
        return f"host:// ({self._program.name}, pid {self._child.process.pid})"

    def _lost(self, error: Exception) -> LinkError:
        return LinkError(f"the host board stopped answering ({error}): {self._child.ending()}")


class QemuLink:
    """An emulated board whose first serial port is a pseudo terminal of this machine."""

    def __init__(self, machine: str, elf: Path) -> None:
        """Boot ``elf`` on ``machine``; ToolMissingError without QEMU, LinkError when it does not start."""
        if machine not in QEMU_MACHINES:
            raise ConfigError(f"qemu://{machine} is not known. Known: {', '.join(QEMU_MACHINES)}.")
        qemu = find_tool("qemu-system-arm", "qemu-system-arm")
        self._name = f"qemu://{machine}"
        # QEMU's main loop and its core hand the line to one another, and on two cores every hand-over wakes a
        # sleeping one: on a busy machine one core is faster, 618 to 754 against 384 to 557 steps/s.
        command = qemu_command(qemu, machine, elf)
        self._child = Child(command, subprocess.DEVNULL, subprocess.PIPE, one_core=True)
        try:
            self._port = self._open_terminal()
        except BaseException:
            self._stop()
            raise

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._port.write(data)
        except LinkError as error:
            raise self._lost() from error

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting up to ``timeout_s`` seconds for a first byte."""
        try:
            return self._port.read(timeout_s)
        except LinkError as error:
            raise self._lost() from error

    def close(self) -> None:
        """Close the terminal and end the emulator."""
        self._port.close()
        self._stop()

    def describe(self) -> str:
        """Name the machine and its process."""
        return f"{self._name} (pid {self._child.process.pid})"

    def _open_terminal(self) -> SerialLink:
        name = self._child.read_line(_PTY_LINE, _BOOT_S)[len(_PTY_LINE) :].split()[0].decode()
        # QEMU looks whether the terminal is open while it starts, and from then on once a second: be quick.
        quick = os.open(name, os.O_RDWR | os.O_NOCTTY)
        try:
            return SerialLink(name, _PTY_BAUD)
        finally:
            os.close(quick)

    def _stop(self) -> None:
        self._child.stop()
        if self._child.process.stdout is not None:
            self._child.process.stdout.close()

    def _lost(self) -> LinkError:
        return LinkError(f"{self._name} stopped answering: {self._child.ending()}")


def qemu_command(qemu: str, machine: str, elf: Path) -> list[str]:
    """Return the command that boots ``elf`` with its first serial port on a new pseudo terminal."""
    # A multiplexed line is read in blocks, which doubles the rate; no byte (256 is none) escapes to QEMU's own menu.
    line = ["-chardev", "pty,id=line,mux=on", "-serial", "chardev:line", "-echr", "256"]
    return [qemu, "-machine", machine, "-kernel", str(elf), "-display", "none", "-monitor", "none", *line]
