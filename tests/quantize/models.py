"""Small float networks to quantise, one a kind of layer, and inputs for them."""

import numpy as np

from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Float32Array, Graph
from nn4mc.quantize import Recording
from tests.graphs import SOURCE

HIDDEN = 5


def draw(rng: np.random.Generator, *shape: int) -> Float32Array:
    return (rng.uniform(-1, 1, shape) / np.sqrt(shape[-1])).astype(np.float32)


def dense(builder: GraphBuilder, rng: np.random.Generator, name: str, x: str, width: int, activation: str = "") -> str:
    """Add a dense layer and perhaps an activation behind it."""
    weights = draw(rng, width, builder.shape(x)[-1])
    inputs = [x, builder.constant(f"{name}_w", weights), builder.constant(f"{name}_b", draw(rng, width))]
    made = builder.node("dense", name, inputs)
    return builder.node(activation, f"{name}_{activation}", [made]) if activation else made


def perceptron() -> Graph:
    """Return dense layers with a table, a limit, a table, and none behind them."""
    rng, builder = np.random.default_rng(1), GraphBuilder("perceptron", "test")
    made = builder.input("x", (7,))
    for name, width, activation in (("first", 9, "tanh"), ("second", 6, "relu6"), ("third", 5, "sigmoid")):
        made = dense(builder, rng, name, made, width, activation)
    return builder.finish([dense(builder, rng, "last", made, 3)], SOURCE)


def pooled() -> Graph:
    """Return convolutions, in groups too, a function with attributes, pooling, and elements moved in between."""
    rng, builder = np.random.default_rng(2), GraphBuilder("pooled", "test")
    made = builder.input("x", (1, 6, 6, 2))
    window = {"strides": (1, 1), "dilations": (1, 1), "pads": (1, 1, 1, 1), "groups": 1}
    constants = [builder.constant("cw", draw(rng, 4, 3, 3, 2)), builder.constant("cb", draw(rng, 4))]
    made = builder.node("conv", "conv", [made, *constants], window)
    made = builder.node("leaky_relu", "leak", [made], {"alpha": 0.1})
    constants = [builder.constant("dw", draw(rng, 4, 3, 3, 1)), builder.constant("db", draw(rng, 4))]
    made = builder.node("conv", "depthwise", [made, *constants], {**window, "groups": 4})
    made = builder.node("relu", "relu", [made])
    pool = {"kernel": (2, 2), "strides": (2, 2), "dilations": (1, 1), "pads": (0, 0, 0, 0), "count_include_pad": False}
    made = builder.node("pool", "pool", [made], {**pool, "kind": "average"})
    made = builder.node("reverse", "turn", [made], {"axis": 3})
    made = builder.node("reshape", "flat", [made], {"shape": (36,)})
    return builder.finish([dense(builder, rng, "last", made, 3)], SOURCE)


def gru(reset_after: bool = True) -> Graph:
    """Return a dense layer, a GRU that carries its state, and a dense layer."""
    rng, builder = np.random.default_rng(3), GraphBuilder("gru" if reset_after else "gru_before", "test")
    made = dense(builder, rng, "first", builder.input("x", (4,)), 6, "relu")
    before = builder.state("h", np.zeros((1, HIDDEN), np.float32))
    made = builder.node("reshape", "window", [made], {"shape": (1, 1, 6)})
    shapes = {"W": (3 * HIDDEN, 6), "U": (3 * HIDDEN, HIDDEN), "b": (4 * HIDDEN,)}
    weights = [builder.constant(name, draw(rng, *shape)) for name, shape in shapes.items()]
    builder.node("gru", "gru", [made, before, *weights], {"reset_after": reset_after})
    after = builder.outputs()[1]
    builder.carry(before, after)
    made = builder.node("reshape", "vector", [after], {"shape": (HIDDEN,)})
    return builder.finish([dense(builder, rng, "last", made, 2)], SOURCE)


def gru_before() -> Graph:
    """Return the same with the reset gate before the product."""
    return gru(reset_after=False)


def lstm() -> Graph:
    """Return an LSTM over a window of six, from zero, and a dense layer on all its outputs."""
    rng, builder = np.random.default_rng(4), GraphBuilder("lstm", "test")
    x = builder.input("x", (6, 1, 3))
    states = [builder.constant(name, np.zeros((1, HIDDEN), np.float32)) for name in ("h", "c")]
    shapes = {"W": (4 * HIDDEN, 3), "U": (4 * HIDDEN, HIDDEN), "b": (4 * HIDDEN,)}
    weights = [builder.constant(name, draw(rng, *shape)) for name, shape in shapes.items()]
    y = builder.node("lstm", "lstm", [x, *states, *weights])
    made = builder.node("reshape", "flat", [y], {"shape": (6 * HIDDEN,)})
    return builder.finish([dense(builder, rng, "last", made, 2)], SOURCE)


def rnn() -> Graph:
    """Return a simple recurrent layer that runs backwards, and its last state."""
    rng, builder = np.random.default_rng(5), GraphBuilder("rnn", "test")
    x = builder.input("x", (6, 1, 3))
    shapes = {"W": (HIDDEN, 3), "U": (HIDDEN, HIDDEN), "b": (HIDDEN,)}
    weights = [builder.constant(name, draw(rng, *shape)) for name, shape in shapes.items()]
    h = builder.constant("h", np.zeros((1, HIDDEN), np.float32))
    y = builder.node("rnn", "rnn", [x, h, *weights], {"reverse": True})
    return builder.finish([builder.node("reshape", "flat", [y], {"shape": (6 * HIDDEN,)})], SOURCE)


MODELS = (perceptron, pooled, gru, gru_before, lstm, rnn)


def inputs_for(graph: Graph, steps: int = 120, seed: int = 0) -> Float32Array:
    """Return random inputs (steps, in) in -1..1."""
    width = sum(int(np.prod(graph.tensors[name].shape)) for name in graph.inputs)
    return np.random.default_rng(seed).uniform(-1, 1, (steps, width)).astype(np.float32)


def recording(graph: Graph) -> Recording:
    """Return what to calibrate a model with."""
    return Recording("drawn", inputs_for(graph))
