"""Kills a campaign with SIGKILL at random points until it is done: ``python -m tests.campaign.killed [RUNS] [KILLS]``.

Prints how many results there are, how many distinct, and whether the table is that of an undisturbed campaign.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from nn4mc.campaign.run import status


def campaign_text(runs: int) -> str:
    """Return a campaign of ``runs`` short flights, of 20 references so that even a small one has 20 parts."""
    seeds = max(1, runs // 100)
    durations = ", ".join(f"{0.5 + k / 100}" for k in range(20))
    return (
        f'name = "killed"\nrig = "quadrotor"\nsampled = {{ count = 5, seed = 3 }}\nseeds = {{ count = {seeds} }}\n'
        f'references = [{{ name = "hover", changes = {{ duration_s = [{durations}], window_start_s = [0.2] }} }}]\n'
    )


def start(file: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """Start ``nn4mc campaign run`` in a session of its own."""
    command = [
        sys.executable,
        "-m",
        "nn4mc",
        "campaign",
        "run",
        str(file),
        "-o",
        str(folder),
        "--workers",
        "2",
        "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)


def kill_at_random(file: Path, folder: Path, kills: int, most_parts: int, seed: int) -> int:
    """Start the campaign over and over and kill it ``kills`` times; return how often it was killed at work.

    Each time it may store up to ``most_parts`` parts more, and then lives for a random moment longer.
    """
    chance, killed = random.Random(seed), 0
    for _ in range(kills):
        wanted = _parts(folder) + chance.randint(0, most_parts)
        process = start(file, folder)
        while not _ends_within(process, 0.005) and _parts(folder) < wanted:
            pass
        if not _ends_within(process, 0.3 * chance.random()):
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
    return killed


def _ends_within(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _parts(folder: Path) -> int:
    return len(list((folder / "parts").glob("part-*.parquet")))


def finish(file: Path, folder: Path) -> bytes:
    """Run the campaign to its end and return the bytes of its table."""
    process = start(file, folder)
    process.communicate()
    assert process.returncode == 0, "the campaign did not end well"
    return (folder / "results.parquet").read_bytes()


def main() -> int:
    """Run the experiment of the command line and print its outcome."""
    runs, kills = ([int(word) for word in sys.argv[1:]] + [10_000, 5][len(sys.argv) - 1 :])[:2]
    with tempfile.TemporaryDirectory() as name:
        file, began = Path(name) / "campaign.toml", time.perf_counter()
        file.write_text(campaign_text(runs))
        whole = finish(file, Path(name) / "whole")
        undisturbed_s = time.perf_counter() - began
        killed = kill_at_random(file, Path(name) / "killed", kills, _parts(Path(name) / "whole") // kills, seed=1)
        before = status(Path(name) / "killed").done
        same = finish(file, Path(name) / "killed") == whole
        ids = pq.read_table(Path(name) / "killed" / "results.parquet", columns=["id"]).column("id").to_pylist()
    print(f"undisturbed: {undisturbed_s:.1f} s; killed {killed} times, the last time with {before:,} runs done")
    print(f"{len(ids):,} results, {len(set(ids)):,} distinct, table {'equal' if same else 'DIFFERENT'}")
    return 0 if same and len(ids) == len(set(ids)) == runs else 1


if __name__ == "__main__":
    sys.exit(main())
