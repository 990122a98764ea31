"""The measured runs of the tendon platform: each held out once, the recommendation is honest and holds.

Looked for beside the checkout and in NN4MC_TENDON; skipped where they are absent.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from nn4mc.train.checks import check_logs
from nn4mc.train.compare import ratios, sensor_gains
from nn4mc.train.fitters import fitter, layout_of
from nn4mc.train.log_file import read_log
from nn4mc.train.resample import resample
from nn4mc.train.spec import Channel, NetworkSpec, TrainSpec
from nn4mc.train.study import Study, study

_ROOT = Path(__file__).resolve().parents[2]
_PLACES = (Path(os.environ.get("NN4MC_TENDON", "")), *(one / "shared/data/tendon" for one in _ROOT.parents[:2]))
LOGS = next((found for one in _PLACES if one.name and (found := sorted(one.glob("tendon_*.csv")))), [])

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not LOGS, reason="the tendon logs are not here")]

SPEC = TrainSpec(
    name="tendon",
    time="t_s",
    sample_time_s=0.0125,
    nd=3,
    dd=3,
    inputs=(Channel("u1_deg"), Channel("u2_deg")),
    outputs=(Channel("x_m", "m"), Channel("y_m", "m"), Channel("z_m", "m")),
    sensors=tuple(Channel(f"s{i}") for i in (0, 4, 5, 6, 10)),
    kinds=("arx", "hammerstein", "dense", "hammerstein+sensors"),
    segments=(0, 3, 4),
    network=NetworkSpec(hidden=(8,), epochs=2, patience=2, stride=16),
)


@pytest.fixture(scope="module")
def found() -> Study:
    logs = [read_log(path, SPEC) for path in LOGS]
    check_logs(logs, SPEC)
    runs = [resample(log, SPEC) for log in logs]
    return study(
        runs, [fitter(SPEC, kind) for kind in SPEC.tried], layout_of(SPEC, "arx"), SPEC.horizon, lambda _: None
    )


def test_there_are_five_runs(found: Study):
    assert [fold.held_out[-7:] for fold in found.folds] == ["13417d5", "1bb83a4", "22bd139", "cdc6946", "eaf8896"]


@pytest.mark.parametrize("fold", range(5))
def test_the_recommended_model_is_at_least_as_good_as_both_baselines(found: Study, fold: int):
    assert ratios(found.folds[fold], one_unit=True).held


def test_persistence_is_what_the_logs_say(found: Study):
    """On the run with the most motion, in mm, from the file itself by another route than training's."""
    rows = np.genfromtxt(LOGS[2], delimiter=",", names=True)
    grid = np.arange(rows["t_s"][0], rows["t_s"][-1], SPEC.sample_time_s)
    for axis, name in enumerate(("x_m", "y_m", "z_m")):
        y = np.interp(grid, rows["t_s"], rows[name])[2:]
        assert found.folds[2].still[-1, axis] == pytest.approx(np.sqrt(np.mean((y[20:] - y[:-20]) ** 2)), rel=0.01)


def test_sensors_do_not_help_on_a_run_that_was_not_seen(found: Study):
    gains = [one.ratio for one in sensor_gains(found)]
    assert len(gains) == 5 and np.median(gains) > 1.0
