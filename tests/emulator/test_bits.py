"""The same bits from the host build, an emulated Cortex-M4F, and cores without FPU; four rows at a time and one."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.build.cross import sources_in
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.hil.controller import write_controller
from nn4mc.hil.rig import load_rig
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.ir import Float32Array, Graph
from tests.contract.folders import every_operator, overflowing
from tests.emulator.families import FAMILIES
from tests.emulator.machines import CORTEX_M3, CORTEX_M4F, EMULATED, HERE, HOST, Machine, answer
from tests.graphs import random_graph, seeded

pytestmark = pytest.mark.emulator

OK, ERROR_INPUT, ERROR_OUTPUT = 0, -1, -2
EXTREMES = np.float32([1e38, -1e38, 3.4028235e38, -3.4028235e38, 1e-38, 1e-45, -1e-45, 0.0, -0.0, 1.0, 88.0, -104.0])
machines = pytest.mark.parametrize("machine", EMULATED, ids=lambda machine: machine.name)
targets = pytest.mark.parametrize("target", ["cortex-m4f", "generic"])


def run_network(network: Network, sequences: Float32Array, machine: Machine, folder: Path) -> np.ndarray:
    """Run (sequences, steps, in) and return the answers (sequences * steps, 1 + out) as bits, status first."""
    network.write(folder)
    (folder / "network_under_test.h").write_text(
        f'#include "{network.name}.h"\n#define NET(part) {network.name}##part\n'
        f"#define NET_IN_LEN {network.name.upper()}_IN_LEN\n#define NET_OUT_LEN {network.name.upper()}_OUT_LEN\n"
    )
    given = np.array(sequences.shape[:2], "<u4").tobytes() + sequences.astype("<f4").tobytes()
    sources = [*sources_in(folder), HERE / "network_program.c"]
    words = np.frombuffer(answer(machine, sources, given, folder), "<u4")
    return words.reshape(-1, 1 + network.plan.out_len)


@cache
def example() -> Float32Array:
    with h5py.File(raptor_checkpoint()) as file:
        return np.ascontiguousarray(file["example/input"][()].transpose(1, 0, 2))


def hostile(width: int) -> Float32Array:
    """Return (8, 40, width): random words, extremes, denormals, and rows with a NaN or an Inf."""
    rng = np.random.default_rng(11)
    rows = rng.integers(0, 2**32, (8, 40, width), np.uint32).view(np.float32).copy()
    rows[~np.isfinite(rows)] = 1e30
    rows[1::2] = rng.choice(EXTREMES, rows[1::2].shape)
    rows[2:4] = rng.normal(0, 3, rows[2:4].shape)
    rows[:, ::9, 0] = rng.choice(np.float32([np.nan, np.inf, -np.inf]), rows[:, ::9, 0].shape)
    return rows


@pytest.fixture(scope="module")
def host_answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """RAPTOR on this machine: the whole example, then hostile inputs."""
    network = compile_model("raptor")
    folder = tmp_path_factory.mktemp("host")
    given = {"example": example(), "hostile": hostile(22)}
    return {name: run_network(network, rows, HOST, folder / name) for name, rows in given.items()}


@targets
@machines
def test_raptor_gives_identical_bits_over_the_whole_example(
    tmp_path: Path, host_answers, machine: Machine, target: str
):
    found = run_network(compile_model("raptor", target_name=target), example(), machine, tmp_path)
    assert found.shape == (1000, 5)
    assert (found[:, 0] == OK).all()
    np.testing.assert_array_equal(found, host_answers["example"])


@machines
def test_raptor_gives_identical_bits_and_status_on_hostile_inputs(tmp_path: Path, host_answers, machine: Machine):
    found = run_network(compile_model("raptor"), hostile(22), machine, tmp_path)
    np.testing.assert_array_equal(found, host_answers["hostile"])
    status = found[:, 0].view(np.int32).reshape(8, 40)
    assert (status[:, ::9] == ERROR_INPUT).all()
    assert set(np.unique(status)) == {OK, ERROR_INPUT}, "the gates bound what the last layer can make"
    assert np.isfinite(found[:, 1:].view(np.float32)).all()


@targets
def test_raptor_gives_identical_bits_on_the_host_for_both_targets(tmp_path: Path, host_answers, target: str):
    network = compile_model("raptor", target_name=target)
    found = {name: run_network(network, rows, HOST, tmp_path / name) for name, rows in
             {"example": example(), "hostile": hostile(22)}.items()}  # fmt: skip
    for name, words in found.items():
        np.testing.assert_array_equal(words, host_answers[name])


@machines
def test_every_operator_gives_identical_bits(tmp_path: Path, machine: Machine):
    graphs = [every_operator(), overflowing(), *(random_graph(seeded(30_000 + i), f"drawn_{i}") for i in range(2))]
    seen = set()
    for one in graphs:
        network = compile_graph(one)
        rows = hostile(network.plan.in_len)
        host = run_network(network, rows, HOST, tmp_path / f"host_{one.name}")
        np.testing.assert_array_equal(run_network(network, rows, machine, tmp_path / one.name), host)
        seen |= set(host[:, 0].view(np.int32).tolist())
    assert seen == {OK, ERROR_INPUT, ERROR_OUTPUT}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
@pytest.mark.parametrize("machine", [CORTEX_M4F, CORTEX_M3], ids=lambda machine: machine.name)
def test_every_family_gives_identical_bits(tmp_path: Path, machine: Machine, family: Callable[[], Graph]):
    network = compile_graph(family())
    rows = hostile(network.plan.in_len)
    host = run_network(network, rows, HOST, tmp_path / "host")
    np.testing.assert_array_equal(run_network(network, rows, machine, tmp_path / "emulated"), host)
    status = host[:, 0].view(np.int32)
    assert {OK, ERROR_INPUT} <= set(status.tolist()) <= {OK, ERROR_INPUT, ERROR_OUTPUT}
    assert len(np.unique(host[status == OK, 1:], axis=0)) > 20, "the rows differ"


@machines
def test_elementary_functions_give_identical_bits_over_every_exponent(tmp_path: Path, machine: Machine):
    rng = np.random.default_rng(3)
    head = np.repeat(np.arange(512, dtype=np.uint32) << 23, 24)
    words = np.concatenate(
        [head | rng.integers(0, 2**23, head.size, np.uint32), head | 1, head, EXTREMES.view(np.uint32)]
    )
    runtime = runtime_folder()
    sources = [HERE / "elementary_program.c", *sorted(runtime.glob("nn4mc_elementary*.[cS]"))]
    host = answer(HOST, sources, words.tobytes(), tmp_path / "host")
    assert len(host) == 3 * words.nbytes
    assert answer(machine, sources, words.tobytes(), tmp_path / "emulated") == host


@machines
def test_the_policy_controller_gives_identical_bits_for_any_sensor_bits(tmp_path: Path, machine: Machine):
    rig = load_rig("quadrotor")
    write_controller(rig, tmp_path)
    rows = policy_rows(400)
    sources = [*sources_in(tmp_path), *sources_in(runtime_folder()), HERE / "policy_program.c"]
    host = answer(HOST, sources, rows.tobytes(), tmp_path / "host")
    found = answer(machine, sources, rows.tobytes(), tmp_path / "emulated")
    assert found == host
    answers = np.frombuffer(found, "<i4").reshape(len(rows), -1)
    commands = answers[:, 2:].view(np.float32)
    assert np.isfinite(commands).all() and np.abs(commands).max() <= 1
    assert set(np.unique(answers[:, 1])) == {0, 1, 2}, "tracking, holding and safe were all seen"
    assert {0, -3, -4} <= set(np.unique(answers[:, 0]))


@machines
def test_a_pid_controller_gives_identical_bits_for_any_sensor_bits(tmp_path: Path, machine: Machine):
    rig = load_rig("hasel")
    write_controller(rig, tmp_path)
    rng = np.random.default_rng(9)
    rows = rng.integers(0, 2**32, (400, rig.sensor_len + rig.reference_len), np.uint32).view(np.float32).copy()
    wander = np.cumsum(rng.normal(0, 0.1, rows.shape), axis=0).astype(np.float32)
    plausible = rng.integers(0, 3, 20).repeat(20) > 0
    rows[plausible] = wander[plausible]
    sources = [*sources_in(tmp_path), *sources_in(runtime_folder()), HERE / "policy_program.c"]
    host = answer(HOST, sources, rows.tobytes(), tmp_path / "host")
    found = answer(machine, sources, rows.tobytes(), tmp_path / "emulated")
    assert found == host
    answers = np.frombuffer(found, "<i4").reshape(len(rows), -1)
    commands = answers[:, 2:].view(np.float32)
    assert np.isfinite(commands).all()
    assert {0, -3} <= set(np.unique(answers[:, 0]))
    assert len(np.unique(commands[answers[:, 0] == 0], axis=0)) > 50


def policy_rows(steps: int) -> Float32Array:
    """Return rows of sensors and reference: plausible stretches, random words in between."""
    rng = np.random.default_rng(8)
    rows = rng.integers(0, 2**32, (steps, 19), np.uint32).view(np.float32).copy()
    plausible = rng.normal(0, 1, (steps, 19)).astype(np.float32)
    plausible[:, 3:7] /= np.linalg.norm(plausible[:, 3:7], axis=1, keepdims=True)
    kind = rng.integers(0, 3, steps // 20).repeat(20)
    rows[kind == 0] = plausible[kind == 0]
    rows[kind == 1, :13] = plausible[kind == 1, :13]
    return rows
