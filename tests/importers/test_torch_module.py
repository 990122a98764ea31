"""Live torch modules: what `load_module` takes, leaves alone and refuses."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import nn4mc  # noqa: E402 - torch decides whether any of this can run
from nn4mc.errors import ModelError, UnsupportedError  # noqa: E402
from nn4mc.importers.torch_module import load_module  # noqa: E402
from nn4mc.reference import initial_state, step  # noqa: E402
from tests.importers.torch_cases import Calls  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_the_package_offers_it() -> None:
    assert nn4mc.load_module is load_module


def test_the_name_is_that_of_the_class() -> None:
    class PolicyNet(torch.nn.Linear):
        pass

    assert load_module(PolicyNet(3, 2), torch.randn(1, 3)).name == "policy_net"


def test_the_mode_of_each_submodule_is_left_as_it_was() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5))
    module.train()
    module[1].eval()
    load_module(module, torch.randn(1, 3))
    assert [one.training for one in module.modules()] == [True, True, False, True]


def test_the_same_module_is_the_same_graph() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh())
    networks = [nn4mc.api.compile_graph(load_module(module, torch.randn(1, 3), "net")) for _ in range(2)]
    assert networks[0].emitted.files == networks[1].emitted.files


def test_the_fingerprint_follows_the_weights() -> None:
    module = torch.nn.Linear(3, 2)
    before = load_module(module, torch.randn(1, 3)).source.sha256
    with torch.no_grad():
        module.bias += 1.0
    after = load_module(module, torch.randn(1, 3)).source.sha256
    assert len(before) == len(after) == 64
    assert before != after


def test_weights_used_twice_are_stored_once() -> None:
    layer = torch.nn.Linear(4, 4)
    graph = load_module(Calls(lambda net, x: net.f(net.f(x)), f=layer), torch.randn(1, 4))
    assert sum(tensor.data is not None for tensor in graph.tensors.values()) == 2


def test_keyword_inputs() -> None:
    class Scaled(torch.nn.Module):
        def forward(self, x: Any, *, gain: Any) -> Any:
            return x * gain

    graph = load_module(Scaled(), torch.randn(1, 3), keyword_inputs={"gain": torch.randn(1, 3)})
    assert len(graph.inputs) == 2


def _by_sign(_net: Any, x: Any) -> Any:
    return x * 2.0 if x.sum() > 0 else -x


def _by_cond(_net: Any, x: Any) -> Any:
    return torch.cond(x.sum() > 0, lambda y: y * 2.0, lambda y: -y, (x,))


def test_a_module_that_torch_cannot_export_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"net: torch\.export cannot export the module"):
        load_module(Calls(_by_sign), torch.randn(1, 3), "net")


@pytest.mark.parametrize(
    ("module", "inputs", "message"),
    [
        (Calls(_by_cond), torch.randn(1, 3), "control flow"),
        (torch.nn.Embedding(5, 3), torch.tensor([[1, 2]]), r"(?s)int64. Supported: float32.*embedding"),
        (torch.nn.Linear(3, 2).double(), torch.randn(1, 3).double(), "float64. Supported: float32"),
        (torch.nn.BatchNorm1d(3, track_running_stats=False), torch.randn(2, 3), "statistics of the batch"),
        (torch.nn.LSTM(3, 4, proj_size=2), torch.randn(2, 1, 3), "proj_size|initial state"),
        (torch.nn.ConvTranspose1d(2, 3, 3), torch.randn(1, 2, 5), "conv_transpose1d"),
        (torch.nn.Conv3d(1, 1, 2), torch.randn(1, 1, 3, 3, 3), "conv3d"),
        (torch.nn.Softplus(threshold=1.0), torch.randn(1, 3), "threshold 1"),
        (torch.nn.AvgPool1d(2, ceil_mode=True), torch.randn(1, 1, 5), "ceil_mode"),
        (Calls(lambda net, x: (x, torch.ones(2))), torch.randn(1, 3), "output 1: does not depend on the input"),
    ],
)
def test_what_has_no_kernel_is_refused_by_name(module: Any, inputs: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        load_module(module, inputs, "net")


class _Ring(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ring", torch.zeros(3, 2))

    def forward(self, x: Any) -> Any:
        y = self.ring.sum(0) + x
        self.ring[0] = x[0]
        return y


def test_a_buffer_written_through_a_view_is_refused_and_works_decomposed(tmp_path: Any) -> None:
    with pytest.raises(UnsupportedError, match="buffer 'ring': the update is lost"):
        load_module(_Ring(), torch.randn(1, 2), "net")
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(_Ring(), (torch.randn(1, 2),)).run_decompositions({}), path)
    graph = nn4mc.load(path)
    first = step(graph, np.array([1.0, 2.0]), initial_state(graph))
    assert [list(step(graph, np.array([3.0, 4.0]), first.state).outputs)] == [[4.0, 6.0]]


def test_a_slice_written_in_place_is_refused_and_works_decomposed(tmp_path: Any) -> None:
    def write(_net: Any, x: Any) -> Any:
        y = x * 2.0
        y[:, 0] = 1.0
        return y

    module, path = Calls(write), tmp_path / "net.pt2"
    with pytest.raises(UnsupportedError, match="run_decompositions"):
        load_module(module, torch.randn(1, 3), "net")
    torch.export.save(torch.export.export(module, (torch.randn(1, 3),)).run_decompositions({}), path)
    graph = nn4mc.load(path)
    np.testing.assert_allclose(step(graph, np.array([3.0, 4.0, 5.0]), {}).outputs, [1.0, 8.0, 10.0])
