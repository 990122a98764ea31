"""What a campaign file stands for: its runs, their order, their identities, and what is refused."""

import pytest

from nn4mc.campaign.chunks import cut
from nn4mc.campaign.expand import expand, flown_vehicle
from nn4mc.campaign.file import read_campaign
from nn4mc.errors import ConfigError
from nn4mc.hil.rig import load_rig
from tests.campaign.campaigns import RUNS, SMALL, write

RIG = load_rig("quadrotor")


def runs_of(folder, text=SMALL, kind="simulated"):
    return expand(read_campaign(write(folder, text)), RIG, kind)


def test_every_combination_once_the_seed_fastest(tmp_path):
    runs = runs_of(tmp_path)
    assert len(runs) == RUNS == len({run.id for run in runs})
    assert [run.index for run in runs] == list(range(RUNS))
    assert [run.seed for run in runs[:5]] == [0, 1, 2, 3, 0]
    assert runs[4].mismatch == {"delay_ms": 0.0, "force_n": [0.1, 0.0, 0.0]}
    assert [run.vehicle for run in runs[: RUNS // 2 : 20]] == [
        "x500_real",
        "crazyflie",
        *(f"sampled-7-{k}" for k in range(3)),
    ]
    assert {run.changes["duration_s"] for run in runs[: RUNS // 2]} == {0.4}


def test_a_run_has_the_same_id_in_a_larger_campaign_and_another_for_any_number_that_differs(tmp_path):
    small = {run.id for run in runs_of(tmp_path)}
    larger = {run.id for run in runs_of(tmp_path, SMALL.replace("count = 4", "count = 6"))}
    assert small < larger
    for old, new in [
        ("delay_ms = [0.0, 10.0]", "delay_ms = [1.0, 11.0]"),
        ("window_start_s = [0.2]", "window_start_s = [0.1]"),
        ("seed = 7", "seed = 8"),
    ]:
        assert any(run.id not in small for run in runs_of(tmp_path, SMALL.replace(old, new)))
    assert not small & {run.id for run in runs_of(tmp_path, SMALL.replace("0.4, 0.5", "0.6, 0.7"))}
    assert not small & {run.id for run in runs_of(tmp_path, SMALL.split("[[pert")[0], "board")}


def test_a_sampled_vehicle_is_that_of_the_rig_with_the_perturbation_over_it(tmp_path):
    run = next(
        run for run in runs_of(tmp_path) if run.vehicle == "sampled-7-2" and run.mismatch.get("delay_ms") == 10.0
    )
    own, flown = RIG.sample_vehicle(7, 2), flown_vehicle(RIG, run)
    assert flown.mass_kg == own.mass_kg
    assert flown.mismatch.delay_ms == 10.0


def test_without_anything_named_the_rigs_first_flies_its_default(tmp_path):
    (run,) = runs_of(tmp_path, 'name = "one"\nrig = "quadrotor"\n')
    assert (run.vehicle, run.reference, run.seed, run.controller) == ("x500_real", "lissajous", 0, "policy")


def test_all_are_the_named_vehicles(tmp_path):
    runs = runs_of(tmp_path, 'name = "all"\nrig = "quadrotor"\nvehicles = ["all"]\n')
    assert [run.vehicle for run in runs] == list(RIG.vehicles)


def test_chunks_hold_every_run_once_and_are_alike_inside(tmp_path):
    runs = runs_of(tmp_path, SMALL.replace("count = 4", "count = 30"))
    chunks = cut("quadrotor", "0" * 64, RIG, "simulated", runs)
    assert sorted(run.index for chunk in chunks for run in chunk.runs) == list(range(len(runs)))
    for chunk in chunks:
        assert len(chunk.runs) <= 250
        assert len({(run.reference, str(run.changes), "call_rate_hz" in run.mismatch) for run in chunk.runs}) == 1
    assert [len(chunk.runs) for chunk in cut("quadrotor", "0" * 64, RIG, "board", runs[:9])] == [1] * 9


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"crazyflie"', '"hummingbird"', "no vehicle 'hummingbird'"),
        ('"crazyflie"', '"x500_real"', "lists a run twice"),
        ('name = "hover"', 'name = "loop"', "no reference 'loop'"),
        ("delay_ms = [0.0, 10.0]", "delay_ms = [0.0, 99.0]", r"^mismatch, at vehicles\.x500_real\.delay_ms: Expected"),
        ("delay_ms = [0.0, 10.0]", "delay = [0.0]", "^mismatch: .* no knob 'delay'"),
        ("delay_ms = [0.0, 10.0]", "delay_ms = []", "list of alternatives"),
        ("delay_ms = [0.0, 10.0]", "delay_ms = 10.0", "'delay_ms' is 10.0, expected a list"),
        ("duration_s = [0.4, 0.5]", "duration_s = [-1.0]", r"^changes, at references\.hover\.duration_s: Expected"),
        ("count = 4", "count = 100000", "1,000,000 are the most"),
        ("seeds", "seed", "seed"),
        ("[[references]]", 'controllers = ["pid"]\n[[references]]', "no controller 'pid'"),
        ('name = "small"', "name = small", "cannot be read as TOML"),
    ],
)
def test_what_does_not_fit_is_answered(tmp_path, old, new, words):
    with pytest.raises(ConfigError, match=words):
        runs_of(tmp_path, SMALL.replace(old, new, 1))


def test_a_board_is_called_no_slower_than_its_policy_steps(tmp_path):
    assert len(runs_of(tmp_path, kind="board")) == RUNS
    with pytest.raises(ConfigError, match="called no slower"):
        runs_of(tmp_path, SMALL.replace("400.0", "50.0"), "board")


def test_a_rig_without_a_distribution_has_no_sampled_vehicles(tmp_path):
    file = read_campaign(write(tmp_path, 'name = "a"\nrig = "tendon"\nsampled = { count = 1 }\n'))
    with pytest.raises(ConfigError, match="no distribution"):
        expand(file, load_rig("tendon"), "board")
