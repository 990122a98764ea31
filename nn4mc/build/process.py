"""Starts every external program nn4mc uses, in one way: no shell, a time limit, a readable failure."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nn4mc.errors import BuildError, ToolMissingError

_TAIL_LINES = 20


def find_tool(name: str, package: str) -> str:
    """Return the path of a program on PATH; ToolMissingError names the Debian ``package`` that has it."""
    path = shutil.which(name)
    if path is None:
        raise ToolMissingError(
            f"{name} was not found on PATH. On Debian or Ubuntu:\n"
            f"  sudo apt-get install --no-install-recommends {package}\n"
            "`nn4mc doctor` lists everything that is missing."
        )
    return path


def run(
    argv: Sequence[str | Path],
    *,
    stage: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 300.0,
) -> str:
    """Run a program to its end and return what it printed (stdout and stderr together).

    ``env`` is laid over the current environment. Raises BuildError with the last lines of the output when the
    program fails or exceeds ``timeout_s`` seconds; ``stage`` says in the message what was being done.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolMissingError(f"{stage}: {words[0]} was not found. Run `nn4mc doctor`.") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{stage}: {words[0]} did not end within {timeout_s:.0f} s.") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL_LINES:])
        raise BuildError(f"{stage}: {Path(words[0]).name} ended with status {done.returncode}:\n{tail}")
    return done.stdout
