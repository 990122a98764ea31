"""The quadrotor's equations against a second implementation, and against what physics says must hold."""

import math

import numpy as np
import pytest
from float_policy import rotation_matrix
from msgspec.structs import replace

from nn4mc.errors import DeviceError
from nn4mc.hil.rig import create_plant, create_reference, load_rig

RIG = load_rig("quadrotor")
GRAVITY = np.array([0.0, 0.0, -9.81])
YAW_SIGNS = np.array([-1.0, 1.0, -1.0, 1.0])
SIDES = np.array([[1, -1, 0], [-1, -1, 0], [-1, 1, 0], [1, 1, 0]])  # front right, back right, back left, front left
FRONT_RIGHT, BACK_RIGHT, BACK_LEFT, FRONT_LEFT = range(4)


def derivative(state, setpoint, vehicle):
    """Newton and Euler in vectors: shares nothing with the plant but the table of numbers."""
    q, v, w, rotor = state[3:7], state[7:10], state[10:13], state[13:17]
    inertia = np.diag(vehicle.inertia_kg_m2)
    thrust = np.polynomial.polynomial.polyval(rotor, vehicle.thrust_n)
    forces = np.outer(thrust, [0, 0, 1])
    arms = SIDES * np.array([*vehicle.arm_m, 0])
    torque = np.cross(arms, forces).sum(axis=0)
    torque[2] += YAW_SIGNS @ thrust * vehicle.torque_m
    acceleration = rotation_matrix(q) @ forces.sum(axis=0) / vehicle.mass_kg + GRAVITY
    spin = np.linalg.solve(inertia, torque - np.cross(w, inertia @ w))
    turning = 0.5 * np.array([-q[1:] @ w, *(q[0] * w + np.cross(q[1:], w))])
    time_constant = np.where(setpoint >= rotor, vehicle.rotor_up_s, vehicle.rotor_down_s)
    return np.concatenate([v, turning, acceleration, spin, (setpoint - rotor) / time_constant])


def step(state, command, vehicle, h):
    low, high = vehicle.rotor_range
    setpoint = low + (np.clip(command, -1, 1) + 1) / 2 * (high - low)
    k1 = derivative(state, setpoint, vehicle)
    k2 = derivative(state + h / 2 * k1, setpoint, vehicle)
    k3 = derivative(state + h / 2 * k2, setpoint, vehicle)
    k4 = derivative(state + h * k3, setpoint, vehicle)
    after = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    after[3:7] /= np.linalg.norm(after[3:7])
    after[13:17] = np.clip(after[13:17], low, high)
    return after


def start(name, **changes):
    """A plant, and its state at rest at the origin with hovering rotors, changed in places."""
    plant = create_plant(RIG, name)
    state = list(plant.initial(create_reference(RIG, "lissajous"), np.random.default_rng(0)))
    for first, values in changes.values():
        state[first : first + len(values)] = values
    return plant, tuple(state)


def run(plant, state, command, steps):
    for _ in range(steps):
        state = plant.step(state, np.array(command, np.float32))
    return np.array(state)


@pytest.mark.parametrize("name", RIG.vehicles)
def test_a_step_equals_an_independent_implementation(name):
    plant, vehicle, rng = create_plant(RIG, name), RIG.vehicles[name], np.random.default_rng(7)
    scale = np.array([1.0] * 13 + [vehicle.rotor_range[1]] * 4)
    for _ in range(50):
        state = plant.initial(create_reference(RIG, "hover"), rng)
        command = rng.uniform(-1.3, 1.3, 4).astype(np.float32)
        expected = step(np.array(state), command.astype(float), vehicle, RIG.period_s)
        assert np.abs((np.array(plant.step(state, command)) - expected) / scale).max() < 1e-11


@pytest.mark.parametrize("name", RIG.vehicles)
def test_a_step_is_close_to_the_true_solution(name):
    """1,000 steps of 10 us stand for the exact solution of the 10 ms."""
    plant, vehicle, rng = create_plant(RIG, name), RIG.vehicles[name], np.random.default_rng(8)
    state = plant.initial(create_reference(RIG, "hover"), rng)
    command = np.array([0.5, -0.2, 0.1, -0.6], np.float32)
    exact = np.array(state)
    for _ in range(1000):
        exact = step(exact, command.astype(float), vehicle, RIG.period_s / 1000)
    error, change = np.array(plant.step(state, command)) - exact, exact - state
    assert np.abs(error[:13]).max() < 3e-3 * np.abs(change[:13]).max()


@pytest.mark.parametrize("name", RIG.vehicles)
def test_the_trim_command_keeps_the_vehicle_where_it_is(name):
    plant, state = start(name)
    after = run(plant, state, plant.trim_command(), 100)
    assert np.abs(after[:13] - state[:13]).max() < 1e-4


