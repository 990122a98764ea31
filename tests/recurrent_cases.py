"""Windows for rnn, gru and lstm: drawn at random, compiled as windows and as one step that carries its state."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from nn4mc.api import Network, compile_graph
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Attribute, Float32Array
from tests.c_batch import build_batch
from tests.kernel_cases import SOURCE, Case, worst_errors

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity", "hard_sigmoid6", "hard_sigmoid", "softsign")
GATES = {"rnn": (1, 1), "gru": (3, 4), "lstm": (4, 4)}
"""Rows of W and U, and of the bias, in units of the hidden size."""
STATES = {"rnn": 1, "gru": 1, "lstm": 2}


def draw(rng: np.random.Generator, *shape: int) -> Float32Array:
    """Return small normal numbers, so that no sum saturates a gate."""
    return (0.5 * rng.normal(size=shape)).astype(np.float32)


def random_window(op: str, rng: np.random.Generator, **fixed: Attribute) -> Case:
    """Return a window of up to 20 steps and 3 sequences, any of its outputs read."""
    time, batch, width, hidden = (int(rng.integers(1, limit)) for limit in (21, 4, 6, 9))
    attributes: dict[str, Attribute] = {
        "reverse": bool(rng.integers(2)),
        "activation": str(rng.choice([name for name in ACTIVATIONS if name != "identity"])),
    }
    if op != "rnn":
        # Gates between 0 and 1: with others a state can grow without bound, and its rounding errors with it.
        attributes["gate_activation"] = str(rng.choice(["sigmoid", "hard_sigmoid", "hard_sigmoid6"]))
    if op == "gru":
        attributes["reset_after"] = bool(rng.integers(2))
    read = [i for i in range(1 + STATES[op]) if rng.integers(2)] or [0]
    rows, biases = GATES[op]
    states = [draw(rng, batch, hidden) for _ in range(STATES[op])]
    # U shrinks what passes through it: a state that grows without bound makes its rounding errors grow too.
    recurrent = draw(rng, rows * hidden, hidden) / np.float32(np.sqrt(hidden))
    constants = [draw(rng, rows * hidden, width), recurrent, draw(rng, biases * hidden)]
    return Case(op, {**attributes, **fixed}, [draw(rng, time, batch, width), *states], constants, read)


def errors_of_windows(op: str, count: int, folder: Path) -> Array:
    """Return the relative errors in C of ``count`` windows, every activation among them."""
    rng = np.random.default_rng(count)
    drawn = [random_window(op, rng) for _ in range(count - len(ACTIVATIONS))]
    return worst_errors([*drawn, *(random_window(op, rng, activation=name) for name in ACTIVATIONS)], folder)


def stepwise(case: Case, name: str) -> Network:
    """Return the case as one step of its first sequence that carries its states; its output is y."""
    x, *initial = case.inputs
    builder = GraphBuilder(name, "test")
    before = [builder.state(f"s{i}", state[:1]) for i, state in enumerate(initial)]
    constants = [builder.constant(f"c{i}", array) for i, array in enumerate(case.constants)]
    inputs = [builder.input("x", (1, 1, x.shape[2])), *before, *constants]
    y = builder.node(case.op, "node", inputs, case.attributes)
    for old, new in zip(before, builder.outputs()[1:], strict=True):
        builder.carry(old, new)
    return compile_graph(builder.finish([y], SOURCE), name)


def bits_of_steps_and_window(case: Case, folder: Path) -> tuple[bytes, bytes]:
    """Return y of the first sequence from C step by step, and from C as a window."""
    first = replace(case, inputs=[case.inputs[0][:, :1], *(state[:1] for state in case.inputs[1:])], outputs=(0,))
    steps, window = stepwise(first, "steps"), first.network("window_net")
    batch = build_batch([steps, window], folder)
    flat = np.concatenate([array.ravel() for array in first.inputs])
    return batch["steps"].run(first.inputs[0][:, 0]).tobytes(), batch["window_net"].run(flat[np.newaxis]).tobytes()
