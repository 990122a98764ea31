"""Predictive controllers for the tests, on networks drawn at random, and their C built for this machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from nn4mc.api import compile_nmpc
from nn4mc.control.nmpc import Nmpc
from nn4mc.forward_model import ForwardModel, Signal
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Graph
from tests.control.random_problems import SOURCE, dense, draw


def feedforward(widths: Sequence[int], seed: int = 0, activation: str = "tanh") -> Graph:
    """Return a dense network of these widths, the input's first."""
    rng = np.random.default_rng(seed)
    builder = GraphBuilder("net", "test")
    x = builder.input("x", (widths[0],))
    for layer, (width, rows) in enumerate(pairwise(widths[:-1])):
        x = dense(builder, rng, x, width, rows, f"hidden{layer}", activation)
    y = dense(builder, rng, x, widths[-2], widths[-1], "out", "identity")
    return builder.finish([y], SOURCE)


def recurrent(kind: str, width: int, hidden: int, p: int, seed: int = 0, **attributes: bool) -> Graph:
    """Return one recurrent layer of one step and a dense output; a state that starts at other than 0."""
    rng = np.random.default_rng(seed)
    builder = GraphBuilder("net", "test")
    gates, biases = {"gru": (3, 4), "lstm": (4, 4), "rnn": (1, 1)}[kind]
    x = builder.input("x", (width,))
    before = [builder.state(f"s{i}", np.float32(0.1) * draw(rng, 1, hidden)) for i in range(1 + (kind == "lstm"))]
    constants = [
        builder.constant("w", draw(rng, gates * hidden, width) / np.float32(np.sqrt(width))),
        builder.constant("u", draw(rng, gates * hidden, hidden) / np.float32(np.sqrt(hidden))),
        builder.constant("b", np.float32(0.1) * draw(rng, biases * hidden)),
    ]
    row = builder.node("reshape", "row", [x], {"shape": (1, 1, width)})
    y = builder.node(
        kind, "cell", [row, *before, *constants], attributes or ({"reset_after": True} if kind == "gru" else {})
    )
    for name, after in zip(before, builder.outputs()[1:], strict=True):
        builder.carry(name, after)
    flat = builder.node("reshape", "flat", [y], {"shape": (hidden,)})
    return builder.finish([dense(builder, rng, flat, hidden, p, "out", "identity")], SOURCE)


def forward_model(graph: Graph, nd: int, dd: int, m: int, p: int, q: int, period_s: float = 0.01) -> ForwardModel:
    def signals(letter: str, count: int) -> tuple[Signal, ...]:
        return tuple(Signal(f"{letter}{i}", "", -1.0, 1.0) for i in range(count))

    return ForwardModel(graph, nd, dd, signals("u", m), signals("y", p), signals("s", q), period_s)


def controller(model: ForwardModel, horizon: int, **changes: object) -> Nmpc:
    """Return a controller with the model's words in an order of its own, and limits that are met."""
    m, p, q = model.m, model.p, model.q
    made = Nmpc(
        model=model,
        sensors={"lace": q, "tip": p} if q else {"tip": p},
        reference={"rate": p, "goal": p},
        measured=("tip",),
        seen=("lace",) if q else (),
        wanted=("goal",),
        wanted_rate=("rate",),
        output_weights=tuple(10.0 + i for i in range(p)),
        move_weights=tuple(0.2 + 0.1 * i for i in range(m)),
        minimum=tuple(-0.5 - 0.01 * i for i in range(m)),
        maximum=tuple(0.5 + 0.02 * i for i in range(m)),
        trim=(0.05,) * m,
        safe=(-0.1,) * m,
        horizon=horizon,
        plausible=((-20.0, 20.0),) * p,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def hasel(**changes: object) -> Nmpc:
    """Return the paper's HASEL shape: 36-10-5-3, six inputs, 18 sensors, nd = dd = 2, N2 = 3."""
    return controller(forward_model(feedforward((36, 10, 5, 3)), 2, 2, 6, 3, 18), 3, **changes)


def tendon(**changes: object) -> Nmpc:
    """Return the paper's tendon shape: 26-8-3, two inputs, 11 sensors, nd = dd = 3, N2 = 1."""
    return controller(forward_model(feedforward((26, 8, 3)), 3, 3, 2, 3, 11), 1, **changes)


def gru(horizon: int = 1, **changes: object) -> Nmpc:
    """Return the paper's tendon GRU: GRU10-3, two inputs, 11 sensors, nd = dd = 2, N2 = 1."""
    return controller(forward_model(recurrent("gru", 21, 10, 3), 2, 2, 2, 3, 11), horizon, **changes)


SHAPES = {"hasel": hasel, "tendon": tendon, "gru": gru}


@dataclass(frozen=True)
class Built:
    """A controller and the shared library of its C."""

    nmpc: Nmpc
    library: Path

    def twin(self, **variables: float) -> Twin:
        twin = Twin(self.library)
        twin.set_variables(variables)
        twin.reset()
        return twin


def build(nmpc: Nmpc, folder: Path) -> Built:
    compile_nmpc(nmpc).write(folder / "c")
    return Built(nmpc, build_twin(folder / "c", folder / "twin"))


def wander(nmpc: Nmpc, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sensors and references (steps, words) that wander slowly, as measurements and paths do."""
    rng = np.random.default_rng(seed)
    made = []
    for words in (sum(nmpc.sensors.values()), sum(nmpc.reference.values())):
        made.append(0.3 * rng.normal(size=words) + np.cumsum(0.03 * rng.normal(size=(steps, words)), axis=0))
    return made[0].astype(np.float32), made[1].astype(np.float32)
