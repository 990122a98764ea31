"""References of the soft rigs: smooth starts, exact velocities, the boxes and figures they claim, and their reach."""

import sys
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from soft import Bench

from nn4mc.hil.rig import load_rig

RIGS = ("mass_spring_damper", "tendon", "hasel")
EVERY = [(name, reference) for name in RIGS for reference in load_rig(name).references]
SMOOTH = [(name, reference) for name, reference in EVERY if reference != "steps"]
TENDON, HASEL, MASS = Bench("tendon"), Bench("hasel"), Bench("mass_spring_damper")
HALF_THE_PID_M = 0.0737 / 2
"""Of the RMS error of the tuned PID along the published steps."""


def sampled(name, reference, every_s=0.02):
    rig = load_rig(name)
    path = rig.references[reference]
    times = np.arange(0.0, path.duration_s, every_s)
    return rig, path, times, np.array([path.point(t) for t in times.tolist()])


@pytest.mark.parametrize(("name", "reference"), EVERY)
def test_words_are_position_and_velocity_in_the_rigs_unit(name, reference):
    rig, path, times, _ = sampled(name, reference, 0.37)
    for t in times.tolist():
        words = path(t)
        half = words.size // 2
        assert (words.size, words.dtype) == (rig.reference_len, np.float32)
        np.testing.assert_allclose(words[:half] * path.unit_m, path.position(t)[:half], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "reference"), SMOOTH)
def test_a_reference_starts_at_rest_where_the_plant_is_and_never_jumps(name, reference):
    rig, path, _, points = sampled(name, reference, 0.004)
    start = Bench(name).model.position(Bench(name).model.rest())
    assert np.linalg.norm(path.position(0.0) - start) < (2e-3 if name == "tendon" else 1e-5), "the arm sags 1.5 mm"
    half = rig.reference_len // 2
    assert np.abs(path(0.0)[half:]).max() < 1e-4 / path.unit_m
    step = np.linalg.norm(np.diff(points, axis=0), axis=1).max()
    assert step < 0.25 * np.ptp(points, axis=0).max()


@pytest.mark.parametrize(("name", "reference"), SMOOTH)
def test_velocities_are_those_of_the_positions(name, reference):
    _, path, times, _ = sampled(name, reference, 0.31)
    velocity = np.array([path.velocity(t) for t in times.tolist()])
    slope = np.array([(path.point(t + 5e-4) - path.point(t - 5e-4)) / 1e-3 for t in times.tolist()])
    assert np.abs(velocity - slope).max() < 1e-3 * np.abs(slope).max()


def test_the_published_steps():
    path = load_rig("mass_spring_damper").references["steps"]
    assert [path.position(t)[0] for t in (0.0, 6.65, 6.67, 13.3, 13.33, 19.9)] == [0.2, 0.2, 0.4, 0.4, 0.8, 0.8]
    assert not path.velocity(6.66).any()


def test_the_figure_of_eight_is_the_published_one():
    """z = a sin(t / w + pi), y = b sin(t / w) cos(t / w) with a = b = 25 mm and w = 150 steps of 8 ms."""
    path = load_rig("tendon").references["figure8"]
    full = path.approach_s + path.ramp_s
    for t in np.linspace(full, path.duration_s, 50).tolist():
        phase = (t - path.approach_s - path.ramp_s / 2) / (150 * 0.008)
        _, y, z = path.point(t)
        assert (y, z) == pytest.approx((25 * np.sin(phase) * np.cos(phase), 25 * np.sin(phase + np.pi)), abs=0.01)


def test_the_swirl_fills_the_published_box_but_for_its_floor():
    _, path, times, points = sampled("hasel", "swirl", 0.005)
    flown = points[times > path.approach_s]
    low, high = flown.min(axis=0), flown.max(axis=0)
    np.testing.assert_allclose(low, [-5.7, -6.6, 0.7], atol=0.5)
    np.testing.assert_allclose(high, [7.5, 4.7, 4.3], atol=0.5)


@pytest.mark.parametrize("reference", [reference for name, reference in EVERY if name == "tendon"])
def test_the_servos_reach_every_reference_of_the_arm(reference):
    """Inverse statics, with the hysteresis in both directions: the angles stay 20 deg from the ends of the range."""
    model, vehicle = TENDON.model, TENDON.model.vehicle
    pairs = np.array(model.pairs)
    for y, z in sampled("tendon", reference, 0.1)[3][:, 1:].tolist():
        aside = np.hypot(y, z) / 100.0
        bends = np.linspace(1e-9, 1.5, 3000)
        bend = np.interp(aside, (1 - np.cos(bends)) / bends, bends)
        q = bend * np.array([y, z]) / max(np.hypot(y, z), 1e-12)
        for side in (-1, 1):
            torque = vehicle.bending_n_m_rad * q - np.array(model._weight(tuple(q)))
            torque += side * vehicle.hysteresis_n_m_rad * vehicle.hysteresis_rad
            tension = np.linalg.solve(pairs.T, torque) / vehicle.tendon_offset_m
            wound = tension / vehicle.tendon_n_m + vehicle.tendon_offset_m * pairs @ q
            assert np.abs(np.degrees(wound / vehicle.pulley_m)).max() < 55.0


