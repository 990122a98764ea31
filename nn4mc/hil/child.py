"""A program that a link starts and that never outlives us: an emulator, or the host build of the firmware."""

import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nn4mc.errors import LinkError, ToolMissingError
from nn4mc.hil.stream import ByteStream

_PR_SET_PDEATHSIG = 1
_END_S = 2.0
_TAIL_LINES = 5


class Child:
    """A started program in a session of its own, so that Ctrl-C reaches us first and we end it.

    The kernel kills it when the thread that started it dies (prctl(2), PR_SET_PDEATHSIG). Its standard
    error goes to an unnamed file, which never fills up as a pipe would, and is quoted when it ends first.
    """

    def __init__(self, argv: list[str], stdin: int, stdout: int, one_core: bool = False) -> None:
        """Start ``argv``, on one core where asked; ToolMissingError or LinkError when that fails."""
        self._name = Path(argv[0]).name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        try:
            self.process = subprocess.Popen(
                argv,
                stdin=stdin,
                stdout=stdout,
                stderr=self._errors,
                start_new_session=True,
                preexec_fn=_before_exec(os.getpid(), _some_core() if one_core else None),  # noqa: PLW1509 - system calls only, no lock
            )
        except FileNotFoundError as error:
            self._errors.close()
            raise ToolMissingError(f"{argv[0]} was not found. Run `nn4mc doctor`.") from error
        except OSError as error:
            self._errors.close()
            raise LinkError(f"{argv[0]} cannot be started: {error}.") from error

    def ending(self) -> str:
        """Say how the program ended, with the end of its standard error; waits for an end under way."""
        try:
            status = self.process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            return f"{self._name} closed the line but still runs"
        how = f"ended with status {status}"
        if status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        self._errors.seek(0)
        tail = self._errors.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"{self._name} {how}", *tail])

    def stop(self) -> None:
        """End the program and all it started, by force after a moment; a second call does nothing."""
        if self._errors.closed:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=_END_S)
                break
        self._errors.close()

    def read_line(self, prefix: bytes, timeout_s: float) -> bytes:
        """Return the first line of standard output that starts with ``prefix``; LinkError when none comes."""
        assert self.process.stdout is not None
        fd = self.process.stdout.fileno()
        seen = b""
        deadline = time.monotonic() + timeout_s
        stream = ByteStream(fd)
        while time.monotonic() < deadline:
            try:
                seen += stream.read(deadline - time.monotonic())
            except EOFError:
                raise LinkError(f"{self.ending()}") from None
            for line in seen.splitlines(keepends=True):
                if line.startswith(prefix) and line.endswith(b"\n"):
                    return line.strip()
        raise LinkError(f"{self._name} did not say {prefix.decode()!r} within {timeout_s:g} s.")


def _some_core() -> int:
    """Return one of the cores we may run on; processes that start side by side take turns."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[os.getpid() % len(cores)]


def _before_exec(parent: int, core: int | None) -> Callable[[], None]:
    """Return what runs in the child before the program: it stays on ``core`` and is killed with its parent."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the request was made

    return before_exec
