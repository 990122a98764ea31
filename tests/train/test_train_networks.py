"""Networks learn what lines cannot, the same on every run, and compute the same in torch, in numpy and in C."""

import numpy as np
import pytest
import torch

from nn4mc.errors import TrainError
from nn4mc.train.fitters import fitter
from nn4mc.train.linear_fit import fit_arx
from nn4mc.train.models import Feedforward, Recurrent
from nn4mc.train.network_data import sequences
from nn4mc.train.network_fit import Task, checkpoints, fit_network
from nn4mc.train.rollout import open_loop_rmse
from nn4mc.train.spec import NetworkSpec
from nn4mc.train.window import Layout
from tests.train.plants import make_runs, make_spec, slack

LAYOUT = Layout(m=2, p=1, q=1, nd=3, dd=3)
QUICK = NetworkSpec(hidden=(6,), epochs=2, batch=64, stride=8, warm_up=5, learning_rate=1e-2)


def fit(kind: str, network: NetworkSpec = QUICK, seed: int = 0, at_least: int = 2, layout: Layout = LAYOUT):
    runs = make_runs(slack, n=200, noise=1e-2, q=1)
    return fit_network(Task(kind, layout, network, 6, seed), runs, lambda _: (), at_least)


def numbers(model: Feedforward | Recurrent) -> list[np.ndarray]:
    if isinstance(model, Recurrent):
        return [
            model.input_weights,
            model.recurrent_weights,
            model.input_bias,
            model.recurrent_bias,
            model.head.weights,
        ]
    return [one.weights for one in model.layers]


@pytest.mark.parametrize("kind", ["dense", "gru", "lstm"])
def test_the_same_seed_gives_the_same_bits_and_leaves_torch_as_it_was(kind: str):
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    one, two, other = fit(kind)[2], fit(kind)[2], fit(kind, seed=1)[2]
    assert all(np.array_equal(a, b) for a, b in zip(numbers(one), numbers(two), strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(numbers(one), numbers(other), strict=True))
    assert torch.get_num_threads() == 2 and torch.equal(before, torch.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("kind", ["dense", "gru", "lstm"])
@pytest.mark.parametrize("levels", [False, True])
def test_torch_and_numpy_predict_the_same(kind: str, levels: bool):
    """The loss sees sequences from a zero state: the same by stepping the model that comes out."""
    from nn4mc.train import network_fit as module

    network = NetworkSpec(hidden=(5,), levels=levels, warm_up=4, epochs=1, stride=16)
    task = Task(kind, LAYOUT, network, 6, 0)
    runs = make_runs(slack, n=120, q=1)
    cut = sequences(runs, LAYOUT, task.warm_up + 6, 16)
    torch.manual_seed(3)
    base = module._base(task, runs)
    net = module._Net(task, module.measure(runs, LAYOUT, levels, base, cut, task.warm_up), base)
    for weights in net.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    expected = net(*(torch.from_numpy(one) for one in (cut.commands, cut.outputs, cut.sensors))).detach().numpy()
    model = net.model()
    state = model.initial(len(cut))
    blocks = [cut.outputs[:, 2 - i] for i in range(3)]
    found = []
    for t in range(task.warm_up + 6):
        given = [cut.commands[:, 2 + t - i] for i in range(3)]
        y, state = model.step(np.concatenate([*given, *blocks, cut.sensors[:, min(t, task.warm_up)]], axis=1), state)
        blocks = [cut.outputs[:, 3 + t] if t < task.warm_up else y, *blocks[:-1]]
        found.append(y)
    np.testing.assert_allclose(np.array(found[task.warm_up :]).transpose(1, 0, 2), expected, rtol=1e-9, atol=1e-9)


def test_a_network_learns_a_bent_plant_that_arx_cannot():
    layout = Layout(2, 1, 0, 3, 3)
    runs = make_runs(slack, n=400)
    network = NetworkSpec(hidden=(12,), activation="relu", epochs=36, batch=64, stride=2, learning_rate=3e-2)
    model = fit_network(Task("dense", layout, network, 10, 0), runs[:3], lambda _: (), 12)[-1]
    assert model is not None
    found, line = (open_loop_rmse(one, runs[3], 10)[-1, 0] for one in (model, fit_arx(runs[:3], layout)))
    assert found < 0.75 * line


def test_the_first_checkpoint_is_the_base_alone_and_training_lowers_the_loss():
    base, *_, last = fit("dense")
    alone = fit("dense", NetworkSpec(**{**{f: getattr(QUICK, f) for f in QUICK.__struct_fields__}, "residual": False}))
    runs = make_runs(slack, n=200, noise=1e-2, q=1)
    assert not base.layers[-1].weights.any() and not alone[0].layers[-1].weights.any()
    mean = [np.mean([open_loop_rmse(one, run, 6)[-1] for run in runs]) for one in (base, last)]
    assert mean[1] < mean[0]


def test_fitting_ends_when_no_watching_run_gets_better_but_not_before_it_is_asked_to():
    network = NetworkSpec(hidden=(4,), epochs=12, patience=2, batch=64, stride=16)
    worse = iter(range(100))
    runs = make_runs(n=120, q=1)
    task = Task("dense", LAYOUT, network, 6, 0)
    made = fit_network(task, runs, lambda _: (float(next(worse)), 1.0), 0)
    assert [one is not None for one in made] == [True] * 3 + [False] * 10
    made = fit_network(task, runs, lambda _: (float(next(worse)),), 5)
    assert [one is not None for one in made] == [True] * 6 + [False] * 7
    assert len(checkpoints(network)) == 13


def test_runs_shorter_than_warm_up_and_horizon_are_refused():
    runs = make_runs(n=30, q=1)
    with pytest.raises(TrainError, match="no run has 40 samples"):
        fit_network(Task("gru", LAYOUT, NetworkSpec(warm_up=20), 20, 0), runs, lambda _: (), 0)


def test_a_feature_that_never_moved_in_training_is_not_seen():
    layout = Layout(2, 1, 1, 3, 3)
    runs = [
        type(run)(**{**vars(run), "segments": tuple(type(s)(s.u, s.y, np.full_like(s.s, 0.3)) for s in run.segments)})
        for run in make_runs(slack, n=150, q=1)
    ]
    model = fit_network(Task("dense", layout, QUICK, 6, 0), runs, lambda _: (), 2)[2]
    assert isinstance(model, Feedforward) and not model.layers[0].weights[-1].any()


def test_without_torch_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    import sys

    from nn4mc.errors import ToolMissingError

    monkeypatch.delitem(sys.modules, "nn4mc.train.network_fit", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ToolMissingError, match=r"'torch'.*\n.*--kinds arx,hammerstein"):
        fitter(make_spec(kinds=("hammerstein", "gru")), "gru")
