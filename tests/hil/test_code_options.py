"""The options of the generated C reach the controller, the firmware around it and the host's twin alike."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nn4mc.cli import main
from nn4mc.hil.bench import open_bench
from nn4mc.hil.controller import compile_controller, write_controller
from nn4mc.hil.faults import FaultSpec
from nn4mc.hil.flight import FlightPlan, Recorder, fly
from nn4mc.hil.record import Columns
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import load_rig
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.target import CodeOptions

PLAN = FlightPlan("x500_real", "hover", {"duration_s": 1.0, "window_start_s": 0.5}, seed=3)
pytestmark = pytest.mark.slow
OPTIONS = {
    "none": CodeOptions(),
    "fma": CodeOptions(mac="fma"),
    "ccm": CodeOptions(weights="ccm"),
    "1e-3": CodeOptions(activation_error="1e-3"),
    "size": CodeOptions(optimize="size"),
    "all": CodeOptions("fma", "ram", "1e-3", "size"),
}


@dataclass(frozen=True)
class Flown:
    result: FlightResult
    columns: Columns


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def flown(board: str, code: CodeOptions) -> Flown:
    recorder = Recorder()
    with open_bench(load_rig("quadrotor"), board, FaultSpec(), lambda _: nullcontext(), code=code) as bench:
        result = fly(bench, PLAN, recorder)
    return Flown(result, recorder.record.columns())


@pytest.fixture(scope="module")
def on_sim() -> dict[str, Flown]:
    return {name: flown("sim://cortex-m4", code) for name, code in OPTIONS.items()}


@pytest.mark.emulator
@pytest.mark.parametrize("name", OPTIONS)
def test_board_and_twin_agree_to_the_bit_with_every_option(on_sim: dict[str, Flown], name: str) -> None:
    result = on_sim[name].result
    assert result.code == OPTIONS[name].text
    assert (result.steps, result.mismatched_words, result.bad_steps, result.lost) == (100, 0, 0, False)


@pytest.mark.emulator
def test_every_option_is_another_build(on_sim: dict[str, Flown]) -> None:
    for one, other in combinations(on_sim.values(), 2):
        assert one.result.build_id != other.result.build_id


@pytest.mark.emulator
def test_options_change_what_they_are_for(on_sim: dict[str, Flown]) -> None:
    plain = on_sim["none"]

    def same_commands(name: str) -> bool:
        return np.array_equal(plain.columns.command, on_sim[name].columns.command)

    # Where weights lie changes no bit, and neither does unrolling; the rounding and the activations do.
    assert same_commands("ccm") and same_commands("size")
    assert not same_commands("fma") and not same_commands("1e-3")
    sizes = {name: one.result.firmware for name, one in on_sim.items()}
    constants = compile_controller(load_rig("quadrotor")).network.emitted.const_bytes
    for name in ("all", "ccm"):
        grown = sizes[name].ram_bytes - sizes["none"].ram_bytes  # type: ignore[union-attr]
        assert grown == sizes[name].controller_ram_bytes - sizes["none"].controller_ram_bytes  # type: ignore[union-attr]
        assert constants - 512 <= grown <= constants  # golden vectors stay in flash
    assert sizes["size"].flash_bytes < sizes["none"].flash_bytes  # type: ignore[union-attr]
    cycles = {name: one.result.device_cycles for name, one in on_sim.items()}
    assert cycles["1e-3"] < cycles["none"] < cycles["fma"]  # type: ignore[operator]


@pytest.mark.parametrize("board", ["host://", pytest.param("qemu://netduinoplus2", marks=pytest.mark.emulator)])
@pytest.mark.parametrize("name", ["fma", "all"])
def test_other_boards_agree_too(on_sim: dict[str, Flown], board: str, name: str) -> None:
    there = flown(board, OPTIONS[name])
    assert there.result.mismatched_words == 0
    assert np.array_equal(there.columns.command, on_sim[name].columns.command)


def test_qemu_has_no_ccm() -> None:
    words = ["hil", "quadrotor", "--board", "qemu://netduinoplus2", "--weights", "ccm"]
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "has no CCM" in result.stderr and "--weights ram" in result.stderr


def test_a_controllers_options_stand_in_its_folder() -> None:
    rig = load_rig("quadrotor")
    files = compile_controller(rig, code=OPTIONS["all"]).files
    lines = files["nn4mc_options.h"].splitlines()
    assert "#define NN4MC_MAC_FMA" in lines and "#define NN4MC_SMALL_CODE" in lines
    assert "#define NN4MC_ACTIVATION_ERROR 2" in lines
    assert '#define NN4MC_WEIGHTS_SECTION ".data.nn4mc_weights"' in lines
    assert [line for line in compile_controller(rig).files["nn4mc_options.h"].splitlines() if "NN4MC_" in line] == [
        "#ifndef NN4MC_OPTIONS_H",
        "#define NN4MC_OPTIONS_H",
    ]


def test_the_self_test_allows_for_activations_that_are_coarse_on_purpose(tmp_path: Path) -> None:
    rig = load_rig("quadrotor")
    coarse, plain = (write_controller(rig, tmp_path / name, OPTIONS[name]).network for name in ("1e-3", "none"))
    assert coarse is not None and plain is not None
    error = Twin(build_twin(tmp_path / "1e-3", tmp_path)).selftest()
    assert plain.emitted.golden.limit < error < coarse.emitted.golden.limit
