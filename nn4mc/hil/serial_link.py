"""Serial ports: ``serial:///dev/ttyACM0``."""

import errno
import os
from pathlib import Path

import serial

from nn4mc.errors import LinkError
from nn4mc.hil.stream import ByteStream
from nn4mc.hil.stream_link import StreamLink


class SerialLink(StreamLink):
    """A serial port in raw mode, held exclusively."""

    def __init__(self, path: str, baud: int) -> None:
        """Open the port; LinkError says whether it is missing, forbidden or in use."""
        self._path = path
        self._baud = baud
        self._port = open_port(path, baud)
        self._stream = ByteStream(self._port.fileno())

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def describe(self) -> str:
        """Name the port and its speed."""
        return f"{self._path} at {self._baud} baud"

    def _lost(self, error: Exception) -> LinkError:
        if isinstance(error, TimeoutError):
            return LinkError(f"{self._path}: {error}. Is the board running nn4mc firmware?")
        return LinkError(f"{self._path} went away ({error}): the cable was pulled, or the board reset or lost power.")


def open_port(path: str, baud: int) -> serial.Serial:
    """Open a port in raw mode with no flow control; LinkError when it is missing, forbidden or in use."""
    holder = port_holder(path)
    if holder is not None:
        raise LinkError(f"{path} is in use by {holder}: a second reader would steal bytes. Close it first.")
    try:
        return serial.Serial(path, baud, timeout=0, write_timeout=2.0, exclusive=True)
    except serial.SerialException as error:
        raise LinkError(_why_not_opened(path, error)) from error
    except ValueError as error:
        raise LinkError(f"{path} cannot run at {baud} baud: {error}.") from error


def _why_not_opened(path: str, error: serial.SerialException) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{path}: permission denied. Join the group that owns serial ports and log in again:\n"
            "sudo usermod -aG dialout $USER"
        )
    if error.errno == errno.ENOENT:
        return f"{path} does not exist. Is the board plugged in? `nn4mc boards` lists what is connected."
    if error.errno in (errno.EAGAIN, errno.EBUSY):
        return f"{path} is in use by another process: a second reader would steal bytes. Close it first."
    return f"{path} cannot be opened as a serial port: {error}."


def port_holder(path: str) -> str | None:
    """Return "NAME (pid N)" of another process that has the port open, as far as /proc shows it.

    Not every terminal locks the port it reads from, so the lock alone does not tell.
    """
    target = os.path.realpath(path)
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(str(fd.readlink()) == target for fd in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    return None
