"""The HASEL platform: statics, creep, saturation, energy and symmetry; the magnetometers against the textbook."""

import math
import sys
from itertools import pairwise

import numpy as np
import pytest
from soft import Bench, halving_errors

BENCH = Bench("hasel")
MODULE = type(BENCH.model).__module__
PLANT, MAGNETS = sys.modules[MODULE], sys.modules[MODULE.replace(".plant", ".magnets")]


def height(x):
    return x[6]


@pytest.mark.parametrize("level", [-0.5, -0.2, 0.0, 0.3, 0.5])
def test_a_level_platform_rests_where_push_and_shell_balance(level):
    """F p(v) (1 - h/h0) = k h for each of six equal actuators, creep done."""
    charge = level + 0.5
    push = 6.0 * charge**2 / math.sqrt(1 + (charge / 0.9) ** 4)
    x = BENCH.run([level] * 6, 12.0)
    assert height(x) == pytest.approx(push / (push / 0.01 + 250.0), abs=1e-5)
    assert np.abs(x[7:9]).max() < 1e-12


def test_the_stroke_is_quadratic_in_a_small_voltage_and_saturates():
    small, double, most = (PLANT.pressure(v, 0.9) for v in (0.05, 0.1, 100.0))
    assert double / small == pytest.approx(4.0, rel=1e-3)
    assert most == pytest.approx(0.81, rel=1e-3)


def test_an_actuator_creeps_after_a_step():
    """The shell starts with k + k_creep and ends with k; the time constant of what creeps is a little above creep_s."""
    start = BENCH.run([-0.5] * 6, 12.0)
    soon, later = BENCH.run([0.0] * 6, 0.3, start), BENCH.run([0.0] * 6, 12.0, start)
    push = 6.0 * 0.25 / math.sqrt(1 + (0.5 / 0.9) ** 4)
    stiff = push / (push / 0.01 + 330.0)
    assert height(soon) == pytest.approx(stiff, rel=0.05)
    assert height(later) - height(soon) > 0.1 * height(later)


def test_turning_the_commands_turns_the_platform():
    pattern = [0.4, 0.1, -0.3, -0.2, 0.0, 0.2]
    first, turned = BENCH.run(pattern, 1.0), BENCH.run(pattern[-1:] + pattern[:-1], 1.0)
    assert height(turned) == pytest.approx(height(first), abs=1e-12)
    c, s = math.cos(math.pi / 3), math.sin(math.pi / 3)
    expected = [c * first[7] - s * first[8], s * first[7] + c * first[8]]
    np.testing.assert_allclose(turned[7:9], expected, atol=1e-12)


def test_the_side_with_more_voltage_rises_and_the_marker_leans_away():
    x = BENCH.run([0.3, 0.0, 0.0, -0.3, 0.0, 0.0], 2.0)
    heights = BENCH.model.heights(x)
    assert heights[0] > heights[3]
    assert BENCH.model.position(x)[0] < -1e-3


def test_the_marker_is_on_its_mast():
    x = BENCH.run([0.3, 0.1, 0.0, -0.3, 0.0, 0.2], 2.0)
    foot = np.array([0.0, 0.0, height(x) - 0.1])
    assert np.linalg.norm(BENCH.model.position(x) - foot) == pytest.approx(0.1)
    np.testing.assert_allclose(BENCH.model.rotation(x) @ BENCH.model.rotation(x).T, np.eye(3), atol=1e-12)


def test_energy_only_falls_without_voltage():
    x = list(BENCH.model.rest())
    x[:6], x[7], x[8], x[9] = [0.0] * 6, 0.05, -0.03, 0.1
    x, energies = tuple(x), []
    for _ in range(200):
        energies.append(BENCH.model.energy(x))
        x = BENCH.run([-0.5] * 6, 1 / 240, x)
    assert all(after < before for before, after in pairwise(energies))
    assert energies[-1] < 0.1 * energies[0]


def test_halving_the_step_divides_the_error_by_sixteen():
    whole, half = halving_errors(BENCH.model, BENCH.model.rest(), (0.4, 0.1, -0.3, -0.2, 0.0, 0.2), 0.2, 1 / 480)
    assert whole < 1e-3
    assert 10 < whole / half < 24


def test_a_heavier_platform_sags():
    heavy = Bench("hasel", mass=1.2)
    down = height(BENCH.run([-0.5] * 6, 12.0)) - height(heavy.run([-0.5] * 6, 12.0))
    assert down == pytest.approx(0.2 * 0.12 * 9.81 / (6 * 250.0), rel=0.01)


def test_the_field_of_a_dipole_is_the_textbooks():
    """In polar coordinates about the moment: B_r = 2 k m cos t / r^3, B_t = k m sin t / r^3 (Griffiths 5.88)."""
    for angle in (0.0, 0.4, math.pi / 2, 2.5):
        r = 0.02
        field = MAGNETS.dipole_field(np.array([0.0, 0.0, 0.5]), r * np.array([math.sin(angle), 0.0, math.cos(angle)]))
        radial = 2e-7 * 0.5 * math.cos(angle) / r**3
        polar = 1e-7 * 0.5 * math.sin(angle) / r**3
        expected = [
            radial * math.sin(angle) + polar * math.cos(angle),
            0.0,
            radial * math.cos(angle) - polar * math.sin(angle),
        ]
        np.testing.assert_allclose(field, expected, atol=1e-12)


def test_the_field_has_no_divergence_and_no_curl():
    h, at, moment = 1e-5, np.array([0.01, -0.02, 0.015]), np.array([0.1, 0.3, -0.2])
    slopes = np.array(
        [
            (MAGNETS.dipole_field(moment, at + h * axis) - MAGNETS.dipole_field(moment, at - h * axis)) / (2 * h)
            for axis in np.eye(3)
        ]
    )
    assert abs(np.trace(slopes)) < 1e-5 * np.abs(slopes).max()
    np.testing.assert_allclose(slopes, slopes.T, atol=1e-5 * np.abs(slopes).max())


def test_a_magnetometer_reads_all_magnets_and_the_earth():
    x = BENCH.model.rest()
    read = BENCH.model.sense(x, np.zeros(21))[3:].reshape(6, 3)
    places = [(0.025 * math.cos(k * math.pi / 3), 0.025 * math.sin(k * math.pi / 3)) for k in range(6)]
    total = np.zeros(3)
    for across, along in places:
        offset = np.array([places[0][0] - across, places[0][1] - along, -0.018 - height(x)])
        distance = np.linalg.norm(offset)
        total += 1e-7 * 0.02 * (3 * offset[2] * offset / distance**5 - np.array([0, 0, 1]) / distance**3)
    np.testing.assert_allclose(read[0], 1e6 * total + [20.0, 0.0, -44.0], rtol=1e-9)
