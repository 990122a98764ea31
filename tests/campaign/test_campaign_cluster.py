"""The same table from a Dask cluster of two workers, and clear answers where there is none."""

import pytest
from dask.distributed import LocalCluster

from nn4mc.campaign.run import Workers
from nn4mc.errors import ConfigError, LinkError
from tests.campaign.campaigns import RUNS, run, write


@pytest.mark.slow
def test_two_dask_workers_make_the_table_of_one_process_byte_for_byte(tmp_path):
    path = write(tmp_path)
    run(path, tmp_path / "here")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        summary = run(path, tmp_path / "there", Workers(scheduler=cluster.scheduler_address))
    assert summary.flown == RUNS
    here, there = ((tmp_path / one / "results.parquet").read_bytes() for one in ("here", "there"))
    assert here == there


def test_no_scheduler_is_answered(tmp_path, monkeypatch):
    monkeypatch.setattr("nn4mc.campaign.cluster._CONNECT_S", 1)
    with pytest.raises(LinkError, match="no Dask scheduler answers"):
        run(write(tmp_path), tmp_path / "out", Workers(scheduler="tcp://127.0.0.1:9"))


def test_boards_hang_on_this_machine(tmp_path):
    file = write(tmp_path, 'name = "a"\nrig = "quadrotor"\n')
    with pytest.raises(ConfigError, match="--scheduler flies simulated"):
        run(file, tmp_path / "out", Workers(scheduler="tcp://127.0.0.1:9"), boards=("host://",))