@pytest.mark.parametrize(
    ("thrust_n", "mass_kg", "trim"),
    [
        ((0.0, 0.0, 15.0), 20.0, 1.0),  # 60 N do not carry 196 N
        ((0.0, 20.0, -10.0), 20.0, 1.0),  # nor at the top of a curve that bends down
        ((0.0, -1.0, 0.0), 0.1, 1.0),  # nor when faster means less
        ((5.0, 0.0, 1.0), 1.0, -1.0),  # 20 N at the slowest carry more than 9.8 N
    ],
)
def test_a_vehicle_that_cannot_hover_is_trimmed_to_an_end_of_its_range(thrust_n, mass_kg, trim):
    vehicle = replace(RIG.vehicles["x500_real"], thrust_n=thrust_n, mass_kg=mass_kg)
    plant = RIG.create_plant(vehicle, RIG.period_s)
    assert plant.trim_command().tolist() == [trim] * 4
    assert plant.variables() == {"initial_action": trim}


@pytest.mark.parametrize(
    ("faster", "rate", "velocity"),
    [
        ((BACK_LEFT, FRONT_LEFT), (10, 1), (8, -1)),  # left side up: rolls to the right, flies right (-y)
        ((BACK_LEFT, BACK_RIGHT), (11, 1), (7, 1)),  # tail up: nose down, flies forward (+x)
        ((BACK_RIGHT, FRONT_LEFT), (12, 1), None),  # the pair of yaw sign +1 turns to the left
    ],
)
def test_faster_motors_turn_the_vehicle_the_right_way(faster, rate, velocity):
    plant, state = start("x500_real")
    command = plant.trim_command()
    command[list(faster)] += 0.05
    command[[motor for motor in range(4) if motor not in faster]] -= 0.05
    after = run(plant, state, command, 20)
    index, sign = rate
    others = [axis for axis in (10, 11, 12) if axis != index]
    assert sign * after[index] > 0.05
    assert np.abs(after[others]).max() < 1e-6
    if velocity:
        assert velocity[1] * after[velocity[0]] > 1e-3


def test_without_thrust_it_falls_freely_and_keeps_its_angular_momentum_and_energy():
    """The x500's thrust curve has no constant term, so that stopped rotors make no force and no torque."""
    plant, state = start("x500_real", rotor=(13, [0.0] * 4), spin=(10, [3.0, -2.0, 4.0]))
    inertia = np.diag(RIG.vehicles["x500_real"].inertia_kg_m2)
    after = run(plant, state, [-1.0] * 4, 100)

    def momentum(s):
        return rotation_matrix(np.array(s[3:7])) @ inertia @ s[10:13]

    assert after[2] == pytest.approx(-9.81 / 2, rel=1e-12)
    assert momentum(after) == pytest.approx(momentum(state), rel=1e-5)
    assert after[10:13] @ inertia @ after[10:13] == pytest.approx(np.dot(np.square(state[10:13]), np.diag(inertia)))


@pytest.mark.parametrize(("command", "constant"), [(1.0, "rotor_up_s"), (-1.0, "rotor_down_s")])
def test_rotors_follow_their_first_order_lag(command, constant):
    plant, state = start("crazyflie", rotor=(13, [0.5] * 4))
    after = run(plant, state, [command] * 4, 5)
    lag = math.exp(-0.05 / getattr(RIG.vehicles["crazyflie"], constant))
    target = (command + 1) / 2
    assert after[13:17] == pytest.approx([target + (0.5 - target) * lag] * 4, rel=1e-4)


def test_commands_outside_their_range_count_as_its_ends():
    plant, state = start("arpl")
    assert plant.step(state, np.array([9, -9, 1, -1], np.float32)) == plant.step(
        state, np.array([1, -1, 1, -1], np.float32)
    )


def test_a_command_that_is_not_finite_is_refused():
    plant, state = start("arpl")
    with pytest.raises(DeviceError, match="not finite"):
        plant.step(state, np.array([0, np.nan, 0, 0], np.float32))


def test_lost_is_outside_a_box_of_50_m():
    plant, inside = start("soft", position=(0, [25.0, -25.0, 25.0]))
    _, outside = start("soft", position=(0, [0.0, -25.1, 0.0]))
    _, broken = start("soft", position=(0, [math.nan, 0.0, 0.0]))
    assert [plant.lost(state) for state in (inside, outside, broken)] == [False, True, True]


def test_random_starts_are_repeatable_and_within_their_bounds():
    plant, hover = create_plant(RIG, "mrs"), create_reference(RIG, "hover")
    states = np.array([plant.initial(hover, np.random.default_rng(seed)) for seed in range(200)])
    tilt = np.degrees(np.arccos([rotation_matrix(state[3:7])[2, 2] for state in states]))
    assert np.array_equal(states[3], plant.initial(hover, np.random.default_rng(3)))
    assert np.abs(states[:, 0:3]).max() <= 0.5
    assert np.abs(states[:, 7:13]).max() <= 1.0
    assert tilt.max() <= 90.0
    assert tilt.max() > 60.0
    assert states[:, 13:].min() >= 0.0
    assert 900.0 < states[:, 13:].max() <= 1000.0
