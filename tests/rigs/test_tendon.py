"""The soft arm: kinematics against independent formulas, statics, energy, play, hysteresis and the lace."""

import math
import sys
from itertools import pairwise

import numpy as np
import pytest
from soft import Bench, halving_errors

BENCH = Bench("tendon")
ARM = sys.modules[type(BENCH.model).__module__.replace(".plant", ".arm")]
LACE = sys.modules[type(BENCH.model).__module__.replace(".plant", ".lace")]
NEUTRAL = (-25.0, -25.0)


@pytest.mark.parametrize("q", [(1e-9, 0.0), (0.05, 0.02), (0.1, -0.2), (0.8, 0.5), (-1.5, 0.7)])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_bent_arm_is_an_arc_of_a_circle(q, share):
    """Radius L / |q|, and the angle share |q|, from plane geometry."""
    bend = math.hypot(*q)
    radius, angle = 0.1 / bend, share * bend
    aside = radius * 2 * math.sin(angle / 2) ** 2  # 1 - cos without the loss of digits
    expected = (radius * math.sin(angle), aside * q[0] / bend, aside * q[1] / bend)
    assert ARM.place(0.1, *q, share) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("q", [(0.0, 0.0), (0.15, 0.1), (0.9, -0.6)])
def test_jacobian_and_drift_are_the_derivatives_of_the_place(q):
    speed, h = (1.3, -0.7), 1e-4

    def along(t):
        return np.array(ARM.place(0.1, q[0] + t * speed[0], q[1] + t * speed[1], 0.8))

    at = ARM.moving(0.1, 0.8, q, speed)
    velocity = np.array(at.by_q1) * speed[0] + np.array(at.by_q2) * speed[1]
    np.testing.assert_allclose(velocity, (along(h) - along(-h)) / (2 * h), atol=1e-8)
    np.testing.assert_allclose(at.drift, (along(h) - 2 * along(0) + along(-h)) / h**2, atol=1e-7)


def test_series_and_closed_form_meet():
    below, above = ARM.shape(0.05 - 1e-12), ARM.shape(0.05)
    for name in ("f", "f1", "f2", "g", "g1", "g2"):
        assert getattr(below, name) == pytest.approx(getattr(above, name), rel=1e-9)


def test_the_tip_is_on_the_dome():
    for q in ((0.0, 0.0), (0.4, 0.3), (-1.2, 0.8)):
        x, y, z = ARM.place(0.1, *q)
        assert ARM.dome(100.0, 1e3 * y, 1e3 * z) == pytest.approx(1e3 * x, abs=1e-8)
    with pytest.raises(ValueError, match="aside"):
        ARM.dome(100.0, 80.0, 0.0)


def test_rest_is_an_equilibrium_and_sags_under_the_weight():
    x = BENCH.model.rest()
    np.testing.assert_allclose(BENCH.run(NEUTRAL, 1.0), x, atol=1e-9)
    tendons = 4000.0 * 0.012**2
    stiffness = 0.16 + tendons * (math.sin(math.radians(8)) ** 2 + math.sin(math.radians(95)) ** 2)
    lever = 9.81 * (0.04 * 0.05 + 0.02 * 0.5 * 0.025)  # d z / d q2 of a straight arm is s^2 L / 2
    assert x[5] == pytest.approx(-lever / stiffness, rel=0.02)


def test_a_servo_bends_the_arm_as_its_springs_share_the_winding():
    """Tendon and arm are springs in series: q = wound / offset times k_tendon / (k_tendon + k_arm + k_hysteresis)."""
    x = BENCH.run((5.0, -25.0), 3.0)
    wound = 0.01 * math.radians(30.0 - 0.5)  # half the play is lost
    pull = 4000.0 * 0.012**2
    held = 0.16 + pull
    along = x[4] * math.cos(math.radians(8)) + x[5] * math.sin(math.radians(8))
    assert along == pytest.approx(wound / 0.012 * pull / held, abs=0.03), "the hysteresis holds up to 0.009 N m"


def test_energy_only_falls_while_the_servos_hold():
    x = list(BENCH.model.rest())
    x[4:8] = [0.6, -0.3, 2.0, 1.0]
    x, energies = tuple(x), []
    for _ in range(60):
        energies.append(BENCH.model.energy(x))
        x = BENCH.run(NEUTRAL, 0.008, x)
    # The element of hysteresis stores 0.15 mJ at most and may give some of it back.
    assert all(after < before + 1.5e-4 for before, after in pairwise(energies))
    assert energies[-1] - BENCH.model.energy(BENCH.model.rest()) < 0.02 * (
        energies[0] - BENCH.model.energy(BENCH.model.rest())
    )


def test_the_pulley_waits_until_the_servo_has_gone_through_the_play():
    x = BENCH.run((0.0, -25.0), 3.0)
    assert x[2] == pytest.approx(-0.5)
    back = BENCH.run((-0.9, -25.0), 3.0, x)
    assert back[2] == pytest.approx(-0.5), "0.9 deg back is within the play of 1 deg"
    assert BENCH.run((-1.2, -25.0), 3.0, back)[2] == pytest.approx(-0.7)


def test_loading_and_unloading_end_in_different_places():
    middle = BENCH.run((0.0, -25.0), 3.0)
    other = BENCH.run((0.0, -25.0), 3.0, BENCH.run((40.0, -25.0), 3.0))
    apart = 1e3 * np.linalg.norm(BENCH.model.position(middle) - BENCH.model.position(other))
    assert 0.3 < apart < 3.0
    still = Bench("tendon", friction=0.1)
    assert still.model.hysteresis == pytest.approx(0.1 * BENCH.model.hysteresis)


def test_a_servo_has_a_top_speed():
    assert BENCH.run((50.0, -25.0), 0.05)[0] == pytest.approx(-25.0 + 0.05 * 400.0, abs=0.2)


def test_mirrored_servos_mirror_the_arm_but_for_the_weight():
    light = Bench("tendon", mass=0.1)
    up, down = light.run((5.0, 5.0), 2.0), light.run((-55.0, -55.0), 2.0)
    np.testing.assert_allclose(up[4:6], -np.array(down[4:6]), atol=0.01)


def test_halving_the_step_makes_the_error_at_least_four_times_smaller():
    """Play and the hysteresis have corners, so that the order is not four everywhere."""
    whole, half = halving_errors(BENCH.model, BENCH.model.rest(), (10.0, -50.0), 0.4, 0.002)
    assert whole < 0.05
    assert whole > 4 * half


def test_the_lace_dims_on_the_side_the_arm_bends_to():
    lace = BENCH.rig.vehicles["nominal"].lace
    quiet = np.zeros(lace.channels)
    straight = LACE.intensities(lace, 0.0, 0.0, quiet)
    bent = LACE.intensities(lace, 0.8, 0.0, quiet)
    living = [j for j in range(lace.channels) if j not in lace.dead]
    assert straight[list(lace.dead)].tolist() == [0.0] * len(lace.dead)
    assert bent[0] < straight[0], "channel 0 lies on the side of q1"
    assert bent[5] > straight[5], "channel 5 lies on the other one"
    share = 0.0  # of channel 0 between the ends of brightness and loss
    expected = (0.6 + share) * math.exp(-(0.5 + share) * (0.3 + 0.8))
    assert bent[0] == pytest.approx(expected, abs=0.5 / 199)
    assert np.all((bent[living] >= 0) & (bent[living] <= 1))
