"""Bytes over a file descriptor with time limits: what serial ports, sockets and pipes have in common."""

import os
import select
import time

_CHUNK = 65536
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class ByteStream:
    """Reads and writes one non-blocking descriptor, which stays the caller's to close.

    Methods raise EOFError when the other end is closed, OSError when the device fails and TimeoutError when
    it takes no bytes for ``write_timeout_s``.
    """

    def __init__(self, fd: int, write_timeout_s: float = 2.0) -> None:
        """Make ``fd`` non-blocking and watch it."""
        os.set_blocking(fd, False)
        self._fd = fd
        self._write_timeout_s = write_timeout_s
        self._readable = select.poll()
        self._readable.register(fd, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(fd, select.POLLOUT)

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for a first byte; b"" when none came in time."""
        if not self._readable.poll(max(0.0, timeout_s) * 1000.0):
            return b""
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            raise EOFError("the other end closed the line")
        return data

    def write(self, data: bytes) -> None:
        """Write all of ``data``."""
        deadline = time.monotonic() + self._write_timeout_s
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                self._wait_writable(deadline)

    def _wait_writable(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        events = self._writable.poll(max(0.0, left) * 1000.0)
        if not events:
            raise TimeoutError(f"the other end took no bytes for {self._write_timeout_s:g} s")
        if events[0][1] & _GONE and not events[0][1] & select.POLLOUT:
            raise EOFError("the other end closed the line")
