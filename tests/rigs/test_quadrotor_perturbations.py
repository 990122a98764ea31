"""Each perturbation against what physics or statistics says it must do."""

import math

import msgspec
import numpy as np
import pytest
from float_policy import rotation_matrix

from nn4mc.errors import ConfigError
from nn4mc.hil.mismatch import parse_mismatch
from nn4mc.hil.rig import create_plant, create_reference, load_rig, perturbed

RIG = load_rig("quadrotor")
FIGURE = create_reference(RIG, "lissajous")
HOVER = create_reference(RIG, "hover")
GRAVITY = np.array([0.0, 0.0, -9.81])
SIDES = np.array([[1, -1, 0], [-1, -1, 0], [-1, 1, 0], [1, 1, 0]])


def plant_of(name="x500_real", **mismatch):
    return RIG.create_plant(perturbed(RIG, RIG.vehicles[name], mismatch), RIG.period_s)


def fall(plant, command, steps, seed=0, reference=FIGURE):
    state = plant.initial(reference, np.random.default_rng(seed))
    for _ in range(steps):
        state = plant.step(state, np.array(command, np.float32))
    return state


def derivative(state, setpoint, vehicle, force):
    """Newton and Euler for the vehicle and its payload as two bodies: shares only the table of numbers."""
    change, q, v, w, rotor = vehicle.mismatch, state[3:7], state[7:10], state[10:13], state[13:17]
    masses = np.array([vehicle.mass_kg, change.payload_kg])
    places = np.array([np.zeros(3), change.payload_offset_m])
    centre = masses @ places / masses.sum()
    inertia = np.diag(vehicle.inertia_kg_m2).astype(float)
    for mass, place in zip(masses, places - centre, strict=True):
        inertia += mass * (place @ place * np.eye(3) - np.outer(place, place))
    thrust = np.polynomial.polynomial.polyval(rotor, vehicle.thrust_n)
    thrust = thrust * change.rotor_gain * change.propeller_thrust
    arms = SIDES * np.array([*vehicle.arm_m, 0]) - centre
    torque = np.cross(arms, np.outer(thrust, [0, 0, 1])).sum(axis=0)
    torque[2] += np.array([-1, 1, -1, 1]) @ thrust * vehicle.torque_m * change.propeller_torque
    lift = rotation_matrix(q) @ [0, 0, thrust.sum()]
    spin = np.linalg.solve(inertia, torque - np.cross(w, inertia @ w))
    turning = 0.5 * np.array([-q[1:] @ w, *(q[0] * w + np.cross(q[1:], w))])
    constant = np.where(setpoint >= rotor, vehicle.rotor_up_s, vehicle.rotor_down_s)
    return np.concatenate([v, turning, (lift + force) / masses.sum() + GRAVITY, spin, (setpoint - rotor) / constant])


@pytest.mark.parametrize("name", RIG.vehicles)
def test_load_rotors_and_propellers_as_two_bodies_say(name):
    vehicle = RIG.vehicles[name]
    change = {
        "payload_kg": 0.2 * vehicle.mass_kg,
        "payload_offset_m": (0.03, -0.02, -0.05),
        "rotor_gain": (1.0, 0.8, 1.1, 0.9),
        "propeller_thrust": 0.9,
        "propeller_torque": 1.2,
        "force_n": (0.1, -0.2, 0.3),
    }
    plant, changed = plant_of(name, **change), perturbed(RIG, vehicle, change)
    low, high = vehicle.rotor_range
    rng = np.random.default_rng(4)
    for seed in range(5):
        start, command = plant.initial(HOVER, np.random.default_rng(seed)), rng.uniform(-1, 1, 4).astype(np.float32)
        x, u, h = np.array(start.x), low + (command.astype(float) + 1) / 2 * (high - low), RIG.period_s

        def f(s, u=u, changed=changed):
            return derivative(s, u, changed, np.array(change["force_n"]))

        k1 = f(x)
        k2 = f(x + h / 2 * k1)
        k3 = f(x + h / 2 * k2)
        k4 = f(x + h * k3)
        wanted = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        wanted[3:7] /= np.linalg.norm(wanted[3:7])
        scale = np.array([1.0] * 13 + [high] * 4)
        assert np.abs((plant.step(start, command).x - wanted) / scale)[:13].max() < 1e-10


