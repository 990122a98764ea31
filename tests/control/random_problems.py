"""Predictive-control problems drawn at random: small networks of every kind, weights, limits, references, starts."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import LinearConstraint, minimize

from nn4mc.control.horizon import COMMAND, OUTPUT, SENSOR, Model, Situation, predict
from nn4mc.control.objective import Objective, cost, derivatives
from nn4mc.control.solve import Limits, Local, Settings, Solution, inside, solve
from nn4mc.control.trace import trace
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Graph, Source

SOURCE = Source("test", "0" * 64)
KINDS = ("tanh", "deep", "gru", "lstm", "linear")
UNBOUNDED = 1e3
"""A rate beyond every box."""


@dataclass(frozen=True)
class Problem:
    """What a solver is given."""

    kind: str
    model: Model
    now: Situation
    objective: Objective
    limits: Limits
    start: Array
    horizon: int

    def value(self, moves: Array) -> float:
        return cost(self.objective, moves, predict(self.model, self.now, moves, self.horizon).outputs)

    def local(self, moves: Array, exact: bool) -> Local:
        made = predict(self.model, self.now, moves, self.horizon, exact)
        return Local(cost(self.objective, moves, made.outputs), *derivatives(self.objective, moves, made))


def network(rng: np.random.Generator, kind: str, width: int, p: int) -> Graph:
    """Return a network of ``kind`` with weights that do not saturate."""
    builder = GraphBuilder(f"net_{kind}", "test")
    x = builder.input("x", (width,))
    last, units = x, width
    for layer, hidden in enumerate({"tanh": (8,), "deep": (10, 5), "relu": (12,)}.get(kind, ())):
        activation = "relu" if kind == "relu" else "tanh"
        last = dense(builder, rng, last, units, hidden, f"hidden{layer}", activation)
        units = hidden
    if kind in ("gru", "lstm"):
        last, units = recurrent(builder, rng, kind, x, width), 5
    y = dense(builder, rng, last, units, p, "out", "identity")
    return builder.finish([y], SOURCE)


def dense(
    builder: GraphBuilder, rng: np.random.Generator, x: str, width: int, rows: int, name: str, activation: str
) -> str:
    weights = builder.constant(f"{name}_w", draw(rng, rows, width) / np.float32(np.sqrt(width)))
    bias = builder.constant(f"{name}_b", np.float32(0.1) * draw(rng, rows))
    return builder.node("dense", name, [x, weights, bias], {"activation": activation})


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)


def recurrent(builder: GraphBuilder, rng: np.random.Generator, kind: str, x: str, width: int) -> str:
    hidden, gates, biases = 5, {"gru": 3, "lstm": 4}[kind], 4
    before = [builder.state(f"s{i}", np.zeros((1, hidden), np.float32)) for i in range(2 if kind == "lstm" else 1)]
    constants = [
        builder.constant("w", draw(rng, gates * hidden, width) / np.float32(np.sqrt(width))),
        builder.constant("u", draw(rng, gates * hidden, hidden) / np.float32(np.sqrt(hidden))),
        builder.constant("b", np.float32(0.1) * draw(rng, biases * hidden)),
    ]
    row = builder.node("reshape", "row", [x], {"shape": (1, 1, width)})
    attributes = {"reset_after": bool(rng.integers(2))} if kind == "gru" else {}
    y = builder.node(kind, "cell", [row, *before, *constants], attributes)
    for name, after in zip(before, builder.outputs()[1:], strict=True):
        builder.carry(name, after)
    return builder.node("reshape", "flat", [y], {"shape": (hidden,)})


def model_of(graph: Graph, nd: int, dd: int, m: int, p: int, q: int) -> Model:
    return Model(trace(graph, [(COMMAND, nd * m), (OUTPUT, dd * p), (SENSOR, q)]), nd, dd, m, p, q)


def draw_model(rng: np.random.Generator, kind: str) -> tuple[Graph, Model]:
    nd, dd, p, m, q = (int(rng.integers(low, high)) for low, high in ((1, 4), (1, 4), (1, 4), (1, 5), (0, 4)))
    made = network(rng, kind, nd * m + dd * p + q, p)
    return made, model_of(made, nd, dd, m, p, q)


def draw_problem(rng: np.random.Generator, kind: str, model: Model) -> Problem:
    """Return a problem about a model: half of them with rate limits that bind, references partly out of reach."""
    m, p = model.m, model.p
    count = int(rng.integers(1, max(1, 12 // m) + 1)) if rng.integers(2) else 1
    count = min(count, 4)
    horizon = count + int(rng.integers(0, 3))
    last = rng.uniform(-0.5, 0.5, m)
    limits = Limits(-rng.uniform(0.5, 1.0, m), rng.uniform(0.5, 1.0, m), UNBOUNDED, last)
    if rng.integers(2):
        limits = replace(limits, rate=float(rng.uniform(0.05, 0.4)))
    now = Situation(
        np.concatenate([last[None], rng.uniform(-0.5, 0.5, (model.nd - 1, m))]),
        rng.normal(size=(model.dd, p)) * 0.3,
        rng.normal(size=model.q) * 0.5,
        {name: rng.uniform(-0.5, 0.5, value.size) for name, value in model.tape.initial.items()},
        rng.normal(size=p) * 0.05,
    )
    objective = Objective(
        now.outputs[0] + rng.normal(size=(horizon, p)) * 0.3,
        10.0 ** rng.uniform(-1, 2, p),
        10.0 ** rng.uniform(-2, 0.5, m),
        int(rng.integers(1, horizon + 1)) if rng.integers(3) == 0 else 1,
        last,
    )
    start = inside(limits, np.tile(last, (count, 1)) + 0.2 * rng.normal(size=(count, m)))
    return Problem(kind, model, now, objective, limits, start, horizon)


def problems(count: int, seed: int = 0) -> list[Problem]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        kind = KINDS[i % len(KINDS)]
        made.append(draw_problem(rng, kind, draw_model(rng, kind)[1]))
    return made


def ours(problem: Problem, exact: bool, iterations: int) -> Solution:
    settings = Settings(iterations, retries=1000, newton=exact, tolerance=1e-9, rounding=1e-12)
    return solve(problem.value, problem.local, problem.limits, problem.start, settings)


def scipys(problem: Problem) -> float:
    """Return the cost of scipy's constrained optimum from the same start, by SLSQP with exact gradients."""
    shape, m = problem.start.shape, problem.model.m
    low, high = (np.tile(bound, shape[0]) for bound in (problem.limits.minimum, problem.limits.maximum))
    rate = problem.limits.rate
    low[:m] = np.maximum(low[:m], problem.limits.last - rate)
    high[:m] = np.minimum(high[:m], problem.limits.last + rate)
    rates = []
    if shape[0] > 1 and rate < UNBOUNDED:
        difference = (np.eye(low.size) - np.eye(low.size, k=-m))[m:]
        rates = [LinearConstraint(difference, -rate, rate)]
    done = minimize(
        lambda u: problem.value(u.reshape(shape)),
        problem.start.ravel(),
        jac=lambda u: problem.local(u.reshape(shape), exact=False).gradient,
        method="SLSQP",
        bounds=list(zip(low, high, strict=True)),
        constraints=rates,
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return problem.value(inside(problem.limits, done.x.reshape(shape)))
