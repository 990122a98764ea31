"""Exported torch modules as C against torch itself: the same inputs, the whole range of layers."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nn4mc.api import compile_graph  # noqa: E402 - torch decides whether any of this can run
from nn4mc.importers import load  # noqa: E402
from nn4mc.importers.torch_module import load_module  # noqa: E402
from tests.c_batch import CNetwork, build_batch  # noqa: E402
from tests.core_batch import apart_in_the_core  # noqa: E402
from tests.importers.torch_cases import Case, all_cases  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
CASES = {case.name: case for case in all_cases()}
LIVE = ("trained", "residual", "lenet", "gru_both", "lstm", "outputs", "keeps_state", "history", "transformer")
DECOMPOSED = (
    "mlp", "arithmetic", "products", "conv1d_same", "conv2d_depthwise", "lenet", "residual", "adaptive", "gru_both",
    "lstm", "rnn_relu", "layer_norm", "batch_norm2d", "attention", "constants", "max_pool2d", "keeps_state", "history",
    "act11_selu", "act16_hardsigmoid", "act17_hardswish",
)  # fmt: skip
RUNS = 4


def _export(case: Case, path: Path, decompose: bool = False) -> Path:
    axes = tuple({0: torch.export.Dim.AUTO} for _ in case.shapes)
    dynamic = (axes if type(case.module).forward.__code__.co_flags & 4 == 0 else (axes,)) if case.dynamic else None
    program = torch.export.export(case.module, case.example, dynamic_shapes=dynamic)
    torch.export.save(program.run_decompositions() if decompose else program, path)
    return path


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CNetwork]:
    """Every case from its file, some from the live module or decomposed to core ATen, in one library."""
    folder = tmp_path_factory.mktemp("torch")
    networks = [compile_graph(load(_export(case, folder / f"{name}.pt2"))) for name, case in CASES.items()]
    for name in LIVE:
        networks.append(compile_graph(load_module(CASES[name].module, CASES[name].example, f"live_{name}")))
    for name in DECOMPOSED:
        networks.append(compile_graph(load(_export(CASES[name], folder / f"core_{name}.pt2", decompose=True))))
    return build_batch(networks, folder / "c")


def _answers(case: Case) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Yield flat inputs and each of torch's outputs, one call after the other as the module keeps its state."""
    generator = torch.Generator().manual_seed(3)
    saved = {name: buffer.clone() for name, buffer in case.module.named_buffers()}
    with torch.no_grad():
        for _ in range(RUNS):
            inputs = [torch.randn(shape, generator=generator) for shape in case.shapes]
            outputs = torch.utils._pytree.tree_leaves(case.module(*(one.clone() for one in inputs)))
            flat = [one.numpy().reshape(-1).copy() for one in outputs if one is not None]
            yield np.concatenate([one.numpy().reshape(-1) for one in inputs]), flat
        for name, buffer in case.module.named_buffers():
            buffer.copy_(saved[name])


def _check(case: Case, network: CNetwork) -> None:
    """Each output on its own: its largest error against its own range over all runs."""
    inputs, expected = zip(*_answers(case), strict=True)
    found = network.run(np.stack(inputs).astype(np.float32))
    offset = 0
    for rows in (np.stack(one) for one in zip(*expected, strict=True)):
        part = found[:, offset : offset + rows.shape[1]]
        span = max(float(np.ptp(rows)), float(np.abs(rows).max()))
        assert float(np.abs(part - rows).max()) <= 1e-5 * span
        offset += rows.shape[1]
    assert offset == found.shape[1]


@pytest.mark.parametrize("name", CASES)
def test_c_answers_as_torch(name: str, batch: Mapping[str, CNetwork]) -> None:
    _check(CASES[name], batch[name])


@pytest.mark.parametrize("name", LIVE)
def test_live_module_answers_as_torch(name: str, batch: Mapping[str, CNetwork]) -> None:
    _check(CASES[name], batch[f"live_{name}"])


@pytest.mark.parametrize("name", DECOMPOSED)
def test_core_aten_answers_as_torch(name: str, batch: Mapping[str, CNetwork]) -> None:
    _check(CASES[name], batch[f"core_{name}"])


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(batch: Mapping[str, CNetwork], tmp_path: Path) -> None:
    assert apart_in_the_core([one.network for one in batch.values()], tmp_path) == []
