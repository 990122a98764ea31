"""Flies the same figure on the host build and on the emulated boards, and prints what it took: `make bench`.

Steps a second are of the whole flight: plant, twin, line, emulator and log-keeping. They say how long a benchmark of a
controller takes on this machine, not how fast the controller is.
"""

import json
import subprocess
import sys
from typing import Any

from rich.table import Table

from nn4mc.cli.console import out, table

BOARDS = ("host://", "sim://cortex-m4", "qemu://netduinoplus2")
ROUNDS = 3
COLUMNS = ("board", "best", "median", "differ", "RMSE (m)", "flash", "controller", "RAM")


def fly(board: str) -> dict[str, Any]:
    """Fly the 5.5 s Lissajous figure with x500_real on ``board`` and return the flight's JSON."""
    command = [sys.executable, "-m", "nn4mc", "hil", "quadrotor", "--board", board, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def row(board: str) -> tuple[str, ...]:
    """Return one line of the table: the best and the median of a few flights."""
    flights = [fly(board) for _ in range(ROUNDS)]
    rates = sorted(flight["link"]["steps_per_s"] for flight in flights)
    sizes = flights[0]["firmware"]
    return (
        board,
        f"{rates[-1]:,.0f}",
        f"{rates[len(rates) // 2]:,.0f}",
        str(sum(flight["mismatched_words"] for flight in flights)),
        f"{flights[0]['rmse_m']:.4f}",
        f"{sizes['flash_bytes']:,}",
        f"{sizes['controller_flash_bytes']:,}",
        f"{sizes['controller_ram_bytes']:,}",
    )


def measure() -> Table:
    """Fly on every board and return the table."""
    title = "Lock-step: steps a second, words that differ from the host build, bytes"
    return table(title, COLUMNS, [row(board) for board in BOARDS], COLUMNS[1:], COLUMNS)


if __name__ == "__main__":
    out.print(measure())
