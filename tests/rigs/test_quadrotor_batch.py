"""Many quadrotors at once are what each is alone, to the last bit, whatever else is in the batch."""

import sys

import numpy as np
import pytest

from nn4mc.errors import ConfigError, DeviceError
from nn4mc.hil.rig import create_reference, load_rig, perturbed

RIG = load_rig("quadrotor")
HOVER = create_reference(RIG, "hover")
EVERYTHING = {
    "force_n": (0.02, 0.0, -0.01),
    "wind_n": (0.05, 0.02, 0.0),
    "wind_start_s": 0.5,
    "wind_end_s": 2.0,
    "gust_n": (0.02, 0.01, 0.01),
    "payload_kg": 0.004,
    "payload_offset_m": (0.01, 0.005, -0.02),
    "rotor_gain": (1.0, 0.95, 1.0, 1.02),
    "propeller_thrust": 1.05,
    "propeller_torque": 0.9,
    "delay_ms": 14.0,
    "noise_position_m": 0.01,
    "noise_attitude_rad": 0.01,
    "noise_velocity_m_s": 0.02,
    "noise_rate_rad_s": 0.05,
}
NAMED = list(RIG.vehicles.values())
SAMPLED = [RIG.sample_vehicle(3, index) for index in range(4)]
PERTURBED = [perturbed(RIG, vehicle, EVERYTHING) for vehicle in [*NAMED, SAMPLED[0]]]
EACH_ALONE = [perturbed(RIG, NAMED[0], {name: EVERYTHING[name]}) for name in EVERYTHING]
ALL = NAMED + SAMPLED + PERTURBED + EACH_ALONE


def body(state):
    """The 17 numbers of a state, perturbed or not."""
    return getattr(state, "x", state)


def starts(vehicles, first=0):
    batch = RIG.create_batch(vehicles, RIG.period_s)
    return batch, batch.initial(HOVER, [np.random.default_rng(first + k) for k in range(len(vehicles))])


def commands(batch, steps):
    rng, trim = np.random.default_rng(1), batch.trim_command()
    for _ in range(steps):
        yield np.clip(trim + 0.05 * rng.normal(size=trim.shape), -1, 1).astype(np.float32)


def test_a_long_flight_of_every_vehicle_equals_the_scalar_plant():
    batch, state = starts(ALL)
    plants = [RIG.create_plant(vehicle, RIG.period_s) for vehicle in ALL]
    alone = [plant.initial(HOVER, np.random.default_rng(k)) for k, plant in enumerate(plants)]
    for command in commands(batch, 600):
        seen = np.array([plant.sensors(one) for plant, one in zip(plants, alone, strict=True)])
        assert np.abs(batch.sensors(state) - seen).max() < 1e-6
        state = batch.step(state, command)
        alone = [plant.step(one, row) for plant, one, row in zip(plants, alone, command, strict=True)]
    bodies = np.array([body(one) for one in alone])
    assert (np.abs(state.x - bodies) / np.maximum(1, np.abs(bodies))).max() < 1e-12
    assert batch.lost(state).tolist() == [plant.lost(one) for plant, one in zip(plants, alone, strict=True)]
    assert np.array_equal(
        batch.position(state), [plant.position(one) for plant, one in zip(plants, alone, strict=True)]
    )


def test_variables_and_trim_are_those_of_each_vehicle():
    clipped = perturbed(RIG, NAMED[1], {"position_clip_m": 0.5, "initial_action": -1.0})
    batch = RIG.create_batch([NAMED[0], clipped], RIG.period_s)
    plants = [RIG.create_plant(vehicle, RIG.period_s) for vehicle in (NAMED[0], clipped)]
    own, changed = (plant.variables() for plant in plants)
    assert (
        batch.variables()["initial_action"].tolist() == [own["initial_action"], -1.0]
        and changed["position_clip"] == 0.5
    )
    assert np.isnan(batch.variables()["position_clip"][0]) and batch.variables()["position_clip"][1] == 0.5
    assert np.array_equal(batch.trim_command(), [plant.trim_command() for plant in plants])


def test_no_bit_of_a_flight_depends_on_the_rest_of_the_batch():
    batch, state = starts(ALL)
    other, some = RIG.create_batch(ALL[-3:], RIG.period_s), None
    some = other.initial(HOVER, [np.random.default_rng(len(ALL) - 3 + k) for k in range(3)])
    for command in commands(batch, 100):
        assert np.array_equal(batch.sensors(state)[-3:], other.sensors(some))
        state, some = batch.step(state, command), other.step(some, command[-3:])
    assert np.array_equal(state.x[-3:], some.x)


def test_sensors_without_noise_read_the_very_state_beside_some_with_noise():
    """In float64: the rounding to float32 hides all but one in a hundred million such differences."""
    read = sys.modules[type(RIG.create_batch(NAMED, RIG.period_s)).__module__.replace(".batch", ".sensing")].read
    noisy = perturbed(RIG, NAMED[0], {"noise_position_m": 0.01})
    batch, state = starts([NAMED[0], noisy])
    for command in commands(batch, 50):
        clean, other = read(batch._sensing, state.past, state.seeds, state.step)
        assert np.array_equal(clean, state.x[0, :13]) and not np.array_equal(other, state.x[1, :13])
        state = batch.step(state, command)


def test_a_start_is_that_of_its_seed_wherever_it_stands():
    _, forwards = starts([NAMED[0]] * 5)
    batch = RIG.create_batch([NAMED[0]] * 5, RIG.period_s)
    backwards = batch.initial(HOVER, [np.random.default_rng(k) for k in (4, 3, 2, 1, 0)])
    assert np.array_equal(forwards.x, backwards.x[::-1])
    assert len({tuple(row) for row in forwards.x.tolist()}) == 5


def test_a_batch_has_one_call_rate():
    fast = perturbed(RIG, NAMED[0], {"call_rate_hz": 400.0})
    with pytest.raises(ConfigError, match="one call rate"):
        RIG.create_batch([NAMED[0], fast], RIG.period_s)
    assert RIG.create_batch([fast, fast], RIG.period_s).period_s == 1 / 400


def test_a_command_that_is_not_finite_is_refused():
    batch, state = starts(NAMED)
    command = batch.trim_command().copy()
    command[3, 1] = np.nan
    with pytest.raises(DeviceError, match="not finite"):
        batch.step(state, command)


def test_a_parked_vehicle_rests_and_the_others_fly_on():
    batch, state = starts(NAMED)
    parked = batch.park(state, np.arange(len(NAMED)) == 2)
    assert np.array_equal(np.delete(parked.x, 2, axis=0), np.delete(state.x, 2, axis=0))
    assert parked.x[2, :13].tolist() == [0, 0, 0, 1, *[0] * 9]
