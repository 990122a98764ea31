"""The firmware as a user has it: booted in QEMU, on the other end of a serial line."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import serial

from tests.firmware.wire import Reply, replies, request

PATIENCE_S = 10.0


class Board:
    """A board on an open serial line; a silent one fails the test after PATIENCE_S seconds."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._line.write(data)

    def receive(self, patience_s: float = PATIENCE_S) -> Reply | None:
        """Return the next reply, None when there was none in time."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            self._buffer = self._buffer.lstrip(b"\0")
            block, found, rest = self._buffer.partition(b"\0")
            if found:
                self._buffer = rest
                return replies(block)[0]
            self._buffer += self._line.read(max(1, self._line.in_waiting))
        return None

    def ask(self, kind: str | int, seq: int = 1, payload: bytes = b"", **options: int) -> Reply:
        """Return the answer to one request."""
        self.send(request(kind, seq, payload, **options))
        reply = self.receive()
        assert reply is not None, "the board does not answer"
        assert reply.seq == seq
        return reply

    def wake(self) -> Reply:
        """Ask HELLO until the board has booted far enough to answer, and take in every answer that is under way."""
        for seq in range(1, 200):
            self.send(request("HELLO", seq))
            if self.receive(0.3) is not None:
                break
        else:
            raise AssertionError("the board did not boot")
        while self.receive(0.3) is not None:
            pass
        return self.ask("HELLO", 999)


@contextmanager
def emulated(elf: Path) -> Iterator[Board]:
    """Boot a firmware in QEMU's netduinoplus2, with its first serial line on a pseudo terminal."""
    words = ["qemu-system-arm", "-machine", "netduinoplus2", "-display", "none", "-monitor", "none"]
    # As firmware/platform/builder/emulate.py says: buffered, and every byte is data.
    words += ["-chardev", "pty,id=line,mux=on", "-serial", "chardev:line", "-echr", "256", "-kernel", str(elf)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            announcement = process.stdout.readline()
            tty = next(word for word in announcement.split() if word.startswith("/dev/"))
            with serial.Serial(tty, timeout=0.05) as line:
                yield Board(line)
        finally:
            process.kill()
