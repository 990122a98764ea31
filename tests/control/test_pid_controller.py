"""The PID in C, step by step: it agrees with float64 and with numbers by hand, and is safe for any bits."""

from dataclasses import replace

import numpy as np
import pytest
from pids import CRANE, RIGS, build, rig_pid, wander

from nn4mc.api import compile_pid
from nn4mc.control.pid import PidReference, check_pid, known_variables, resolved_variables
from nn4mc.errors import ConfigError
from nn4mc.hil.protocol import Mode

OK, SENSORS, REFERENCE = 0, -3, -4


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Every PID under test, by name."""
    pids = {"crane": CRANE, **{name: rig_pid(name) for name in RIGS}}
    return {name: build(pid, tmp_path_factory.mktemp(name)) for name, pid in pids.items()}


@pytest.mark.parametrize("name", ["crane", *RIGS])
@pytest.mark.parametrize("changes", [{}, {"rate_limit": 0.02, "derivative_weight": 0.0, "tracking_rate": 50.0}])
def test_agrees_with_float64_over_a_long_walk(built, name, changes):
    """Saturated stretches included: what limits take is fed back, so that a wrong anti-windup shows."""
    one = built[name]
    twin, reference = one.twin(stuck_steps=0.0, **changes), PidReference(one.pid)
    reference.values.update(changes)
    sensors, wanted = wander(one.pid, 1500, seed=3)
    commands = np.array([twin.step(s, r).command for s, r in zip(sensors, wanted, strict=True)])
    expected = np.array(
        [reference.step(s, r) for s, r in zip(sensors.astype(float), wanted.astype(float), strict=True)]
    )
    span = np.array(one.pid.maximum) - np.array(one.pid.minimum)
    assert np.abs((commands - expected) / span).max() < 2e-5
    assert np.ptp(expected / span, axis=0).max() > 0.03


def test_a_proportional_step_by_hand(built):
    """Error (0.5, 1.0): v = (0.6, 0.4), commands = trim + A v = (0.1 + 0.8, -0.2 + 0.1, 1 + 0.2)."""
    twin = built["crane"].twin(ki_a=0.0, ki_b=0.0, kd_a=0.0)
    command = twin.step(np.float32([9.0, 1.0, 2.0]), np.float32([1.5, 3.0, -7.0])).command
    np.testing.assert_allclose(command, [0.9, -0.1, 1.2], rtol=1e-6)


def test_the_integral_adds_up_the_error_from_the_next_step_on(built):
    twin = built["crane"].twin(kp_a=0.0, kp_b=0.0, kd_a=0.0, ki_b=0.0)
    first = [twin.step(np.float32([0, 0, 0]), np.float32([0.1, 0, 0])).command[0] for _ in range(3)]
    np.testing.assert_allclose(first, [0.1, 0.103, 0.106], rtol=1e-5)


def test_the_derivative_goes_through_its_filter(built):
    """A ramp of 0.1 a second: the filtered slope nears 0.1 with the time constant 0.03 + 0.01."""
    twin = built["crane"].twin(kp_a=0.0, ki_a=0.0, kp_b=0.0, ki_b=0.0, kd_a=1.0)
    steps = [twin.step(np.float32([0, -0.001 * k, 0]), np.float32([0, 0, 0])).command[0] - 0.1 for k in range(200)]
    assert steps[0] == pytest.approx(0.0, abs=1e-7)
    assert steps[1] == pytest.approx(0.001 / 0.04, rel=1e-4)
    assert steps[-1] == pytest.approx(0.1, rel=1e-3)


def test_back_calculation_lets_a_saturated_command_come_back_at_once(built):
    """After 5 s at the limit, the command leaves it within a few steps of the error's change of sign; without, not."""

    def steps_at_the_limit_after(tracking_rate):
        twin = built["crane"].twin(kd_a=0.0, kp_b=0.0, ki_b=0.0, tracking_rate=tracking_rate)
        for _ in range(500):
            twin.step(np.float32([0, 0, 0]), np.float32([2.0, 0, 0]))
        commands = [twin.step(np.float32([0, 0, 0]), np.float32([-0.1, 0, 0])).command[0] for _ in range(500)]
        return int(np.argmax(np.array(commands) < 1.0))

    assert steps_at_the_limit_after(50.0) <= 2
    assert steps_at_the_limit_after(0.0) > 100


def test_gains_set_while_running_act_at_once(built):
    twin = built["crane"].twin()
    rest = np.float32([0, 0, 0]), np.float32([0.2, 0, 0])
    twin.step(*rest)
    twin.set_variables({"kp_a": 0.0, "ki_a": 0.0, "kd_a": 0.0, "kp_b": 0.0, "ki_b": 0.0})
    later = [twin.step(*rest).command[0] for _ in range(3)]
    assert later[0] == pytest.approx(0.1 + 0.01 * 3.0 * 0.2, rel=1e-5), "what the integral holds stays"
    assert later[0] == later[2]


def test_holds_then_ramps_to_the_safe_command_then_recovers_without_a_kick(built):
    twin = built["crane"].twin(hold_steps=3.0, safe_rate=0.25, kd_a=1.0)
    good, lost = np.float32([0, 0.1, 0.1]), np.float32([0, np.nan, 0.1])
    before = twin.step(good, np.float32([0.2, 0, 0])).command
    for _ in range(3):
        held = twin.step(lost, np.float32([0.2, 0, 0]))
        assert (held.status, held.mode) == (SENSORS, Mode.HOLDING)
        np.testing.assert_array_equal(held.command, before)
    safe = [twin.step(lost, np.float32([0.2, 0, 0])) for _ in range(20)]
    assert {step.mode for step in safe} == {Mode.SAFE}
    np.testing.assert_array_equal(safe[-1].command, np.float32(CRANE.safe))
    back = twin.step(np.float32([0, 0.5, 0.1]), np.float32([0.6, 0, 0]))
    assert (back.status, back.mode) == (OK, Mode.TRACKING)
    assert back.command[0] == pytest.approx(0.1 + 1.2 * 0.1 - 0.5 * 0.4 * 0.1, abs=0.02), "no derivative over the gap"


