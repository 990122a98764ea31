"""The mass-spring-damper against closed forms."""

import math
from itertools import pairwise

import numpy as np
import pytest
from soft import Bench, halving_errors


def test_it_rests_where_the_spring_balances_the_force():
    bench = Bench("mass_spring_damper")
    for command in (-1.0, -0.3, 0.5, 1.0):
        x, _, force = bench.run([command], 30.0)
        assert force == pytest.approx(10.0 * command)
        assert 10.0 * x + 2.0 * x**3 == pytest.approx(10.0 * command, abs=0.06), "Coulomb friction may hold 0.05 N"


def test_the_linear_one_swings_as_its_closed_form_says():
    """m x'' + c x' + k x = 0 from x = 0.5 at rest: w0 = 3.1623, zeta = 0.1581."""
    bench = Bench("mass_spring_damper", "linear")
    decay, rate = 0.5, math.sqrt(10.0 - 0.25)
    x = bench.run([0.0], 1.7, (0.5, 0.0, 0.0))
    expected = 0.5 * math.exp(-decay * 1.7) * (math.cos(rate * 1.7) + decay / rate * math.sin(rate * 1.7))
    assert x[0] == pytest.approx(expected, abs=1e-7)


def test_the_actuator_follows_with_its_lag():
    force = Bench("mass_spring_damper").run([1.0], 0.06)[2]
    assert force == pytest.approx(10.0 * (1 - math.exp(-2.0)), rel=1e-5)


def test_energy_only_falls_without_a_push():
    bench = Bench("mass_spring_damper")
    x, energies = (0.8, 0.0, 0.0), []
    for _ in range(400):
        energies.append(bench.model.energy(x))
        x = bench.run([0.0], 0.02, x)
    assert all(after < before for before, after in pairwise(energies))
    assert energies[-1] < 0.01 * energies[0]


def test_left_and_right_are_mirrored():
    bench = Bench("mass_spring_damper")
    right, left = bench.run([0.7], 1.0), bench.run([-0.7], 1.0)
    np.testing.assert_allclose(right, -np.array(left), atol=1e-12)


def test_halving_the_step_divides_the_error_by_sixteen():
    bench = Bench("mass_spring_damper", "linear")
    whole, half = halving_errors(bench.model, (0.5, 1.0, 0.0), (0.8,), 1.0, 0.02)
    assert whole < 1e-4
    assert 12 < whole / half < 21


def test_the_response_to_a_chirp_falls_as_the_transfer_function_says():
    """k / (m s^2 + c s + k) / (lag s + 1), at a frequency below and one above the resonance of 0.5 Hz."""
    bench = Bench("mass_spring_damper", "linear")
    for hz in (0.2, 1.5):
        s = 2j * math.pi * hz
        expected = abs(10.0 / (s * s + s + 10.0) / (0.03 * s + 1))
        assert swing(bench, hz) == pytest.approx(expected, rel=0.03)


def swing(bench, hz):
    """Return the amplitude of x under a held sine of small amplitude, per unit of static response."""
    x, seen = bench.model.rest(), []
    steps = round((12.0 + 3.0 / hz) / 0.02)
    for k in range(steps):
        x = bench.run([0.1 * math.sin(2 * math.pi * hz * k * 0.02)], 0.02, x)
        if k * 0.02 > 12.0:
            seen.append(x[0])
    return (max(seen) - min(seen)) / 2 / 0.1
