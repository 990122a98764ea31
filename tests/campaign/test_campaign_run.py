"""A campaign run in this process: what the table says, what is kept, what is redone, what is refused."""

import errno
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections import Counter

import pytest

import nn4mc.campaign.run as runner
from nn4mc.campaign.durable import is_locked, locked, write_whole
from nn4mc.campaign.expand import flown_vehicle
from nn4mc.campaign.run import Workers, prepare, run_campaign, status
from nn4mc.campaign.table import read_part
from nn4mc.errors import ConfigError
from nn4mc.hil.batch import fly_batch, load_policy
from nn4mc.hil.rig import create_reference, load_rig
from tests.campaign.campaigns import RUNS, SMALL, parts, rows, run, write


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of the small campaign, run in one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run(write(folder), folder / "out")
    return folder / "out"


@pytest.fixture
def finished(undisturbed, tmp_path):
    """The campaign's file, and a copy of its finished folder."""
    shutil.copytree(undisturbed, tmp_path / "out")
    return write(tmp_path), tmp_path / "out"


def table_of(folder):
    return (folder / "results.parquet").read_bytes()


def test_every_row_is_its_flight_and_says_which(undisturbed, tmp_path):
    rig = load_rig("quadrotor")
    policy, runs, table = load_policy(rig), prepare(write(tmp_path)).runs, rows(undisturbed)
    assert [row["id"] for row in table] == [one.id for one in runs]
    for one, row in list(zip(runs, table, strict=True))[3::37]:
        reference = create_reference(rig, one.reference, one.changes)
        (alone,) = fly_batch(rig, [flown_vehicle(rig, one)], [one.seed], reference, policy)
        assert (row["rmse_m"], row["lost"], row["steps"]) == (alone.rmse_m, alone.lost, alone.steps)
        assert (row["offset_x_m"], row["settling_s"]) == (alone.offset_m[0], alone.settling_s)
        assert (row["run"], row["vehicle"], row["seed"]) == (one.index, one.vehicle, one.seed)
        assert row["mismatch_delay_ms"] == one.mismatch.get("delay_ms")
        assert row["reference_duration_s"] == one.changes["duration_s"]
    assert {(row["rig"], row["kind"], row["campaign"], row["board"]) for row in table} == {
        ("quadrotor", "simulated", "small", None)
    }
    assert {row["model_sha256"] for row in table} == {policy.graph.source.sha256}
    assert len({row["model_id"] for row in table}) == 1 and len(table[0]["model_id"]) == 16


def test_done_runs_are_not_flown_again(finished, monkeypatch):
    (path, out), seen = finished, []
    monkeypatch.setattr(runner, "_fly", lambda _campaign, todo, _workers: iter(seen.append(len(todo)) or ()))
    assert run(path, out).flown == 0
    assert seen == [0]


def test_a_missing_part_alone_is_flown_again_and_the_table_is_the_same(undisturbed, finished):
    path, out = finished
    kept = {part: part.stat().st_mtime_ns for part in parts(out)}
    gone = parts(out)[1]
    gone.unlink()
    summary = run(path, out)
    assert summary.kept == RUNS - summary.flown and 0 < summary.flown < RUNS
    assert {part: part.stat().st_mtime_ns for part in parts(out) if part != gone} == {
        part: when for part, when in kept.items() if part != gone
    }
    assert table_of(out) == table_of(undisturbed)


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "append"])
def test_a_damaged_part_is_found_set_aside_and_flown_again(undisturbed, finished, damage):
    path, out = finished
    part = parts(out)[0]
    data = part.read_bytes()
    middle = len(data) // 2
    part.write_bytes(
        {
            "truncate": data[:middle],
            "flip": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "empty": b"",
            "append": data + b"\0",
        }[damage]
    )
    before = status(out)
    assert before.damaged == (part.name,) and before.done < RUNS
    assert run(path, out).damaged == (part.name,)
    assert status(out).damaged == () and status(out).done == RUNS
    assert part.with_name(part.name + ".damaged").exists()
    assert table_of(out) == table_of(undisturbed)


