"""The predictive controller in C: it agrees with float64, corrects its model, bridges, holds, recovers, is set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn4mc.api import compile_nmpc
from nn4mc.control import nmpc_reference
from nn4mc.control.nmpc import REPORTS, BarrierBox, known_variables
from nn4mc.control.nmpc_reference import NmpcReference
from nn4mc.control.objective import cost
from nn4mc.errors import ConfigError, UnsupportedError
from nn4mc.forward_model import ForwardModel
from nn4mc.hil.protocol import Mode
from nn4mc.importers.builder import GraphBuilder
from tests.control.nmpcs import (
    SOURCE,
    Built,
    build,
    controller,
    feedforward,
    forward_model,
    gru,
    hasel,
    recurrent,
    tendon,
    wander,
)

OK, SENSORS, REFERENCE = 0, -3, -4
SETTLED = 2e-3
"""Of a range of 1: what two solutions may differ by where float32 cannot tell that the cost still falls."""
INDISTINCT = 5e-7
"""Costs of some ten rounded terms that differ by this share may be in either order in float32."""

VARIANTS = {
    "tendon": tendon,
    "hasel": hasel,
    "gru": gru,
    "gru, newton, moves and rate": lambda: gru(4, moves=3, method="newton", variables={"rate_limit": 0.05}),
    "lstm": lambda: controller(forward_model(recurrent("lstm", 9, 4, 2), 2, 2, 2, 2, 1), 3, moves=2, first_step=2),
    "rnn": lambda: controller(forward_model(recurrent("rnn", 6, 5, 2), 1, 2, 2, 2, 0), 3),
    "gru before": lambda: controller(
        forward_model(recurrent("gru", 6, 5, 2, reset_after=False), 1, 2, 2, 2, 0), 2, wanted_rate=()
    ),
    "silu": lambda: controller(forward_model(feedforward((7, 6, 2), activation="silu"), 2, 2, 1, 2, 1), 5, moves=4),
    "gelu, newton": lambda: controller(
        forward_model(feedforward((7, 6, 2), activation="gelu"), 2, 2, 1, 2, 1), 3, method="newton", moves=2
    ),
    "selu, barrier": lambda: controller(
        forward_model(feedforward((7, 6, 2), activation="selu"), 2, 2, 1, 2, 1),
        3,
        barrier=BarrierBox(1e-2, (1.2,), (0.0,)),
    ),
    "one output, wide": lambda: controller(forward_model(feedforward((4, 23, 1)), 1, 3, 1, 1, 0), 6, moves=6),
}


def closest_call(costs: list[float]) -> float:
    """Return the least relative difference of two costs of a step that are not one and the same."""
    together = np.unique(costs)
    return float((np.diff(together) / np.abs(together[1:])).min())


@pytest.mark.parametrize("variant", VARIANTS)
def test_agrees_with_float64(variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Until a step whose decision hangs on costs that float32 cannot tell apart: there two good answers part."""
    costs: list[float] = []

    def noted(*problem: Any) -> float:
        costs.append(cost(*problem))
        return costs[-1]

    monkeypatch.setattr(nmpc_reference, "cost", noted)
    nmpc = VARIANTS[variant]()
    twin, reference = build(nmpc, tmp_path).twin(), NmpcReference(nmpc)
    assert twin.selftest() <= twin.selftest_limit
    worst = []
    for sensors, wanted in zip(*wander(nmpc, 80, seed=2), strict=True):
        costs.clear()
        found = twin.step(sensors, wanted)
        expected = reference.step(sensors.astype(float), wanted.astype(float))
        assert (found.status, found.mode) == (OK, Mode.TRACKING)
        off = float(np.abs(found.command - expected).max())
        if off > SETTLED:
            assert closest_call(costs) <= INDISTINCT
            break
        worst.append(off)
    assert len(worst) >= 40
    assert np.median(worst) <= 1e-5


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Built:
    model = forward_model(feedforward((7, 6, 2), seed=3), 2, 2, 1, 2, 1)
    return build(controller(model, 3, moves=2), tmp_path_factory.mktemp("small"))


def report(twin) -> dict[str, float]:
    """Return the values of all variables by name."""
    table = twin._table
    values = table.values(twin._state_at)
    return {table.variables[i].name.decode(): values[i] for i in range(table.variable_len)}


