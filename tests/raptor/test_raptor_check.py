"""The check before a first flight: what it flies, what it concludes, and how it says so."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.hil.rig import Place
from nn4mc.raptor.advice import Verdict, advise, best_setting, judge
from nn4mc.raptor.trials import AS_IT_IS, PX4_CLIPS, FigureTrial, HoverTrial, fastest_period

INSIDE = (Place("thrust to weight", 2.0, 1.5, 5.0),)
OUTSIDE = (Place("thrust to weight", 1.2, 1.5, 5.0),)


def hover(setting: str, lost: int) -> HoverTrial:
    return HoverTrial(setting, 100, lost, (0.0, 0.1), 0.02, 0.03, 0.01, 1.0)


def figures(*rmse: float | None, setting: str = AS_IT_IS) -> tuple[FigureTrial, ...]:
    periods = (10.0, 8.0, 6.5, 5.5, 4.75)
    return tuple(
        FigureTrial(setting, period, one is None, one, one, one) for period, one in zip(periods, rmse, strict=False)
    )


GOOD = figures(0.1, 0.1, 0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    ("places", "lost", "flown", "verdict"),
    [
        (INSIDE, 0, GOOD, Verdict.FLY),
        (INSIDE, 1, GOOD, Verdict.FLY),
        (INSIDE, 2, GOOD, Verdict.CARE),
        (OUTSIDE, 0, GOOD, Verdict.CARE),
        (INSIDE, 0, figures(0.1, 0.1, 0.6), Verdict.CARE),
        (INSIDE, 21, GOOD, Verdict.DO_NOT_FLY),
        (INSIDE, 0, figures(None), Verdict.DO_NOT_FLY),
    ],
)
def test_the_verdict(places: tuple[Place, ...], lost: int, flown: tuple[FigureTrial, ...], verdict: Verdict) -> None:
    assert judge(places, [hover(AS_IT_IS, lost)], flown) is verdict


def test_the_verdict_is_for_the_clips_that_lose_fewest() -> None:
    hovers = [hover(AS_IT_IS, 30), hover(PX4_CLIPS, 0), hover("sensors 20 ms late", 100)]
    flown = (*figures(0.1, 0.1, 0.1, 0.2), *figures(0.1, 0.1, 0.1, 0.2, setting=PX4_CLIPS))
    assert best_setting(hovers) == PX4_CLIPS
    assert judge(INSIDE, hovers, flown) is Verdict.FLY
    said = advise(INSIDE, hovers, flown, ())
    assert any("Clip the errors" in one and "0.5 m and 1 m/s" in one and "instead of 30" in one for one in said)


def test_a_figure_behind_one_that_is_not_followed_does_not_count() -> None:
    assert fastest_period(figures(0.1, 0.1, 0.6, 0.2), AS_IT_IS) == 8.0
    assert fastest_period(figures(None, 0.1), AS_IT_IS) is None


def test_advice_names_what_is_outside_and_what_was_assumed() -> None:
    said = advise(OUTSIDE, [hover(AS_IT_IS, 0)], GOOD, ["rotor time constants 0.05 s"])
    assert said[0] == "Thrust to weight 1.2 is below the 1.5 of training. Fly lighter, or with stronger motors."
    assert "rotor time constants 0.05 s" in said[-1]


def test_a_vehicle_of_the_rig_is_checked() -> None:
    done = CliRunner().invoke(main, ["raptor", "check", "x500_real", "--starts", "10", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["verdict"] == "fit to try, with care"  # its yaw torque is that of no vehicle of the training
    by_setting = {one["setting"]: one for one in found["hovers"]}
    # The published hover error of this vehicle is 22.0 mm.
    assert by_setting[AS_IT_IS]["lost"] == 0
    assert by_setting[AS_IT_IS]["rmse_m"] == pytest.approx(0.022, rel=0.05)
    paper = next(one for one in found["figures"] if one["period_s"] == 5.5 and one["setting"] == AS_IT_IS)
    assert paper["rmse_m"] == pytest.approx(0.171, rel=0.02)  # as published for five loops with a ramp of 1 s


def test_a_vehicle_that_cannot_fly_ends_with_one(tmp_path: Path) -> None:
    path = tmp_path / "brick.toml"
    path.write_text("mass_kg = 2.0\narm_m = [0.18, 0.18]\nthrust_to_weight = 0.9\n")
    done = CliRunner().invoke(main, ["raptor", "check", str(path), "--starts", "10"])
    assert done.exit_code == 1
    assert "do not fly" in done.stdout
    assert "below the 1.5 of training" in " ".join(done.stdout.split())
    assert "It cannot lift itself" in done.stdout
    assert "take off from the ground" not in done.stdout
