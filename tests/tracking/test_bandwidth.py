"""The bandwidth of systems whose response is known in closed form."""

import math

import numpy as np
import pytest
from scipy import signal

from nn4mc.hil.paths import Chirp
from nn4mc.hil.record import Columns
from nn4mc.tracking.bandwidth import FALL_DB, FrequencyResponse, bandwidth, chirp_response, estimate_response

PERIOD_S = 0.005
CHIRP = Chirp(approach_s=0.5, amplitude=(3.0, 0.0, 4.0), centre=(1.0, 2.0, 3.0), from_hz=0.2, to_hz=12.0, sweep_s=40.0)


def first_order(hz):
    """A lag whose gain is -3 dB at ``hz``."""
    return [1.0], [1 / (2 * math.pi * hz), 1.0]


def second_order(natural_hz, damping):
    w = 2 * math.pi * natural_hz
    return [w * w], [1.0, 2 * damping * w, w * w]


def second_order_bandwidth(natural_hz, damping):
    """|G|^2 = 1/2 solved for the frequency: Ogata, Modern Control Engineering, frequency response."""
    z = damping * damping
    return natural_hz * math.sqrt(1 - 2 * z + math.sqrt(4 * z * z - 4 * z + 2))


def flown(system, chirp=CHIRP, noise_m=0.0, steps=None):
    """Columns of a flight along the chirp of a plant that answers with ``system`` along each axis."""
    times = np.arange(round(chirp.duration_s / PERIOD_S)) * PERIOD_S
    wanted = np.array([chirp.position(t) for t in times.tolist()])
    start = wanted[0]
    # lsim with first-order hold: exact for a reference that is straight between samples.
    answer = np.stack([signal.lsim(system, axis, times)[1] for axis in (wanted - start).T], axis=1) + start
    answer += noise_m * np.random.default_rng(0).standard_normal(answer.shape)
    empty = np.zeros((times.size, 1), np.float32)
    zero = np.zeros(times.size, np.int64)
    columns = Columns(times, empty, empty, empty, empty, zero, zero, zero, times * 0, answer, wanted, zero)
    if steps is None:
        return columns
    return Columns(**{name: values[:steps] for name, values in vars(columns).items()})


@pytest.mark.parametrize("hz", [0.7, 2.0, 6.0])
def test_a_first_order_lag_has_its_corner(hz):
    found = bandwidth(chirp_response(flown(first_order(hz)), CHIRP, PERIOD_S))
    assert found.fell
    assert found.hz == pytest.approx(hz, rel=0.01)
    assert found.last_hz == found.hz
    assert found.peak_db < 0.1


@pytest.mark.parametrize("damping", [0.3, 0.7, 1.2])
def test_a_second_order_system_has_its_bandwidth_and_its_peak(damping):
    found = bandwidth(chirp_response(flown(second_order(3.0, damping)), CHIRP, PERIOD_S))
    assert found.hz == pytest.approx(second_order_bandwidth(3.0, damping), rel=0.01)
    if damping < math.sqrt(0.5):
        peak = -20 * math.log10(2 * damping * math.sqrt(1 - damping**2))
        assert found.peak_db == pytest.approx(peak, abs=0.3)
        assert found.peak_hz == pytest.approx(3.0 * math.sqrt(1 - 2 * damping**2), abs=0.2)


def test_gain_and_phase_are_those_of_the_transfer_function():
    system = second_order(3.0, 0.5)
    found = chirp_response(flown(system), CHIRP, PERIOD_S)
    _, exact = signal.freqresp(system, 2 * np.pi * found.frequency_hz)
    np.testing.assert_allclose(found.gain, exact, atol=0.01)
    assert found.coherence.min() > 0.98


def test_noise_of_the_output_moves_the_bandwidth_little():
    found = bandwidth(chirp_response(flown(first_order(2.0), noise_m=5e-4), CHIRP, PERIOD_S))
    assert found.hz == pytest.approx(2.0, rel=0.05)


def test_a_size_that_shrinks_above_a_corner_changes_the_speed_not_the_bandwidth():
    chirp = Chirp(amplitude=(5.0, 0.0, 0.0), from_hz=0.2, to_hz=12.0, sweep_s=40.0, corner_hz=1.0)
    found = bandwidth(chirp_response(flown(first_order(3.0), chirp), chirp, PERIOD_S))
    assert found.hz == pytest.approx(3.0, rel=0.01)
    sizes = [abs(chirp.shape(t)[0]) for t in np.arange(38.0, 39.0, 1e-3).tolist()]
    assert max(sizes) == pytest.approx(5.0 / chirp.frequency_hz(38.0), rel=0.01)


def test_a_loop_that_never_falls_says_how_far_the_sweep_went():
    found = bandwidth(chirp_response(flown(first_order(40.0)), CHIRP, PERIOD_S))
    assert not found.fell
    assert 9.0 < found.hz < 10.0, "12 Hz, less the twentieth of the sweep that fades out"


def test_a_flight_that_was_cut_short_has_no_response():
    assert chirp_response(flown(first_order(2.0), steps=4000), CHIRP, PERIOD_S) is None


def test_white_noise_alone_is_not_coherent():
    rng = np.random.default_rng(1)
    response = estimate_response(rng.standard_normal(20_000), rng.standard_normal(20_000), PERIOD_S, (1.0, 50.0))
    assert np.median(response.coherence) < 0.1
    assert bandwidth(FrequencyResponse(response.frequency_hz, response.gain, 0.4 * response.coherence)) is None


def test_a_dip_is_told_from_the_last_fall():
    hz = np.arange(1.0, 7.0)
    gain = 10 ** (np.array([0.0, -6.0, 0.0, 0.0, -6.0, -12.0]) / 20) + 0j
    found = bandwidth(FrequencyResponse(hz, gain, np.ones(6)))
    share = -FALL_DB / 6
    assert (found.hz, found.last_hz) == pytest.approx((1 + share, 4 + share))
    risen = bandwidth(FrequencyResponse(hz[:4], gain[:4], np.ones(4)))
    assert (risen.hz, risen.last_hz) == pytest.approx((1 + share, 4.0)), "above again where the sweep ends"