def test_a_constant_force_accelerates_by_newton():
    plant = plant_of(force_n=(4.0, -2.0, 1.0))
    x = np.array(fall(plant, plant.trim_command(), 100).x)
    assert x[7:10] == pytest.approx([2.0, -1.0, 0.5], abs=1e-4)  # 2 kg for one second


def test_wind_blows_from_its_start_to_its_end():
    plant = plant_of(wind_n=(2.0, 0.0, 0.0), wind_start_s=0.2, wind_end_s=0.5)
    state = plant.initial(FIGURE, np.random.default_rng(0))
    blown = []
    for _ in range(100):
        blown.append(plant.force(state)[0])
        state = plant.step(state, plant.trim_command())
    assert np.flatnonzero(blown).tolist() == list(range(20, 50))
    assert state.x[7] == pytest.approx(0.3, abs=1e-5)


def test_gusts_have_the_stated_deviation_and_correlation_at_every_time():
    plant = plant_of(gust_n=(3.0, 1.0, 0.0), gust_time_s=0.5)
    states = [plant.initial(FIGURE, np.random.default_rng(seed)) for seed in range(3000)]
    lag = 25  # calls, half the correlation time
    early, late = (
        np.array([plant.force(type(s)(s.x, s.seed, k, s.past, s.gusts)) for s in states]) for k in (40, 40 + lag)
    )
    assert np.abs(early.mean(axis=0)).max() < 4 * 3.0 / math.sqrt(3000)
    assert early.std(axis=0) == pytest.approx([3.0, 1.0, 0.0], rel=0.06)
    correlation = (early[:, 0] * late[:, 0]).mean() / 9.0
    assert correlation == pytest.approx(math.exp(-0.25 / 0.5), abs=0.07)


def test_gusts_are_the_same_at_every_call_rate():
    slow, fast = plant_of(gust_n=(1.0, 1.0, 1.0)), plant_of(gust_n=(1.0, 1.0, 1.0), call_rate_hz=400.0)
    a, b = fall(slow, slow.trim_command(), 30), fall(fast, fast.trim_command(), 120)
    assert np.allclose(slow.force(a), fast.force(b), rtol=1e-12)


@pytest.mark.parametrize(
    ("delay_ms", "rate"), [(0.0, 100), (20.0, 100), (14.0, 100), (50.0, 100), (7.5, 400), (50.0, 2500)]
)
def test_sensors_read_what_was_a_delay_ago(delay_ms, rate):
    """Free fall from rest: the height tells the time. Between two calls the reading is on the straight line."""
    plant = plant_of("x500_real", delay_ms=delay_ms, call_rate_hz=float(rate))
    state = plant.initial(FIGURE, np.random.default_rng(0))
    for k in range(30 * rate // 100):
        seen_s = max(0.0, k / rate - delay_ms / 1000)
        assert plant.sensors(state)[2] == pytest.approx(height(seen_s, 1 / rate), abs=1e-6)
        state = stopped(plant, state)


def stopped(plant, state):
    """One call of free fall: the rotors are taken out, so that gravity acts alone."""
    x = plant.step(state, np.full(4, -1.0, np.float32)).x
    fallen = list(x)
    moment = (state.step + 1) * plant.period_s
    fallen[2], fallen[9] = -9.81 / 2 * moment**2, -9.81 * moment
    new = plant.step(state, np.full(4, -1.0, np.float32))
    return type(new)(tuple(fallen), new.seed, new.step, (np.array([fallen]), *new.past[1:]), new.gusts)


def height(time_s, period_s):
    """Free fall, straight between two calls."""
    before = math.floor(time_s / period_s + 1e-9) * period_s
    low, high = -9.81 / 2 * before**2, -9.81 / 2 * (before + period_s) ** 2
    return low + (high - low) * (time_s - before) / period_s


def test_noise_has_the_stated_deviation_and_the_quaternion_stays_one():
    plant = plant_of(noise_position_m=0.1, noise_attitude_rad=0.02, noise_velocity_m_s=0.3, noise_rate_rad_s=0.4)
    state = plant.initial(HOVER, np.random.default_rng(0))
    read = np.array([plant.sensors(type(state)(state.x, state.seed, k, state.past, None)) for k in range(4000)], float)
    error = read - np.array(state.x[:13])
    assert error[:, 0:3].std(axis=0) == pytest.approx(0.1, rel=0.05)
    assert error[:, 7:10].std(axis=0) == pytest.approx(0.3, rel=0.05)
    assert error[:, 10:13].std(axis=0) == pytest.approx(0.4, rel=0.05)
    assert np.linalg.norm(read[:, 3:7], axis=1) == pytest.approx(1.0, abs=1e-6)
    true = rotation_matrix(np.array(state.x[3:7]))
    turned = [true.T @ rotation_matrix(row) for row in read[:, 3:7]]
    angles = np.array([[r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]] for r in turned]) / 2
    assert angles.std(axis=0) == pytest.approx(0.02, rel=0.05)


