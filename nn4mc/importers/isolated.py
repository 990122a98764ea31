"""Reads a file in a process of its own, for libraries that a damaged file can crash, hang or make take all memory.

The HDF5 library is one: files changed in a few bytes send it into segmentation faults and endless loops.
"""

import contextlib
import os
import pickle
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nn4mc.errors import ModelError, Nn4mcError

_T = TypeVar("_T")
_MEMORY_BYTES = 1 << 30
_SECONDS = 8.0
_CHUNK = 1 << 20


def isolated(read: Callable[[], _T], where: str) -> _T:
    """Return what ``read`` returns, and raise what it raises, from a child process of 1 GiB and 8 s.

    Raises ModelError, opening with ``where``, when the child crashes or does not answer in time.
    """
    answers, answer = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(read, answer)
    os.close(answer)
    try:
        sent = _receive(answers)
    finally:
        os.close(answers)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if sent is None:
        raise ModelError(f"{where}: damaged: reading it takes more than {_SECONDS:.0f} s")
    if not sent:
        raise ModelError(f"{where}: damaged or not HDF5 (the HDF5 library crashes on it)")
    returned, value = pickle.loads(sent)  # written by our own code in the child; never bytes of the model file
    if not returned:
        raise value
    return value  # type: ignore[no-any-return]


def _answer(read: Callable[[], object], answer: int) -> None:
    """Run in the child: send (whether it returned, what it returned or raised), whole, and end."""
    code = 1
    try:
        _limit_memory()
        try:
            content = pickle.dumps((True, read()))
        except Exception as error:  # whatever it is goes to the parent, which raises it
            if not isinstance(error, Nn4mcError):
                error.add_note(traceback.format_exc())
            content = pickle.dumps((False, error))
        with open(answer, "wb") as file:
            file.write(len(content).to_bytes(8, "little") + content)
        code = 0
    finally:
        os._exit(code)  # without the parent's exit handlers, and without flushing its streams again


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + _MEMORY_BYTES
    if pages and (soft == resource.RLIM_INFINITY or wanted < soft):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _receive(answers: int) -> bytes | None:
    """Return the child's answer, b"" when it ended without a whole one, None when time is up."""
    ends, content = time.monotonic() + _SECONDS, bytearray()
    while True:
        ready, _, _ = select.select([answers], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            return None
        chunk = os.read(answers, _CHUNK)
        if not chunk:
            break
        content += chunk
    whole = len(content) >= 8 and int.from_bytes(content[:8], "little") == len(content) - 8
    return bytes(content[8:]) if whole else b""
