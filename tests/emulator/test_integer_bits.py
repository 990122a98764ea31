"""Integer kernels and quantised networks give the same bits on the host, with SMLAD, and on cores without it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ir import Graph
from nn4mc.ops.integer_rows import INT8_STEPS, INT16_STEPS, pack, within_int32
from nn4mc.quantize import Quantizing, Recording, Scheme
from tests.emulator.families import convolution, recurrence
from tests.emulator.machines import CORTEX_M3, CORTEX_M4F, EMULATED, HERE, HOST, Machine, answer
from tests.emulator.test_bits import ERROR_INPUT, OK, hostile, run_network
from tests.quantize.models import gru_before, perceptron

pytestmark = pytest.mark.emulator
RUNTIME = runtime_folder()
KERNELS = ((np.int8, INT8_STEPS), (np.int8, INT16_STEPS), (np.int16, INT16_STEPS))
SCHEMES = (Scheme(), Scheme("int8", "int16"), Scheme("int16", "int16"))


def integer_cases() -> Iterator[np.ndarray]:
    """Every kernel with every tail of rows and columns, at random and at the ends of the ranges."""
    rng = np.random.default_rng(4)
    for kernel, (dtype, limit) in enumerate(KERNELS):
        top = np.iinfo(dtype).max
        for rows in (1, 2, 3, 4, 5, 8, 9):
            for columns in (1, 2, 3, 4, 5, 8, 11, 12, 16, 33):
                extreme = rng.integers(0, 2)
                weights = (
                    rng.choice([-top, top], (rows, columns)) if extreme else rng.integers(-top, top, (rows, columns))
                )
                x = rng.choice([-limit, limit], columns) if extreme else rng.integers(-limit, limit, columns)
                yield integer_case(kernel, weights.astype(dtype), rng.integers(-(10**6), 10**6, rows), x, limit)


def integer_case(kernel: int, weights: np.ndarray, bias: np.ndarray, x: np.ndarray, limit: int) -> np.ndarray:
    packed = pack(weights, bias.astype(np.int32), limit, "")
    assert packed.layout.kernel == ("8x8", "8x16", "16x16")[kernel]
    steps = np.zeros(4 * packed.layout.fours, "<i2")
    steps[: len(x)] = x
    shift = next(one for one in range(32 if kernel == 2 else 1) if within_int32(weights, bias, limit, one))
    head = np.array([kernel, packed.layout.blocks, packed.layout.fours, shift], "<i4")
    return np.concatenate([head, packed.data, steps.view("<i4")])


def widen_cases() -> Iterator[np.ndarray]:
    """Every count up to 19, from every alignment, with both ends of the zero points."""
    rng = np.random.default_rng(5)
    for count in range(1, 20):
        for aside in range(4):
            values = np.zeros((count + aside + 3) // 4 * 4, np.int8)
            values[aside : aside + count] = rng.choice([-128, -1, 0, 127], count)
            yield np.concatenate([np.array([3, count, rng.choice([-128, 3, 127]), aside], "<i4"), values.view("<i4")])


@pytest.mark.parametrize("machine", EMULATED, ids=lambda machine: machine.name)
def test_kernels_give_identical_bits(tmp_path: Path, machine: Machine):
    given = np.concatenate([*integer_cases(), *widen_cases()]).astype("<i4").tobytes()
    stems = ("nn4mc_integer_rows.c", "nn4mc_integer_rows_dsp.S", "nn4mc_integer_steps.c")
    sources = [HERE / "integer_program.c", *(RUNTIME / stem for stem in stems)]
    host = answer(HOST, sources, given, tmp_path / "host")
    assert len(host) == 6_720
    assert answer(machine, sources, given, tmp_path / "emulated") == host


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda one: f"{one.weights}-{one.activations}")
@pytest.mark.parametrize("make", [perceptron, convolution, recurrence, gru_before], ids=lambda one: one.__name__)
@pytest.mark.parametrize("machine", [CORTEX_M4F, CORTEX_M3], ids=lambda machine: machine.name)
def test_quantised_networks_give_identical_bits(
    tmp_path: Path, machine: Machine, make: Callable[[], Graph], scheme: Scheme
):
    graph = make()
    width = sum(int(np.prod(graph.tensors[name].shape)) for name in graph.inputs)
    rows = np.random.default_rng(1).uniform(-1, 1, (40, width)).astype(np.float32)
    network = compile_graph(graph, quantizing=Quantizing(scheme, (Recording("drawn", rows),)))
    given = hostile(network.plan.in_len)
    given[4:] = np.random.default_rng(2).normal(0, 1, given[4:].shape)
    host = run_network(network, given, HOST, tmp_path / "host")
    np.testing.assert_array_equal(run_network(network, given, machine, tmp_path / "emulated"), host)
    status = host[:, 0].view(np.int32)
    assert {OK, ERROR_INPUT} == set(status.tolist())
    assert len(np.unique(host[status == OK, 1:], axis=0)) > 100, "the rows differ"
