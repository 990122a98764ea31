"""kill -9 at random points loses nothing and repeats nothing. The full size: ``python -m tests.campaign.killed``."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait

import pytest

from nn4mc.campaign.processes import pool_of
from tests.campaign.campaigns import parts, rows, run
from tests.campaign.killed import campaign_text, finish, kill_at_random

RUNS = 1000


@pytest.mark.slow
def test_a_campaign_killed_at_random_points_ends_as_an_undisturbed_one(tmp_path):
    file = tmp_path / "campaign.toml"
    file.write_text(campaign_text(RUNS))
    killed = kill_at_random(file, tmp_path / "killed", kills=3, most_parts=6, seed=2)
    kept = {part: part.stat().st_mtime_ns for part in parts(tmp_path / "killed")}
    table = finish(file, tmp_path / "killed")
    run(file, tmp_path / "whole")
    assert killed >= 2
    assert all(part.stat().st_mtime_ns == when for part, when in kept.items())
    assert len({row["id"] for row in rows(tmp_path / "killed")}) == RUNS == len(rows(tmp_path / "killed"))
    assert table == (tmp_path / "whole" / "results.parquet").read_bytes()


def test_workers_end_with_their_runner():
    """The runner is killed, so it cannot end them; the pipe closes when the last of them is gone."""
    code = (
        "import os, sys\nfrom nn4mc.campaign.processes import start_pool\n"
        "if __name__ == '__main__':\n    pool = start_pool(2)\n    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    runner = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert runner.stdout is not None and int(runner.stdout.readline()) > 0
    os.kill(runner.pid, signal.SIGKILL)
    assert runner.stdout.read() == b""
    runner.communicate()


def test_an_interrupted_runner_does_not_wait_for_what_nobody_takes():
    """Three tasks for one process: the first is running and the next two are in its queue when the interrupt comes."""
    with pytest.raises(KeyboardInterrupt), pool_of(1) as pool:
        assert pool.submit(os.getpid).result() > 0
        tasks = [pool.submit(time.sleep, 5.0) for _ in range(3)]
        wait(tasks, timeout=1.0)  # the pool hands them on in a thread of its own
        assert tasks[0].running()
        raise KeyboardInterrupt
    assert not any(task.done() and not task.cancelled() and task.exception() is None for task in tasks)
