"""The judge of a quantised network is its task: RAPTOR in int8 flies every vehicle as well as in float."""

import pytest
from closed_loop_flights import RIG, fly_twin, raptor_twin

from nn4mc.cli.console import err
from nn4mc.hil.closed_loop import compare
from nn4mc.hil.flights import plan_flights
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.twin import Twin
from nn4mc.quantize import Quantizing, Scheme

ALLOWED = 1.10
"""Of the float network's tracking error."""


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Twin, Twin]:
    """RAPTOR in float, and in int8 calibrated with its own examples."""
    folder = tmp_path_factory.mktemp("twins")
    return raptor_twin(folder / "float", None), raptor_twin(folder / "int8", Quantizing())


@pytest.mark.parametrize("vehicle", RIG.vehicles)
def test_int8_tracks_within_ten_percent_of_float(twins: tuple[Twin, Twin], vehicle: str):
    exact, rounded = (fly_twin(twin, vehicle, "lissajous", 5.5) for twin in twins)
    assert exact is not None and rounded is not None
    assert rounded <= ALLOWED * exact


@pytest.mark.slow
@pytest.mark.parametrize("vehicle", RIG.vehicles)
@pytest.mark.parametrize("period_s", [4.0, 6.5])
def test_int8_tracks_faster_and_slower_figures_too(twins: tuple[Twin, Twin], vehicle: str, period_s: float):
    exact, rounded = (fly_twin(twin, vehicle, "lissajous", period_s) for twin in twins)
    assert exact is not None and rounded is not None
    assert rounded <= ALLOWED * exact


@pytest.mark.slow
def test_the_comparison_flies_both_on_a_board_and_every_word_is_the_hosts():
    plans = plan_flights(RIG, (), ("hover", "lissajous"), None, 0)
    found = compare(RIG, "host://", plans, 2, Quantizing(Scheme()), FlightProgress(err).stage)
    assert [(one.vehicle, one.reference, one.seeds) for one in found] == [
        ("x500_real", "hover", 2),
        ("x500_real", "lissajous", 2),
    ]
    for one in found:
        assert one.mismatched_words == 0 and one.lost_float == one.lost_quantized == 0
        assert one.ratio is not None and one.ratio <= ALLOWED
        assert one.rmse_float_m is not None
    # docs/quadrotor.md: 0.171 m on this figure
    assert found[1].rmse_float_m == pytest.approx(0.171, abs=0.001)