def test_reports_what_the_solver_did(small: Built):
    """At the optimum, where float32 cannot tell whether the cost still falls, an iteration more or less may be made."""
    twin = small.twin(iterations=5.0)
    reference = NmpcReference(replace(small.nmpc, variables={"iterations": 5.0}))
    same = 0
    for sensors, wanted in zip(*wander(small.nmpc, 30, seed=3), strict=True):
        twin.step(sensors, wanted)
        reference.step(sensors.astype(float), wanted.astype(float))
        found = report(twin)
        assert reference.solution is not None
        assert abs(found["last_iterations"] - reference.solution.iterations) <= 1
        assert found["last_cost"] == pytest.approx(reference.solution.cost, rel=1e-3)
        if found["last_iterations"] == reference.solution.iterations:
            same += 1
            assert found["last_residual"] == pytest.approx(reference.solution.residual, rel=1e-2, abs=1e-4)
    assert same >= 27


def test_limits_set_while_it_runs_are_approached_at_the_rate_and_kept(small: Built):
    twin = small.twin(rate_limit=0.04)
    sensors, wanted = wander(small.nmpc, 60, seed=4)
    wanted[:] = 3.0
    before = np.array(small.nmpc.trim)
    for row, goal in zip(sensors[:20], wanted[:20], strict=True):
        before = twin.step(row, goal).command
    twin.set_variables({"low_u0": -0.1, "high_u0": 0.1})
    for row, goal in zip(sensors[20:], wanted[20:], strict=True):
        now = twin.step(row, goal).command
        assert np.abs(now - before).max() <= 0.04 + 1e-7
        before = now
    assert -0.1 <= before[0] <= 0.1


def test_weights_set_while_it_runs_act(small: Built):
    heavy, light = small.twin(l_u0=1e6), small.twin(l_u0=0.0)
    sensors, wanted = wander(small.nmpc, 5, seed=5)
    moved = [abs(twin.step(sensors[0], wanted[0]).command[0] - small.nmpc.trim[0]) for twin in (heavy, light)]
    assert moved[0] < 1e-4 < moved[1]


def test_missing_sensors_are_bridged_then_held_then_safe_then_recovered(small: Built):
    twin = small.twin(bridge_steps=3.0, hold_steps=2.0, safe_rate=0.05)
    reference = NmpcReference(
        replace(small.nmpc, variables={"bridge_steps": 3.0, "hold_steps": 2.0, "safe_rate": 0.05})
    )
    rows, wanted = wander(small.nmpc, 40, seed=6)
    rows[10:30, 1] = np.nan
    seen = []
    for row, goal in zip(rows, wanted, strict=True):
        found, expected = twin.step(row, goal), reference.step(row.astype(float), goal.astype(float))
        assert found.status == reference.status
        assert np.abs(found.command - expected).max() <= SETTLED
        seen.append((found.status, found.mode))
    assert seen[9] == (OK, Mode.TRACKING)
    assert seen[10:13] == [(SENSORS, Mode.TRACKING)] * 3
    assert seen[13:15] == [(SENSORS, Mode.HOLDING)] * 2
    assert seen[15:30] == [(SENSORS, Mode.SAFE)] * 15
    assert seen[30] == (OK, Mode.TRACKING)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30, 21.0])
def test_an_implausible_output_counts_as_missing(small: Built, value: float):
    twin = small.twin()
    rows, wanted = wander(small.nmpc, 3, seed=7)
    twin.step(rows[0], wanted[0])
    rows[1, 1] = value
    assert twin.step(rows[1], wanted[1]).status == SENSORS
    assert twin.step(rows[2], wanted[2]).status == OK


def test_a_stuck_output_counts_as_missing(small: Built):
    twin = small.twin(stuck_steps=4.0)
    rows, wanted = wander(small.nmpc, 12, seed=8)
    rows[4:, 1:] = rows[4, 1:]
    assert [twin.step(*pair).status for pair in zip(rows, wanted, strict=True)] == [OK] * 8 + [SENSORS] * 4


def test_a_bad_reference_is_refused_and_the_command_held(small: Built):
    twin = small.twin()
    rows, wanted = wander(small.nmpc, 2, seed=9)
    before = twin.step(rows[0], wanted[0]).command
    wanted[1, 3] = np.nan
    found = twin.step(rows[1], wanted[1])
    assert (found.status, found.mode) == (REFERENCE, Mode.HOLDING)
    np.testing.assert_array_equal(found.command, before)


def first_order() -> ForwardModel:
    """Return y = tanh(0.4 u + 0.1 u(k-1) + 0.6 y(k-1)): stable, and one command for each place."""
    builder = GraphBuilder("net", "test")
    x = builder.input("x", (3,))
    weights = builder.constant("w", np.float32([[0.4, 0.1, 0.6]]))
    y = builder.node(
        "dense", "layer", [x, weights, builder.constant("b", np.zeros(1, np.float32))], {"activation": "tanh"}
    )
    return forward_model(builder.finish([y], SOURCE), 2, 1, 1, 1, 0)


