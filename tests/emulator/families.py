"""Small networks for the emulator, one a family: convolution and pools, recurrence, normalisation and broadcasting."""

import numpy as np

from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Float32Array, Graph
from tests.graphs import SOURCE

RNG_SEED = 6
BATCH, WIDTH, HIDDEN, TIME = 1, 3, 4, 5


def draw(rng: np.random.Generator, *shape: int) -> Float32Array:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def convolution() -> Graph:
    """Return strided, dilated and grouped convolutions, both kinds of pooling, and a dense layer."""
    rng, builder = np.random.default_rng(RNG_SEED), GraphBuilder("convolution", "test")
    x = builder.input("x", (1, 6, 7, 2))
    window = {"strides": (1, 2), "dilations": (2, 1), "pads": (1, 1, 1, 0), "groups": 1, "activation": "tanh"}
    weights = [builder.constant("w", draw(rng, 4, 2, 3, 2)), builder.constant("b", draw(rng, 4))]
    made = builder.node("conv", "conv", [x, *weights], window)
    each = {"strides": (1, 1), "dilations": (1, 1), "pads": (1, 1, 1, 1), "groups": 4}
    depthwise = [builder.constant("dw", draw(rng, 4, 3, 3, 1)), builder.constant("db", draw(rng, 4))]
    made = builder.node("conv", "depthwise", [made, *depthwise], each)
    pooling = {"kernel": (2, 2), "strides": (1, 1), "dilations": (1, 1), "pads": (1, 0, 0, 1)}
    made = builder.node("pool", "largest", [made], {**pooling, "kind": "max", "count_include_pad": False})
    made = builder.node("pool", "mean", [made], {**pooling, "kind": "average", "count_include_pad": False})
    count = int(np.prod(builder.shape(made)))
    flat = builder.node("reshape", "flat", [made], {"shape": (count,)})
    last = [builder.constant("v", draw(rng, 3, count)), builder.constant("c", draw(rng, 3))]
    return builder.finish([builder.node("dense", "dense", [flat, *last])], SOURCE)


def recurrence() -> Graph:
    """Return an LSTM over a window that carries its states from step to step, and a simple RNN that runs backwards."""
    rng, builder = np.random.default_rng(RNG_SEED), GraphBuilder("recurrence", "test")
    x = builder.input("x", (TIME, BATCH, WIDTH))
    states = [builder.state(name, draw(rng, BATCH, HIDDEN)) for name in ("h", "c")]
    shapes = {"w": (4 * HIDDEN, WIDTH), "u": (4 * HIDDEN, HIDDEN), "b": (4 * HIDDEN,)}
    weights = [builder.constant(name, draw(rng, *shape)) for name, shape in shapes.items()]
    y = builder.node("lstm", "lstm", [x, *states, *weights], {"gate_activation": "hard_sigmoid"})
    for before, after in zip(states, builder.outputs()[1:], strict=True):
        builder.carry(before, after)
    first = builder.state("s", np.zeros((BATCH, HIDDEN), np.float32))
    shapes = {"rw": (HIDDEN, HIDDEN), "ru": (HIDDEN, HIDDEN), "rb": (HIDDEN,)}
    weights = [builder.constant(name, draw(rng, *shape)) for name, shape in shapes.items()]
    made = builder.node("rnn", "rnn", [y, first, *weights], {"activation": "softsign", "reverse": True})
    builder.carry(first, builder.outputs()[1])
    return builder.finish([made], SOURCE)


def normalisation() -> Graph:
    """Return x plus a broadcast row plus a broadcast column, normalised, and its softmax."""
    rng, builder = np.random.default_rng(RNG_SEED), GraphBuilder("normalisation", "test")
    x, column = builder.input("x", (3, 5)), builder.input("column", (3, 1))
    made = builder.node("add", "row", [x, builder.constant("r", draw(rng, 5))])
    made = builder.node("add", "column_add", [made, column])
    gains = [builder.constant("gamma", draw(rng, 5)), builder.constant("beta", draw(rng, 5))]
    made = builder.node("layer_norm", "norm", [made, *gains], {"axis": 1, "epsilon": 1e-5})
    return builder.finish([builder.node("softmax", "softmax", [made], {"axis": 1}), made], SOURCE)


FAMILIES = (convolution, recurrence, normalisation)
