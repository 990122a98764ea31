"""Tuning from step responses: known plants, the constraints it must keep, and what it refuses."""

import numpy as np
import pytest

from nn4mc.control import pid_tuning
from nn4mc.control.pid_tuning import Limits, allocation_of, frequencies, frequency_response, tune
from nn4mc.errors import ConfigError

T = 0.01
LIMITS = Limits(sensitivity=1.6, noise_gain=20.0, filter_s=0.02, band_hz=0.5)


def lag(constant, dead_steps, samples=600, gain=1.0):
    """Step response of gain / (constant s + 1) with a dead time: sample 0 is one period after the step."""
    times = T * (np.arange(1, samples + 1) - dead_steps)
    return gain * np.where(times > 0, 1 - np.exp(-np.maximum(times, 0) / constant), 0.0)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(pid_tuning, "_GRID", 9)
    monkeypatch.setattr(pid_tuning, "_FREQUENCIES", 120)


def test_the_response_to_a_sine_is_that_of_the_transfer_function():
    """A held first-order lag: (1 - a) / (z - a), a = exp(-T / constant)."""
    omega = frequencies(T, 600)
    z, a = np.exp(1j * omega * T), np.exp(-T / 0.2)
    found = frequency_response(lag(0.2, 0, 3000), T, omega)
    np.testing.assert_allclose(found, (1 - a) / (z - a), atol=1e-5)


def test_the_loop_it_finds_keeps_the_sensitivity_in_a_simulation_of_its_own(quick):
    response = lag(0.2, 4)[None, None, :]
    gains = tune([response], T, LIMITS).gains[0]
    omega = np.geomspace(0.2, np.pi / T, 4000)
    z = np.exp(1j * omega * T)
    plant = (1 - np.exp(-T / 0.2)) / (z - np.exp(-T / 0.2)) / z**4
    controller = gains.kp + gains.ki * T / (z - 1) + gains.kd * (z - 1) / ((0.02 + T) * z - 0.02)
    sensitivity = np.abs(1 / (1 + plant * controller))
    assert 1.3 < sensitivity.max() < 1.65
    assert gains.ki > 1.0


def test_less_dead_time_and_more_sensitivity_allow_more_integral_action(quick):
    def ki(dead, sensitivity):
        return tune([lag(0.2, dead)[None, None, :]], T, Limits(sensitivity, 20.0, 0.02, 0.5)).gains[0].ki

    assert ki(2, 1.6) > ki(8, 1.6) > ki(8, 1.3)


def test_every_operating_point_counts(quick):
    soft, stiff = lag(0.2, 4)[None, None, :], lag(0.2, 4, gain=3.0)[None, None, :]
    assert tune([soft, stiff], T, LIMITS).gains[0].ki < 0.7 * tune([soft], T, LIMITS).gains[0].ki


def test_coupled_outputs_are_decoupled_at_rest_and_weak_ones_left_alone(quick):
    gain = np.array([[2.0, 1.0], [0.5, -1.0], [0.01, 0.02]])
    steps = gain[:, :, None] * lag(0.2, 4)
    allocation = allocation_of(steps)
    np.testing.assert_allclose(gain[:2] @ allocation[:, :2], np.eye(2), atol=1e-5)
    tuned = tune([steps], T, LIMITS)
    assert tuned.gains[2] == pid_tuning.Gains()
    assert tuned.gains[0].ki == pytest.approx(tuned.gains[1].ki, rel=1e-3)
    assert tuned.joint_sensitivity <= 1.25 * 1.6


def test_it_is_the_same_every_time(quick):
    response = lag(0.2, 4)[None, None, :]
    first, second = tune([response], T, LIMITS), tune([response], T, LIMITS)
    assert first.gains == second.gains


def test_a_plant_that_does_not_answer_is_refused(quick):
    with pytest.raises(ConfigError, match="does not respond"):
        tune([np.zeros((1, 1, 100))], T, LIMITS)


def test_an_unstable_loop_is_told_from_a_stable_one():
    """Integral action on a plant of pure gain 1 and one period of delay is stable up to ki T = 2 exactly."""
    omega = np.geomspace(0.05, np.pi / T, 3000)
    plant = np.exp(-1j * omega * T)[None, :] ** 0
    integral = pid_tuning.controller_parts(T, 0.02, omega)[0]
    for ki, stable in ((190.0, True), (210.0, False)):
        assert pid_tuning._sensitivities(plant, ki * integral)[2] is stable
