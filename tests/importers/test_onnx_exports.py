"""What torch.onnx.export writes gives torch's own answers in C: recurrent layers, attention, norms, policies."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph
from nn4mc.importers.onnx import load
from nn4mc.importers.options import DEFAULT_OPTIONS
from tests.c_batch import build_batch
from tests.core_batch import apart_in_the_core

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

TOLERANCE = 1e-5


class LastStep(nn.Module):
    def __init__(self, recurrent) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.head = nn.Linear(recurrent.hidden_size * (2 if recurrent.bidirectional else 1), 3)

    def forward(self, x):
        y = self.recurrent(x)[0]
        return self.head(y[:, -1] if self.recurrent.batch_first else y[-1])


class Image(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Linear(36, 5)
        self.norm.running_mean.uniform_(-1.0, 1.0)
        self.norm.running_var.uniform_(0.5, 2.0)

    def forward(self, x):
        pooled = functional.max_pool2d(functional.relu(self.norm(self.conv(x))), 2)
        return functional.log_softmax(self.head(pooled.view(pooled.size(0), -1)), dim=-1)


class Signal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 6, 3, stride=2, padding=1, groups=3)
        self.pool, self.mean = nn.AvgPool1d(2, ceil_mode=True), nn.AdaptiveAvgPool1d(1)

    def forward(self, x):
        filtered = functional.gelu(self.pool(self.conv(x)))
        return torch.cat([self.mean(filtered).flatten(1), x.mean(-1), x.amax(-1)], 1)


class Policy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        hidden = [nn.Linear(6, 16), nn.LayerNorm(16), nn.SiLU(), nn.Linear(16, 16), nn.GELU("tanh"), nn.Linear(16, 4)]
        self.net = nn.Sequential(*hidden)

    def forward(self, observation):
        mean, spread = self.net(observation).chunk(2, -1)
        return torch.tanh(mean), spread.clamp(-5.0, 2.0).exp()


_ACTIVATIONS = [nn.Softplus(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.ReLU6(), nn.ELU(), nn.CELU(), nn.SELU()]
_MORE_ACTIVATIONS = [nn.PReLU(6), nn.LeakyReLU(), nn.GELU(), nn.Softsign(), nn.Hardtanh(), nn.Softmax(-1)]
_NORMS = [
    nn.GroupNorm(2, 4),
    nn.InstanceNorm2d(4, affine=True),
    nn.AdaptiveMaxPool2d((1, 1)),
    nn.Flatten(),
    nn.Dropout(),
]
_BOTH = {"num_layers": 2, "bidirectional": True}
MODULES = {
    "gru": (lambda: LastStep(nn.GRU(4, 5, batch_first=True)), [(1, 7, 4)]),
    "lstm": (lambda: LastStep(nn.LSTM(4, 5, **_BOTH)), [(7, 1, 4)]),
    "rnn": (lambda: LastStep(nn.RNN(4, 5, nonlinearity="relu", batch_first=True)), [(1, 7, 4)]),
    "gru_cell": (lambda: nn.GRUCell(4, 5), [(1, 4), (1, 5)]),
    "attention": (lambda: nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)), [(1, 5, 8)]),
    "image": (Image, [(1, 2, 6, 6)]),
    "signal_net": (Signal, [(1, 3, 11)]),
    "policy": (Policy, [(1, 6)]),
    "activations": (lambda: nn.Sequential(nn.Linear(4, 6), *_ACTIVATIONS, *_MORE_ACTIVATIONS), [(1, 4)]),
    "norms": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), *_NORMS), [(1, 3, 6, 6)]),
}


def _exported(name: str, folder: Path) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return a module's network, an input and torch's output."""
    torch.manual_seed(0)
    make, shapes = MODULES[name]
    module, inputs = make().eval(), tuple(torch.randn(*shape) for shape in shapes)
    path = folder / f"{name}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, inputs, str(path), dynamo=False, opset_version=17)
    made = module(*inputs)
    expected = [one.detach().numpy().ravel() for one in (made if isinstance(made, tuple) else (made,))]
    network = compile_graph(load(path, name, DEFAULT_OPTIONS), name)
    return network, np.concatenate([one.numpy().ravel() for one in inputs]), np.concatenate(expected)


Trials = list[tuple[Network, np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Trials:
    pytest.importorskip("onnx")
    return [_exported(name, tmp_path_factory.mktemp("onnx")) for name in MODULES]


def test_the_c_of_exported_modules_gives_torchs_answers(trials: Trials, tmp_path: Path) -> None:
    batch = build_batch([network for network, _, _ in trials], tmp_path)
    errors = {}
    for network, inputs, expected in trials:
        (found,) = batch[network.name].run(inputs[np.newaxis])
        errors[network.name] = float(np.abs(found - expected).max() / np.abs(expected).max())
    assert max(errors.values()) < TOLERANCE, errors


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(trials: Trials, tmp_path: Path) -> None:
    assert apart_in_the_core([network for network, _, _ in trials], tmp_path) == []