@pytest.mark.parametrize("reference", [reference for name, reference in EVERY if name == "hasel"])
def test_the_actuators_reach_every_reference_of_the_platform(reference):
    """Inverse statics with the creep that the path itself leaves behind: the marker misses it by 0.03 mm at most."""
    assert shortfall_mm(sampled("hasel", reference, 0.05)[3], 0.05).max() < 0.03


def test_the_floor_of_the_published_swirl_is_out_of_reach():
    """At z = 0 the shells still remember: without any voltage the marker stands above the path."""
    path = load_rig("hasel").references["swirl"]
    published = msgspec.structs.replace(path, centre=(0.9, -0.95, 2.15), amplitude=(6.6, 5.65, 2.15))
    points = np.array([published.point(t) for t in np.arange(0, published.duration_s, 0.05).tolist()])
    assert 0.1 < shortfall_mm(points, 0.05).max() < 1.0


def test_half_the_error_of_the_pid_is_out_of_reach_along_the_published_steps():
    """Along a jump the error is at least what is left of the way under full force, from rest on the level before."""
    model, path = MASS.model, MASS.rig.references["steps"]
    levels = [0.0, *(x for x, _, _ in path.points)]
    squares = 0.0
    for start, level in pairwise(levels):
        x = (start, 0.0, (model.stiffness + model.cubic * start**2) * start)
        while x[0] < level:
            squares += (level - x[0]) ** 2
            x = MASS.run([1.0], MASS.rig.period_s, x)
    assert np.sqrt(squares * MASS.rig.period_s / path.duration_s) > 1.3 * HALF_THE_PID_M


@pytest.mark.parametrize("reference", ["ramps", "sine"])
def test_the_actuator_reaches_the_smooth_references_of_the_mass(reference):
    """Inverse dynamics: the force that the path takes, and the command that makes it through the lag."""
    model, path, step = MASS.model, MASS.rig.references[reference], 1e-3
    times = np.arange(0.0, path.duration_s, step)
    x = np.array([path.point(t)[0] for t in times.tolist()])
    v = np.gradient(x, step)
    drag = model.damping * v + model.friction * np.tanh(v / model.friction_speed)
    force = model.mass * np.gradient(v, step) + drag + (model.stiffness + model.cubic * x**2) * x
    wanted = (force + model.lag * np.gradient(force, step)) / model.force
    assert np.abs(force / model.force).max() < 0.97
    assert np.quantile(np.abs(wanted), 0.999) < 1.0, "but for a few milliseconds where the sine's acceleration jumps"


def shortfall_mm(points, every_s):
    """Return how far the marker stays from each point (n,) with the best voltages, the creep following the heights."""
    model, vehicle = HASEL.model, HASEL.model.vehicle
    pressure = sys.modules[type(model).__module__].pressure
    feet = np.array(model.feet)
    shares = np.stack([np.ones(6), feet[:, 1] / 0.03, -feet[:, 0] / 0.03])
    crept, misses = np.array(model.rest()[12:]), []
    for x, y, z in (points * 1e-3).tolist():
        roll, pitch = (
            np.arcsin(-y / vehicle.mast_m),
            np.arcsin(x / vehicle.mast_m / np.sqrt(1 - (y / vehicle.mast_m) ** 2)),
        )
        level = z - vehicle.mast_m * (np.cos(roll) * np.cos(pitch) - 1)
        heights = level + feet[:, 1] * roll - feet[:, 0] * pitch
        needed = shares @ (vehicle.stiffness_n_m * heights + vehicle.creep_n_m * (heights - crept))
        most = vehicle.force_n * pressure(1.0, vehicle.saturation) * (1 - heights / vehicle.free_stroke_m)
        push = np.full(6, most.min() / 2)
        for _ in range(200):
            push = np.clip(push - 0.3 * shares.T @ ((shares @ push - needed) / [6, 3, 3]), 0.0, most)
        missing = (shares @ push - needed) / (vehicle.stiffness_n_m + vehicle.creep_n_m) / [6, 3, 3]
        misses.append(1e3 * np.linalg.norm(missing * [1, vehicle.mast_m / 0.03, vehicle.mast_m / 0.03]))
        crept = crept + (heights - crept) * (1 - np.exp(-every_s / vehicle.creep_s))
    return np.array(misses)