def test_noise_and_start_are_repeatable_and_noise_leaves_the_start_alone():
    noisy, plain = plant_of(noise_position_m=0.1), plant_of()
    first, again = (fall(noisy, noisy.trim_command(), 70, seed=9, reference=HOVER) for _ in range(2))
    other = fall(noisy, noisy.trim_command(), 70, seed=8, reference=HOVER)
    assert np.array_equal(noisy.sensors(first), noisy.sensors(again))
    assert not np.array_equal(
        noisy.sensors(first) - first.past[0][0, :13], noisy.sensors(other) - other.past[0][0, :13]
    )
    assert noisy.initial(HOVER, np.random.default_rng(9)).x == plain.initial(HOVER, np.random.default_rng(9))


@pytest.mark.parametrize(("rate", "substeps"), [(50.0, 2), (100.0, 1), (400.0, 1), (2500.0, 1)])
def test_a_call_rate_sets_the_period_and_no_step_is_longer_than_in_training(rate, substeps):
    plant = plant_of(call_rate_hz=rate)
    assert plant.period_s == 1 / rate
    assert plant.substeps == substeps
    after = fall(plant, [0.3] * 4, round(0.5 * rate)).x
    reference = fall(plant_of(), [0.3] * 4, 50)
    assert np.abs(np.array(after) - np.array(reference)).max() < 2e-5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("delay_ms=51", "delay_ms"),
        ("rotor_gain=1:1:1", "rotor_gain"),
        ("call_rate_hz=10", "call_rate_hz"),
        ("noise_attitude_rad=-1", "noise_attitude_rad"),
        ("mass=2", "Knobs: force_n"),
        ("force_n=x", "is a number"),
    ],
)
def test_a_wrong_perturbation_is_answered(text, words):
    with pytest.raises(ConfigError, match=words):
        create_plant(RIG, "soft", parse_mismatch(text))


def test_a_file_holds_a_perturbation(tmp_path):
    (tmp_path / "px4.toml").write_text("position_clip_m = 0.5\nforce_n = [0, 0, 1]\n")
    plant = create_plant(RIG, "soft", parse_mismatch(f"@{tmp_path / 'px4.toml'}"))
    assert plant.variables()["position_clip"] == 0.5
    assert plant.force(plant.initial(FIGURE, np.random.default_rng(0))).tolist() == [0, 0, 1]
    with pytest.raises(ConfigError, match="cannot be read"):
        parse_mismatch(f"@{tmp_path / 'none.toml'}")


def test_a_vehicle_may_have_a_perturbation_of_its_own_in_the_rigs_file():
    own = msgspec.convert(
        {**msgspec.to_builtins(RIG.vehicles["soft"]), "mismatch": {"payload_kg": 0.1}}, type(RIG.vehicles["soft"])
    )
    assert RIG.create_plant(own, 0.01).rigid.body.mass_kg == pytest.approx(1.07)
