"""Small campaigns for the tests, and how to read what they made."""

from pathlib import Path

import pyarrow.parquet as pq

from nn4mc.campaign.run import Summary, Workers, prepare, run_campaign

SMALL = """
name = "small"
rig = "quadrotor"
vehicles = ["x500_real", "crazyflie"]
sampled = { count = 3, seed = 7 }
seeds = { count = 4 }

[[references]]
name = "hover"
changes = { duration_s = [0.4, 0.5], window_start_s = [0.2] }

[[perturbations]]
delay_ms = [0.0, 10.0]
force_n = [[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]]

[[perturbations]]
call_rate_hz = [400.0]
"""
"""2 references, 5 vehicles, 5 perturbations, 4 seeds: 200 runs in 4 chunks."""
RUNS = 200
ONE_PROCESS = Workers(1)


def write(folder: Path, text: str = SMALL) -> Path:
    """Write a campaign file and return its path."""
    path = folder / "campaign.toml"
    path.write_text(text)
    return path


def run(
    path: Path,
    folder: Path,
    workers: Workers = ONE_PROCESS,
    boards: tuple[str, ...] = (),
    seen: list[int] | None = None,
) -> Summary:
    """Run a campaign in this process; ``seen`` gets the runs done, as they are."""
    done = [] if seen is None else seen
    given = Workers() if boards and workers is ONE_PROCESS else workers
    return run_campaign(prepare(path, boards), folder, given, lambda now, _total: done.append(now))


def rows(folder: Path) -> list[dict[str, object]]:
    """Return the rows of the finished table."""
    table: list[dict[str, object]] = pq.read_table(folder / "results.parquet").to_pylist()
    return table


def parts(folder: Path) -> list[Path]:
    """Return the files of the parts."""
    return sorted((folder / "parts").glob("part-*.parquet"))
