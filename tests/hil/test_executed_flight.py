"""A policy called at a rate of its own: rig, flight, and the same bits on the emulated board."""

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from nn4mc.errors import ConfigError
from nn4mc.hil.bench import open_bench
from nn4mc.hil.controller import compile_controller, policy_of
from nn4mc.hil.faults import FaultSpec
from nn4mc.hil.flight import FlightPlan, Recorder, fly
from nn4mc.hil.rig import create_plant, load_rig, with_controller, with_rate
from nn4mc.hil.rig_file import ExecutorTable, PolicyTable
from nn4mc.resources import resource

RIG = load_rig("quadrotor")
FIGURE = FlightPlan("x500_real", "lissajous", {"ramp_s": 0.1, "loops": 0.02, "period_s": 5.5})
"""0.21 s of the figure's begin."""
CLIP = "[controller.variables]"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def executor_of(table: object) -> ExecutorTable | None:
    assert isinstance(table, PolicyTable)
    return table.executor


def test_a_rate_gives_the_policy_an_executor_and_the_plant_a_shorter_step():
    called = with_rate(RIG, 400)
    assert executor_of(called.controller) == ExecutorTable(0.01, 0.0025, ("velocity",))
    assert (RIG.call_period_s, called.call_period_s, called.period_s) == (0.01, 0.0025, 0.01)
    assert create_plant(called, "x500_real").period_s == 0.0025
    assert executor_of(with_rate(called, 250).controller) == ExecutorTable(0.01, 0.004, ("velocity",))


def test_a_rig_file_may_name_the_periods(tmp_path: Path):
    folder = tmp_path / "mine"
    shutil.copytree(resource("rigs", "quadrotor"), folder)
    text, model = (folder / "rig.toml").read_text(), 'model = "raptor"\n'
    line = 'executor = { native_period_s = 0.01, call_period_s = 0.004, rest = ["velocity"] }\n'
    (folder / "rig.toml").write_text(text.replace(model, model + line).replace(CLIP, f"{CLIP}\nnative_every = 3"))
    rig = load_rig(folder)
    assert (rig.call_period_s, policy_of(rig).executor) == (0.004, Executor(0.01, ("velocity",)))
    compile_controller(rig)
    (folder / "rig.toml").write_text(text.replace(model, model + line.replace("0.004", "0.0")))
    with pytest.raises(ConfigError, match=r"controller\.executor\.call_period_s"):
        load_rig(folder)
    (folder / "rig.toml").write_text(text.replace(model, model + line.replace("0.004", "0.02")))
    with pytest.raises(ConfigError, match=r"call_period_s 0\.02: expected at most native_period_s 0\.01"):
        load_rig(folder)
    (folder / "rig.toml").write_text(
        text.replace(model, model + line.replace("0.01,", "1.0,").replace("0.004", "0.002"))
    )
    with pytest.raises(ConfigError, match="at least a 256th of it"):
        load_rig(folder)


def test_a_rate_below_the_policys_own_or_for_another_controller_is_refused():
    with pytest.raises(ConfigError, match="--rate 99: the policy runs at 100 Hz"):
        with_rate(RIG, 99)
    with pytest.raises(ConfigError, match="at most 25600 times a second"):
        with_rate(RIG, 25_700)
    with pytest.raises(ConfigError, match=r"controller 'pid' is no policy and runs every 0\.008 s"):
        with_rate(with_controller(load_rig("tendon"), "pid"), 400)


def test_without_a_rate_the_controller_is_what_it_was():
    files = compile_controller(RIG).files
    assert "executor" not in files["controller.c"] + files["controller.h"]
    assert "nn4mc_executor_begin" in compile_controller(with_rate(RIG, 400)).files["controller.c"]


@pytest.mark.emulator
@pytest.mark.parametrize("board", ["host://", "sim://cortex-m4"])
def test_every_call_at_2500_hz_has_the_bits_of_the_host_and_the_commands_of_float64(board: str):
    rig = with_rate(RIG, 2500)
    recorder = Recorder()
    with open_bench(rig, board, FaultSpec(), lambda _: nullcontext()) as bench:
        result = fly(bench, FIGURE, recorder)
        assert bench.twin.timing().native_steps == 21
        assert bench.session.timing() == bench.twin.timing()
    assert (result.steps, result.mismatched_words, result.bad_steps) == (525, 0, 0)
    columns = recorder.record.columns()
    reference = ExecutedPolicyReference(policy_of(rig), compile_controller(rig).network.graph)  # type: ignore[union-attr]
    reference.values["initial_action"] = create_plant(rig, "x500_real").variables()["initial_action"]
    reference.reset()
    for k in range(result.steps):
        command = reference.step_at(400 * k, columns.sensors[k].astype(float), columns.reference[k].astype(float))
        np.testing.assert_allclose(columns.command[k], command, atol=2e-5)
