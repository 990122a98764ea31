"""Observations and actions as data: each term by hand, the C against float64, and what does not fit."""

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph, policy_code
from nn4mc.build.host import WARNINGS
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.action import Action, make_action_map
from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from nn4mc.control.observation import TERMS, Observed, observed
from nn4mc.control.policy import PolicyReference, observation_len, observer
from nn4mc.control.policy_batch import PolicyBatch
from nn4mc.errors import ConfigError
from nn4mc.hil.policy_check import wander
from nn4mc.passes import lower
from tests.control.device import Device, build_elf
from tests.control.nmpcs import feedforward
from tests.control.policies import EVERY_TERM, MIXED, POLICIES, build, graph_of, policy

NO_CLIP = {"position_clip": 1e6, "velocity_clip": 1e6}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that gives a case of POLICIES in C, built once."""
    folder = tmp_path_factory.mktemp("policies")
    return cache(lambda case: build(POLICIES[case], graph_of(case), folder / case.split(",")[0].replace(" ", "_")))


def see(made, rows, action=(0.0,) * 4, limits=NO_CLIP):
    """Return the observations of rows (steps, 19) of sensors and reference."""
    looker = observer(made)
    return np.array([looker.observe(row[:13], row[13:], np.array(action), limits) for row in np.atleast_2d(rows)])


def turned(quaternion, vector):
    """Return a world vector as the body sees it: q* v q, by quaternion products."""

    def product(a, b):
        return np.array([a[0] * b[0] - a[1:] @ b[1:], *(a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:]))])

    conjugate = quaternion * [1, -1, -1, -1]
    return product(product(conjugate, np.array([0, *vector])), quaternion)[1:]


@pytest.mark.parametrize("row", wander(policy(), 5).astype(np.float64))
def test_body_terms_are_world_vectors_turned_by_the_quaternion(row):
    row[3:7] /= np.linalg.norm(row[3:7])
    found = see(policy(observed("body_position_error", "body_velocity_error", "projected_gravity")), row)[0]
    expected = [turned(row[3:7], v) for v in (row[:3] - row[13:16], row[7:10] - row[16:19], [0, 0, -1])]
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-12)


def test_nose_up_feels_gravity_backwards():
    """Pitched up by 90 degrees (about -y in x forward, y left, z up), down is where the tail is."""
    level = np.zeros(19)
    level[3:7] = [np.sqrt(0.5), 0, -np.sqrt(0.5), 0]
    np.testing.assert_allclose(see(policy(observed("projected_gravity")), level)[0], [-1, 0, 0], atol=1e-15)


def test_body_errors_are_clipped_along_the_axes_of_the_world():
    row = np.zeros(19)
    row[:3], row[3:7] = [9, 0, 0], [np.cos(np.pi / 8), 0, 0, np.sin(np.pi / 8)]
    found = see(policy(observed("body_position_error")), row, limits={**NO_CLIP, "position_clip": 0.5})[0]
    np.testing.assert_allclose(found, [0.5 * np.sqrt(0.5), -0.5 * np.sqrt(0.5), 0], atol=1e-12)


def test_raw_words_are_those_of_their_group():
    row = np.arange(19.0)
    made = policy(observed("sensor.velocity", "reference.velocity", "sensor.angular_velocity", "reference.position"))
    assert see(made, row)[0].tolist() == [7, 8, 9, 16, 17, 18, 10, 11, 12, 13, 14, 15]


def test_scale_then_offset_then_clip():
    row = np.arange(19.0)
    made = policy(
        (Observed("sensor.velocity", scale=(1.0, 2.0, -1.0), offset=(0.5, 0.0, 0.0), clip=(20.0, 15.0, 8.0)),)
    )
    assert see(made, row)[0].tolist() == [7.5, 15, -8]


def test_steps_and_frames_are_oldest_first_and_start_with_the_present_repeated():
    rows = np.zeros((4, 19))
    rows[:, 0], rows[:, 13] = [1, 2, 3, 4], [10, 20, 30, 40]
    terms = (Observed("sensor.position", steps=3), Observed("reference.position"))
    found = see(policy(terms), rows)
    assert found[:, [0, 3, 6, 9]].tolist() == [[1, 1, 1, 10], [1, 1, 2, 20], [1, 2, 3, 30], [2, 3, 4, 40]]
    stacked = see(policy(observed("sensor.position", "reference.position"), frames=2), rows)
    assert stacked[:, [0, 3, 6, 9]].tolist() == [[1, 10, 1, 10], [1, 10, 2, 20], [2, 20, 3, 30], [3, 30, 4, 40]]


def test_many_vehicles_are_observed_at_once_as_one_by_one():
    made = policy(EVERY_TERM[3:], frames=2)
    rows = np.stack([wander(made, 5, seed).astype(np.float64) for seed in range(3)], axis=1)
    together, action = observer(made), np.arange(12.0).reshape(3, 4)
    found = np.array([together.observe(row[:, :13], row[:, 13:], action, NO_CLIP) for row in rows])
    for i in range(3):
        np.testing.assert_allclose(found[:, i], see(made, rows[:, i], action[i]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", ["three frames, action mapped", "gru"])
def test_many_policies_step_at_once_as_one_by_one(case: str):
    made, graph = POLICIES[case], lower(graph_of(case))
    rows = np.stack([wander(made, 12, seed).astype(np.float64) for seed in range(3)], axis=1)
    batch = PolicyBatch(made, graph, 3, {})
    together = np.array([batch.step(row[:, :13], row[:, 13:]) for row in rows])
    for i in range(3):
        alone = PolicyReference(made, graph)
        expected = [alone.step(row[:13], row[13:]) for row in rows[:, i]]
        np.testing.assert_allclose(together[:, i], expected, atol=1e-12)


def test_calls_between_native_steps_are_not_remembered():
    made = policy((Observed("sensor.position", steps=2),), frames=2)
    looker, rows = observer(made), np.arange(3.0)[:, None] * np.ones(13)
    seen = [looker.observe(row, np.zeros(6), np.zeros(4), NO_CLIP, remember=k != 1) for k, row in enumerate(rows)]
    assert np.array(seen)[:, ::3].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2]]


def test_an_action_is_ordered_scaled_and_moved_and_comes_back():
    found = make_action_map(MIXED, 4)
    output = np.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(found.command(output), [0.3 * 0.5 + 0.1, 0.1 * 0.4 - 0.2, 0.4 * -0.3 + 0.3, 0.2 * 2])
    np.testing.assert_allclose(found.output(found.command(output)), output)
    assert make_action_map(Action(), 4).plain and not found.plain


def test_the_previous_action_is_the_networks_own():
    """The network of one constant output sees that output, whatever the mapping makes of it."""
    graph = feedforward((4, 4))
    dense = next(node for node in graph.nodes if node.op == "dense")
    zero = {name: replace(graph.tensors[name], data=graph.tensors[name].data * 0) for name in dense.inputs[1:]}
    bias = next(name for name in zero if zero[name].data.ndim == 1)
    zero[bias] = replace(zero[bias], data=np.float32([0.1, 0.2, 0.3, 0.4]))
    made = policy(observed("previous_action"), action=MIXED)
    reference = PolicyReference(made, replace(graph, tensors={**graph.tensors, **zero}))
    reference.step(np.zeros(13), np.zeros(6))
    np.testing.assert_allclose(reference.observe(np.zeros(13), np.zeros(6)), [0.1, 0.2, 0.3, 0.4], rtol=1e-6)


@pytest.mark.parametrize("case", POLICIES)
def test_the_c_agrees_with_float64_over_a_closed_trajectory(case: str, built):
    made = POLICIES[case]
    twin, reference = built(case).twin(), PolicyReference(made, graph_of(case))
    worst, moved = 0.0, set()
    for row in wander(made, 400):
        expected = reference.step(row[:13].astype(np.float64), row[13:].astype(np.float64))
        found = twin.step(row[:13], row[13:])
        assert found.status == 0
        worst = max(worst, float(np.abs(found.command - expected).max()))
        moved.add(found.command.tobytes())
    assert worst <= 1e-5
    assert len(moved) > 300, "the commands hardly move"


@pytest.mark.parametrize("case", ["every term, mlp", "lstm"])
def test_through_an_executor_only_native_calls_are_remembered(case: str, tmp_path: Path):
    """Called at 400 Hz, with a gap that starts afresh; intermediate calls see the past and do not add to it."""
    made = replace(POLICIES[case], executor=Executor(rest=("velocity",)), action=MIXED)
    graph = graph_of(case)
    twin, reference = build(made, graph, tmp_path).twin(), ExecutedPolicyReference(made, graph)
    turns, worst = [], 0.0
    for k, row in enumerate(wander(made, 300)):
        time_us = 2500 * k + (700_000 if k >= 200 else 0)
        wide = row.astype(np.float64)
        expected = reference.step_at(time_us, wide[:13], wide[13:])
        found = twin.step(row[:13], row[13:], time_us)
        assert found.status == 0
        turns.append(int(reference.turn))
        worst = max(worst, float(np.abs(found.command - expected).max()))
    assert turns.count(2) == 2 and turns.count(1) > 60 and turns.count(0) > 200
    assert worst <= 1e-5


def test_a_refused_step_leaves_the_past_as_it_was(tmp_path: Path):
    made = policy((Observed("sensor.position", scale=0.2, steps=3),), command_len=9)
    identity = feedforward((9, 9))
    dense = next(node for node in identity.nodes if node.op == "dense")
    tensors = dict(identity.tensors)
    for name in dense.inputs[1:]:
        values = np.eye(9, dtype=np.float32) if tensors[name].data.ndim == 2 else np.zeros(9, np.float32)
        tensors[name] = replace(tensors[name], data=values)
    twin = build(made, replace(identity, tensors=tensors), tmp_path).twin()
    rows = np.zeros((4, 13), np.float32)
    rows[:, 3], rows[:, 0] = 1, [1, 2, np.nan, 3]
    wanted = np.zeros(6, np.float32)
    found = [twin.step(row, wanted).command[[0, 3, 6]].tolist() for row in rows]
    np.testing.assert_allclose(found, [[0.2, 0.2, 0.2], [0.2, 0.2, 0.4], [0.2, 0.2, 0.4], [0.2, 0.4, 0.6]], atol=1e-6)
    twin.reset()
    np.testing.assert_allclose(twin.step(rows[3], wanted).command[[0, 3, 6]], [0.6] * 3, atol=1e-6)


def test_any_bits_give_a_finite_command_within_its_range(built):
    twin, rng, statuses = built("three frames, action mapped").twin(), np.random.default_rng(1), []
    for row in wander(policy(), 6000, seed=1):
        if rng.random() < 0.4:
            at = rng.integers(0, 19, 3)
            row[at] = rng.integers(0, 2**32, 3, np.uint64).astype(np.uint32).view(np.float32)
        step = twin.step(row[:13], row[13:])
        assert np.isfinite(step.command).all() and np.abs(step.command).max() <= 1
        statuses.append(step.status)
    assert {0, -3, -4} <= set(statuses) and statuses.count(0) > 3000


@pytest.mark.parametrize("case", ["every term, mlp", "three frames, action mapped", "lstm"])
def test_every_bit_is_that_of_the_emulated_core(case: str, built):
    pytest.importorskip("unicorn")
    twin = built(case).twin()
    elf = build_elf(built(case).folder / "c", built(case).folder / "arm")
    device = Device(elf, twin._table.state_size, 13, 6, 4)
    rng = np.random.default_rng(2)
    for row in wander(POLICIES[case], 60, seed=2):
        row[rng.integers(0, 19)] *= np.float32(10.0 ** rng.integers(-20, 20)) if rng.random() < 0.2 else 1
        here, there = twin.step(row[:13], row[13:]), device.step(row[:13], row[13:])
        assert here.status == there[0]
        np.testing.assert_array_equal(here.command.view(np.uint32), there[1].view(np.uint32))


@pytest.mark.parametrize("case", POLICIES)
def test_the_c_is_clean_under_every_warning(case: str, built):
    folder = built(case).folder / "c"
    sources = [str(path) for path in folder.glob("*.c")]
    for compiler, standard in (("gcc", "-std=c99"), ("g++", "-std=c++11")):
        language = ["-x", "c++"] if compiler == "g++" else []
        subprocess.run(
            [compiler, *language, standard, "-O2", *WARNINGS, f"-I{folder}", f"-I{runtime_folder()}",
             "-fsyntax-only", *sources, str(runtime_folder() / "nn4mc_observation.c")],
            check=True,
        )  # fmt: skip


def test_a_policy_is_known_by_its_network_and_by_what_is_done_to_its_words(tmp_path: Path):
    """Else a board that was flashed with another scale would pass for this one."""
    network = compile_graph(feedforward((4, 4)))
    policies = [
        policy(observed("previous_action")),
        policy((Observed("previous_action", scale=0.5),)),
        policy((Observed("previous_action", scale=0.25),)),
        policy(observed("previous_action"), action=Action(order=(1, 0, 2, 3))),
    ]
    ids = [
        policy_code(one, network).files["controller.c"].split('"policy",\n')[1].split(",")[0].strip()
        for one in policies
    ]
    assert ids[0] == "NET_MODEL_ID" and len(set(ids)) == 4


def test_a_policy_that_sees_no_reference_compiles(tmp_path: Path):
    made = policy(observed("projected_gravity"))
    text = build(made, feedforward((3, 4)), tmp_path).code.files["controller.c"]
    assert "(void)reference;" in text and "(void)sensors;" not in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"observation": observed("wind")}, "term 'wind' is not known. Known: position_error, .*reference.velocity"),
        ({"observation": observed("sensor.wind")}, "term 'sensor.wind' is not known"),
        ({"observation": ()}, "the observation is empty"),
        ({"sensors": {"position": 3}}, "needs the sensor 'quaternion', which the rig does not have"),
        ({"observation": (Observed("angular_velocity", scale=(1.0, 2.0)),)}, "scale has 2 numbers, expected 1 or 3"),
        ({"observation": (Observed("angular_velocity", scale=0.0),)}, "scale is 0"),
        ({"observation": (Observed("angular_velocity", scale=1e-50),)}, "scale is 0"),
        ({"observation": (Observed("angular_velocity", offset=float("nan")),)}, "offset holds a number that is no"),
        (
            {"observation": (Observed("angular_velocity", scale=1e39),)},
            "scale holds a number that is no finite float32",
        ),
        ({"observation": (Observed("angular_velocity", clip=0.0),)}, "clip must be above 0"),
        ({"observation": (Observed("angular_velocity", steps=0),)}, "steps is 0, expected 1 to 64"),
        ({"frames": 65}, "frames is 65, expected 1 to 64"),
        ({"action": Action(order=(0, 1, 2, 2))}, r"order is \[0, 1, 2, 2\], expected each of 0 to 3 once"),
        ({"action": Action(order=(0, 1))}, "expected each of 0 to 3 once"),
        ({"action": Action(scale=(1.0, 1.0))}, "action: scale has 2 numbers, expected 1 or 4"),
        ({"action": Action(scale=(1.0, 1.0, 0.0, 1.0))}, "action: scale is 0"),
        ({"action": Action(offset=float("inf"))}, "action: offset holds"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], message: str):
    made = replace(policy(), **changes)
    with pytest.raises(ConfigError, match=message):
        observer(made)


def test_a_network_of_another_size_is_told_the_words_of_each_term():
    made = policy(EVERY_TERM[3:5], frames=2)
    with pytest.raises(ConfigError) as caught:
        policy_code(made, compile_graph(feedforward((31, 4))))
    assert str(caught.value).splitlines() == [
        "the observation has 30 words, and the network 'net' takes 31.",
        "Words of each term: body_velocity_error 6, rotation_matrix 9, 2 frames.",
    ]
    with pytest.raises(ConfigError, match="gives 3 words, and a command has 4"):
        policy_code(made, compile_graph(feedforward((30, 3))))


def test_every_named_term_is_in_a_case():
    assert set(TERMS) <= {one.term for one in EVERY_TERM}
    assert observation_len(policy()) == 3 * 3 + 2 * 3 + 9 + 3 + 3 * 3 + 4 + 3 + 3 + 4 * 4