def test_a_sensor_that_repeats_itself_is_refused_after_the_stated_steps(built):
    twin = built["crane"].twin(stuck_steps=4.0, hold_steps=100.0)
    moving = [np.float32([0, 0.001 * k, 0.25]) for k in range(8)]
    statuses = [twin.step(words, np.float32([0, 0, 0])).status for words in moving]
    assert statuses == [OK] * 4 + [SENSORS] * 4, "word 2 has repeated four times with the fifth step"
    assert twin.step(np.float32([0, 0.01, 0.26]), np.float32([0, 0, 0])).status == OK


def test_sensors_that_no_loop_reads_may_be_anything(built):
    twin = built["crane"].twin()
    assert twin.step(np.float32([np.nan, 0, 0]), np.float32([0, 0, 0])).status == OK
    assert twin.step(np.float32([0, 0, 0]), np.float32([0, 0, np.inf])).status == REFERENCE


@pytest.mark.parametrize("name", ["crane", "hasel"])
@pytest.mark.parametrize("extreme", ["initial", "minimum", "maximum"])
def test_commands_are_finite_and_within_limits_and_rate_for_any_bits(built, name, extreme):
    pid = built[name].pid
    values = {variable.name: getattr(variable, extreme) for variable in resolved_variables(pid)}
    twin = built[name].twin(**values)
    rng = np.random.default_rng(5)
    sensor_len, reference_len, steps = sum(pid.sensors.values()), sum(pid.reference.values()), 10_000
    rows = rng.integers(0, 2**32, (steps, sensor_len + reference_len), np.uint32)
    finite = rng.random(steps) < 0.7
    rows[finite] &= np.uint32(0xBFFFFFFF)  # no exponent of NaN or Inf
    rows[finite] |= np.uint32(0x20000000)
    rows[rng.random(steps) < 0.2] |= np.uint32(0x40000000)
    words, before = rows.view(np.float32), np.float32(pid.trim)
    low, high = np.float32(pid.minimum), np.float32(pid.maximum)
    statuses = set()
    for row in words:
        done = twin.step(row[:sensor_len], row[sensor_len:])
        statuses.add(done.status)
        assert np.isfinite(done.command).all()
        assert ((done.command >= low) & (done.command <= high)).all()
        if done.status == OK:
            assert (np.abs(done.command - before) <= values["rate_limit"] + 1e-6).all()
        before = done.command
    assert {OK, SENSORS} <= statuses or extreme == "maximum"


@pytest.mark.parametrize("name", ["crane", *RIGS])
def test_the_self_test_passes_and_sees_a_changed_gain(built, name, tmp_path):
    twin = built[name].twin()
    assert twin.selftest() <= twin.selftest_limit
    folder = tmp_path / "c"
    compile_pid(built[name].pid).write(folder)
    source = (folder / "controller.c").read_text()
    first = next(line for line in source.splitlines() if '"kp_' in line and ", 0.0f}" not in line)
    initial = float(first.rsplit(", ", 1)[1].rstrip("f},"))
    changed = source.replace(first, first.replace(f"{initial}f", f"{initial * 1.01}f"))
    (folder / "controller.c").write_text(changed)
    from nn4mc.hil.twin import Twin, build_twin

    assert Twin(build_twin(folder, tmp_path / "twin")).selftest() > twin.selftest_limit


def test_the_self_test_is_of_the_compiled_gains_whatever_was_set(built):
    assert built["crane"].twin(kp_a=9.0).selftest() == built["crane"].twin().selftest()


def test_the_identity_changes_with_every_number():
    plain = compile_pid(CRANE)
    assert compile_pid(CRANE).files == plain.files
    for changed in (
        replace(CRANE, variables={**CRANE.variables, "kp_a": 1.21}),
        replace(CRANE, trim=(0.1, -0.2, 1.01)),
        replace(CRANE, period_s=0.02),
    ):
        assert compile_pid(changed).sha256 != plain.sha256


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measured": ("speed",)}, "1 words, expected 2"),
        ({"wanted": ("target",)}, r"no reference \['target'\]"),
        ({"trim": (0.0, 0.0)}, "trim has 2 entries, expected 3"),
        ({"trim": (0.0, 0.0, 9.0)}, "trim .* outside"),
        ({"allocation": ((1.0,), (1.0,), (1.0,))}, "every row of allocation needs 2"),
        ({"error_limit": (0.0, 1.0)}, "above 0"),
        ({"allocation": ((1e9, 0.0), (0.0, 1.0), (0.0, 0.0))}, "is above 1e"),
        ({"variables": {"kp_c": 1.0}}, "'kp_c' is not known"),
        ({"variables": {"kp_a": -1.0}}, "'kp_a' is -1.0, expected 0"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        compile_pid(replace(CRANE, **changes))


def test_every_variable_has_its_initial_value_within_its_bounds():
    check_pid(CRANE)
    for variable in known_variables(CRANE):
        assert variable.minimum <= variable.initial <= variable.maximum
        assert len(variable.unit) < 8
