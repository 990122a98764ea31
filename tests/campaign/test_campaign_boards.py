"""Campaigns on boards: two at once, one that fails, and the same numbers as simulated."""

import multiprocessing

import pytest

from nn4mc.campaign.run import Workers, prepare, run_campaign
from nn4mc.errors import LinkError
from tests.campaign.campaigns import rows, run, write

FLIGHTS = """
name = "boards"
rig = "quadrotor"
vehicles = ["soft"]
sampled = { count = 1, seed = 1 }
seeds = { count = 2 }
references = [{ name = "hover", changes = { duration_s = [2.0], window_start_s = [1.0] } }]
perturbations = [{ noise_position_m = [0.01], call_rate_hz = [100.0, 400.0] }]
"""
MEASURED = ("rmse_m", "rmse_xy_m", "max_error_m", "offset_x_m")


@pytest.mark.slow
def test_two_boards_share_the_runs_and_one_that_is_not_there_is_given_up(tmp_path):
    file = write(tmp_path, FLIGHTS)
    run(file, tmp_path / "simulated")
    summary = run(file, tmp_path / "boards", boards=("host://", "socket://127.0.0.1:9", "host://"))
    simulated, flown = rows(tmp_path / "simulated"), rows(tmp_path / "boards")
    assert summary.runs == len(flown) == 8
    assert {(row["board"], row["mismatched_words"], row["bad_steps"], row["kind"]) for row in flown} == {
        ("host://", 0, 0, "board")
    }
    assert not {row["id"] for row in flown} & {row["id"] for row in simulated}
    for one, other in zip(simulated, flown, strict=True):
        assert [other[name] for name in MEASURED] == pytest.approx([one[name] for name in MEASURED], rel=1e-3, abs=1e-5)
        assert one["settling_s"] == other["settling_s"]
        assert (one["model_id"], one["model_sha256"]) == (other["model_id"], other["model_sha256"])
    assert all(row["build_id"] for row in flown)


def test_when_no_board_is_left_the_campaign_says_so(tmp_path):
    with pytest.raises(LinkError, match="no board is left"):
        run(write(tmp_path, FLIGHTS), tmp_path / "out", boards=("socket://127.0.0.1:9",))


def test_a_boards_process_that_died_while_idle_is_replaced(tmp_path):
    """Killed between two runs: the next one finds nobody to fly it."""
    killed = []

    def kill_the_idle_one(done, _total):
        if done == 1:
            (process,) = multiprocessing.active_children()
            process.kill()
            process.join()
            killed.append(process.pid)

    campaign = prepare(write(tmp_path, FLIGHTS.replace("[100.0, 400.0]", "[100.0]")), ("host://",))
    assert run_campaign(campaign, tmp_path / "out", Workers(), kill_the_idle_one).flown == 4
    assert killed
