"""Sensitivities and Hessian over the horizon: against finite differences, torch's autograd, and a complex step."""

import numpy as np
import pytest

from nn4mc.control.horizon import predict
from nn4mc.control.objective import Barrier, Objective, cost, derivatives
from tests.control.derivative_cases import stencil
from tests.control.nmpcs import feedforward, forward_model
from tests.control.random_problems import model_of, problems

RELATIVE = 1e-6


def off(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))


@pytest.mark.parametrize("problem", problems(20, seed=1), ids=lambda p: p.kind)
def test_sensitivities_and_hessian_of_predictions_against_finite_differences(problem):
    shape, horizon = problem.start.shape, problem.horizon
    at = problem.start.ravel()
    made = predict(problem.model, problem.now, problem.start, horizon, second=True)
    first = stencil(lambda u: predict(problem.model, problem.now, u.reshape(shape), horizon).outputs, at)
    assert off(made.first, first.transpose(1, 0, 2)) <= RELATIVE
    second = stencil(lambda u: predict(problem.model, problem.now, u.reshape(shape), horizon).first, at)
    assert made.second is not None
    assert off(made.second, second.transpose(1, 0, 2, 3)) <= RELATIVE


@pytest.mark.parametrize("problem", problems(20, seed=2), ids=lambda p: p.kind)
def test_gradient_and_hessian_of_the_cost_against_finite_differences(problem):
    shape, at = problem.start.shape, problem.start.ravel()
    local = problem.local(problem.start, exact=True)
    gradient = stencil(lambda u: np.array(problem.value(u.reshape(shape))), at)
    assert off(local.gradient, gradient) <= RELATIVE
    hessian = stencil(lambda u: problem.local(u.reshape(shape), exact=False).gradient, at)
    assert local.curvature is not None
    assert off(local.hessian + local.curvature, hessian) <= RELATIVE


def test_the_barrier_rises_towards_both_walls_and_its_derivatives_are_its_own():
    """The authors' code had the sign of its gradient wrong: here it pushes to the middle."""
    barrier = Barrier(np.array([0.1, 0.2]), np.array([2.0, 1.0]), np.array([0.5, -0.1]))
    objective = Objective(np.zeros((1, 1)), np.zeros(1), np.zeros(2), 1, np.zeros(2), barrier)
    made = predict(*_still())
    for u in ([0.5, -0.1], [1.2, 0.3], [-0.4, -0.55]):
        moves = np.array([u])
        gradient, hessian, _ = derivatives(objective, moves, made)
        expected = stencil(lambda v: np.array(cost(objective, v[None], made.outputs)), moves[0])
        assert off(gradient, expected) <= RELATIVE
        assert (np.sign(gradient) == np.sign(np.round(moves[0] - barrier.b, 12))).all()
        second = stencil(lambda v: derivatives(objective, v[None], made)[0], moves[0])
        assert off(hessian, second) <= 1e-5
    assert cost(objective, np.array([[0.5, -0.1]]), made.outputs) == pytest.approx(0.0, abs=1e-12)


def _still():
    from nn4mc.control.horizon import Situation

    model = model_of(feedforward((3, 2, 1)), 1, 1, 2, 1, 0)
    now = Situation(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros(0), {}, np.zeros(1))
    return model, now, np.zeros((1, 2)), 1


@pytest.mark.parametrize("kind", ["dense", "gru", "lstm"])
def test_against_torch_autograd(kind: str):  # noqa: PLR0915 - the network written out once more
    """The same recursion written in torch, in float64: y over three steps by the moves, twice differentiated."""
    import torch

    from nn4mc.control.horizon import Situation
    from tests.control import random_problems

    rng = np.random.default_rng(4)
    nd, dd, m, p, q, moves, horizon = 2, 2, 2, 2, 1, 2, 3
    width = nd * m + dd * p + q
    graph = random_problems.network(rng, "deep" if kind == "dense" else kind, width, p)
    model = model_of(graph, nd, dd, m, p, q)
    now = Situation(
        rng.normal(size=(nd, m)),
        rng.normal(size=(dd, p)),
        rng.normal(size=q),
        {name: rng.uniform(-0.5, 0.5, value.size) for name, value in model.tape.initial.items()},
        rng.normal(size=p),
    )
    constants = {
        name: torch.tensor(one.data, dtype=torch.float64) for name, one in graph.tensors.items() if one.data is not None
    }

    def cell(x, states):
        node = next(node for node in graph.nodes if node.op in ("gru", "lstm"))
        h = states[0]
        if kind == "gru":
            w, u, b = (constants[name] for name in node.inputs[2:])
            n = h.numel()
            r, z = (torch.sigmoid(w[s] @ x + u[s] @ h + b[s]) for s in (slice(0, n), slice(n, 2 * n)))
            last = slice(2 * n, 3 * n)
            if node.attributes["reset_after"]:
                c = torch.tanh(w[last] @ x + b[last] + r * (u[last] @ h + b[3 * n :]))
            else:
                c = torch.tanh(w[last] @ x + b[last] + u[last] @ (r * h) + b[3 * n :])
            return ((1 - z) * c + z * h,)
        w, u, b = (constants[name] for name in node.inputs[3:])
        i, f, g, o = torch.split(w @ x + u @ h + b, h.numel())
        after = torch.sigmoid(f) * states[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(after), after

    def network(x, states):
        if kind != "dense":
            states = cell(x, states)
            x = states[0]
        for node in graph.nodes:
            if node.op == "dense":
                w, b = (constants[name] for name in node.inputs[1:])
                x = w @ x + b
                x = torch.tanh(x) if node.attributes["activation"] == "tanh" else x
        return x, states

    def outputs(u):
        past_u, y = [torch.tensor(one) for one in now.commands], [torch.tensor(one) for one in now.outputs]
        states = tuple(torch.tensor(now.states[f"state{i}"]) for i in range(len(now.states)))
        made = []
        for k in range(1, horizon + 1):
            window = [u[min(k - i, moves) - 1] if i < k else past_u[i - k] for i in range(nd)]
            x = torch.cat([*window, *y[:dd], torch.tensor(now.sensors)])
            out, states = network(x, states)
            y.insert(0, out + torch.tensor(now.bias))
            made.append(y[0])
        return torch.stack(made)

    at = torch.tensor(rng.uniform(-0.5, 0.5, (moves, m)))
    found = predict(model, now, at.numpy(), horizon, second=True)
    assert off(found.outputs, outputs(at).numpy()) <= 1e-12
    jacobian = torch.autograd.functional.jacobian(outputs, at).reshape(horizon, p, moves * m)
    assert off(found.first, jacobian.numpy().transpose(0, 2, 1)) <= RELATIVE
    assert found.second is not None
    for k in range(horizon):
        for i in range(p):
            hessian = torch.autograd.functional.hessian(lambda u, k=k, i=i: outputs(u)[k, i], at)
            assert off(found.second[k, :, :, i], hessian.reshape(moves * m, moves * m).numpy()) <= RELATIVE


def test_forward_model_helper_counts_words():
    assert forward_model(feedforward((9, 4, 2)), 2, 2, 2, 2, 1).window_len == 9
