"""One step at a time: recurrent torch modules that carry their state, against torch over the whole window."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nn4mc.api import compile_graph  # noqa: E402 - torch decides whether any of this can run
from nn4mc.errors import UnsupportedError  # noqa: E402
from nn4mc.importers.options import ImportOptions  # noqa: E402
from nn4mc.importers.torch_module import load_module  # noqa: E402
from tests.c_batch import CNetwork, build_batch  # noqa: E402
from tests.core_batch import apart_in_the_core  # noqa: E402
from tests.importers.torch_cases import Calls  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
STATEFUL = ImportOptions(stateful=True)
STEPS = 7


def _first(net: Any, x: Any) -> Any:
    return net.head(net.rnn(x)[0])


def _windows() -> Mapping[str, torch.nn.Module]:
    torch.manual_seed(9)
    sizes = {"hidden_size": 5, "batch_first": True}
    layers = {
        "gru": torch.nn.GRU(3, num_layers=2, **sizes),
        "lstm": torch.nn.LSTM(3, num_layers=2, **sizes),
        "rnn": torch.nn.RNN(3, nonlinearity="relu", **sizes),
    }
    return {name: Calls(_first, rnn=layer, head=torch.nn.Linear(5, 2)).eval() for name, layer in layers.items()}


WINDOWS = _windows()


@pytest.fixture(scope="session")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CNetwork]:
    """Each module exported with one time step, as C."""
    example = torch.randn(1, 1, 3)
    networks = [compile_graph(load_module(one, example, f"step_{name}", STATEFUL)) for name, one in WINDOWS.items()]
    return build_batch(networks, tmp_path_factory.mktemp("stateful"))


@pytest.mark.parametrize("name", WINDOWS)
def test_steps_are_the_window(name: str, steps: Mapping[str, CNetwork]) -> None:
    x = torch.randn(1, STEPS, 3, generator=torch.Generator().manual_seed(1))
    expected = WINDOWS[name](x).detach().numpy()[0]
    found = steps[f"step_{name}"].run(x.numpy()[0])
    assert float(np.abs(found - expected).max()) <= 1e-5 * float(np.ptp(expected))


def test_without_the_option_every_call_starts_anew() -> None:
    graph = load_module(WINDOWS["gru"], torch.randn(1, 1, 3), "anew")
    assert graph.states == ()


def test_a_cell_with_its_own_zeros_carries_them() -> None:
    graph = load_module(torch.nn.LSTMCell(3, 4), torch.randn(1, 3), "cell", STATEFUL)
    assert [state.initial.shape for state in graph.states] == [(1, 4), (1, 4)]


def test_a_state_given_as_input_stays_an_input() -> None:
    graph = load_module(torch.nn.GRU(3, 4), (torch.randn(1, 1, 3), torch.randn(1, 1, 4)), "given", STATEFUL)
    assert len(graph.inputs) == 2
    assert graph.states == ()


def _twice(net: Any, x: Any) -> Any:
    return net.cell(x, net.cell(x))


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (
            torch.nn.GRU(3, 4),
            (5, 1, 3),
            "a window of 5 steps; with --stateful export the module with",
        ),
        (torch.nn.GRU(3, 4, bidirectional=True), (1, 1, 3), "runs backwards in time"),
        (Calls(_twice, cell=torch.nn.GRUCell(3, 4)), (1, 3), "runs several times in one call"),
    ],
)
def test_what_cannot_be_cut_into_steps_is_refused(module: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        load_module(module, torch.randn(shape), "net", STATEFUL)


def test_the_path_of_the_layer_is_in_the_message(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.GRU(3, 4, bidirectional=True)))
    with pytest.raises(UnsupportedError, match=r"layer '0\.1' \(GRU\): aten\.gru\.input"):
        load_module(module, torch.randn(1, 1, 3), "net", STATEFUL)


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(steps: Mapping[str, CNetwork], tmp_path: Path) -> None:
    assert apart_in_the_core([one.network for one in steps.values()], tmp_path) == []