def offset_left(built: Built, gain: float) -> float:
    """Return how far a plant, the model plus a constant, is from a goal that it can reach, after 200 steps."""
    twin = built.twin(bias_gain=gain, l_u0=0.05)
    goal, y, before = np.float32([0.0, 0.2]), 0.0, 0.0
    for _ in range(200):
        command = float(twin.step(np.float32([y]), goal).command[0])
        y, before = float(np.tanh(0.4 * command + 0.1 * before + 0.6 * y)) + 0.05, command
    return abs(y - float(goal[1]))


def test_the_bias_removes_the_offset_that_a_wrong_model_leaves(tmp_path: Path):
    built = build(controller(first_order(), 3, wanted_rate=()), tmp_path)
    assert offset_left(built, 0.2) <= 1e-4
    assert offset_left(built, 0.0) > 1e-2


def test_reset_starts_anew_and_keeps_the_variables(small: Built):
    first, second = small.twin(rate_limit=0.1), small.twin(rate_limit=0.1)
    for sensors, wanted in zip(*wander(small.nmpc, 20, seed=10), strict=True):
        first.step(sensors, wanted)
    first.reset()
    for sensors, wanted in zip(*wander(small.nmpc, 20, seed=11), strict=True):
        np.testing.assert_array_equal(first.step(sensors, wanted).command, second.step(sensors, wanted).command)


def test_the_selftest_fails_for_a_changed_weight(small: Built, tmp_path: Path):
    nmpc = small.nmpc
    other = replace(nmpc, model=forward_model(feedforward((7, 6, 2), seed=4), 2, 2, 1, 2, 1))
    changed = compile_nmpc(other).files["controller.c"]
    own = compile_nmpc(nmpc).files["controller.c"]
    golden = changed.index("static const float golden_in")
    mixed = changed[:golden] + own[own.index("static const float golden_in") :]
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "controller.c").write_text(mixed)
    (tmp_path / "c" / "controller.h").write_text(compile_nmpc(other).files["controller.h"])
    from nn4mc.hil.twin import Twin, build_twin

    twin = Twin(build_twin(tmp_path / "c", tmp_path / "twin"))
    assert twin.selftest() > twin.selftest_limit


def test_the_same_controller_gives_the_same_bytes(small: Built):
    assert compile_nmpc(small.nmpc).files == compile_nmpc(small.nmpc).files


def test_reports_are_variables(small: Built):
    assert {*REPORTS} <= {variable.name for variable in known_variables(small.nmpc)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measured": ("nose",)}, r"at measured: there is no sensor \['nose'\]"),
        ({"seen": ()}, r"at seen: \[\] has 0 words, expected 1"),
        ({"output_weights": (1.0,)}, "at output_weights: 1 entries, expected 2"),
        ({"output_weights": (1.0, -2.0)}, "at output_weights: -2 is no weight, which is 0 to 1e"),
        ({"move_weights": (np.nan,)}, "at move_weights: nan is no weight"),
        ({"barrier": BarrierBox(-1.0, (1.5,), (0.0,))}, "at barrier.s: -1 is no weight"),
        ({"horizon": 0}, "first_step 1 and horizon 0"),
        ({"moves": 4}, "at moves: 4, expected 1 to the horizon, 3"),
        ({"horizon": 13, "moves": 13}, "13 moves of 1 commands are 13 variables, at most 12"),
        ({"trim": (3.0,)}, "at trim: .* outside the command's range"),
        ({"method": "magic"}, "at method: 'magic' is not one of gauss-newton, newton"),
        ({"plausible": ((1.0, -1.0), (0.0, 1.0))}, "at plausible: a range is empty"),
        ({"barrier": BarrierBox(1.0, (0.5,), (0.0,))}, "not inside its box"),
        ({"variables": {"iterations": 0.0}}, "'iterations' is 0.0, expected 1.0 to 20.0"),
    ],
)
def test_a_controller_that_does_not_fit_is_refused(small: Built, changes: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message):
        compile_nmpc(replace(small.nmpc, **changes))  # type: ignore[arg-type]


def test_a_model_without_derivative_is_refused(small: Built):
    builder = GraphBuilder("net", "test")
    x = builder.input("x", (7,))
    y = builder.node("relu_general", "jump", [x], {"negative_slope": 0.0, "threshold": 1.0})
    graph = builder.finish([builder.node("slice", "cut", [y], {"starts": (0,), "steps": (1,), "sizes": (2,)})], SOURCE)
    with pytest.raises(UnsupportedError, match="'jump': a ReLU with a threshold jumps"):
        compile_nmpc(replace(small.nmpc, model=forward_model(graph, 2, 2, 1, 2, 1)))