def test_a_draft_that_a_crash_left_is_removed(finished):
    path, out = finished
    for draft in (out / "parts" / ".part-000000-x.parquet.draft", out / ".results.parquet.draft"):
        draft.write_bytes(b"half of it")
    run(path, out)
    assert not list(out.rglob("*.draft"))


def test_a_file_is_whole_or_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def dies(_descriptor):
        raise SystemExit

    monkeypatch.setattr(os, "fsync", dies)
    with pytest.raises(SystemExit):
        write_whole(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_a_full_disk_is_said_and_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match=r"file: cannot be written \(No space left"):
        write_whole(path, b"new and longer")
    assert path.read_bytes() == b"old" and [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        run(write(tmp_path), tmp_path / "taken" / "out")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count = 4", "count = 5", "number of runs"),
        ("0.4, 0.5", "0.4, 0.6", "hash of all runs"),
        ('name = "small"', 'name = "other"', "name"),
    ],
)
def test_another_file_is_refused_in_the_same_folder(finished, old, new, words):
    path, out = finished
    table = table_of(out)
    with pytest.raises(ConfigError, match=words):
        run(write(path.parent, SMALL.replace(old, new)), out)
    assert table_of(out) == table


def test_another_version_is_refused_in_the_same_folder(finished, monkeypatch):
    path, out = finished
    monkeypatch.setattr(runner, "__version__", "9.9.9")
    with pytest.raises(ConfigError, match="version"):
        run(path, out)


def test_a_worker_of_another_version_is_refused(tmp_path, monkeypatch):
    campaign = prepare(write(tmp_path))
    monkeypatch.setattr(runner, "__version__", "9.9.9")
    with pytest.raises(ConfigError, match="a worker has nn4mc"):
        run_campaign(campaign, tmp_path / "out", Workers(1), lambda _done, _total: None)


def test_parts_of_nobody_are_refused(tmp_path):
    (tmp_path / "out" / "parts").mkdir(parents=True)
    (tmp_path / "out" / "parts" / "part-000000-0.parquet").write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"no campaign\.json"):
        run(write(tmp_path), tmp_path / "out")


def test_a_second_runner_is_refused_and_the_lock_ends_with_its_process(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    code = f"from pathlib import Path\nfrom nn4mc.campaign.durable import locked\nwith locked(Path({str(out)!r})):\n"
    code += "    print('locked', flush=True)\n    input()\n"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"locked\n"
        with pytest.raises(ConfigError, match=f"process {other.pid} runs a campaign"):
            run(write(tmp_path), out)
        assert is_locked(out)
        other.kill()
    assert not is_locked(out)
    with locked(out):
        pass


def test_a_part_is_read_as_it_was_written(undisturbed):
    ids = Counter(row.id for part in parts(undisturbed) for row in read_part(part)[1])
    assert len(ids) == RUNS and set(ids.values()) == {1}


def test_progress_goes_up_to_all(tmp_path):
    seen = []
    run(write(tmp_path), tmp_path / "out", seen=seen)
    assert seen[0] == 0 and seen[-1] == RUNS and seen == sorted(seen)


def test_two_processes_make_the_same_table(undisturbed, tmp_path):
    run(write(tmp_path), tmp_path / "out", Workers(2))
    assert table_of(tmp_path / "out") == table_of(undisturbed)


def test_a_worker_that_dies_is_replaced_and_the_table_is_the_same(undisturbed, tmp_path):
    killed = []

    def kill_one(done, _total):
        if done and not killed:
            process = multiprocessing.active_children()[0]
            process.kill()
            killed.append(process.pid)

    run_campaign(prepare(write(tmp_path)), tmp_path / "out", Workers(2), kill_one)
    assert killed
    assert table_of(tmp_path / "out") == table_of(undisturbed)


def test_what_cannot_be_simulated_is_told_to_fly_on_boards(tmp_path):
    with pytest.raises(ConfigError, match="--board host://"):
        prepare(write(tmp_path, 'name = "soft"\nrig = "tendon"\n'))
