"""The five networks that other tools were measured on: batch 1, weights uniform within 1 / sqrt(inputs of a unit)."""

from collections.abc import Callable, Mapping

import numpy as np

from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Float32Array, Graph, Source

SEED = 1


class _Net:
    """A graph under construction, its weights drawn from one generator in the order of the layers."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.rng = np.random.default_rng(SEED)
        self.builder = GraphBuilder(name, name)
        self.last = self.builder.input("x", shape)

    def draw(self, *shape: int, fan_in: int) -> Float32Array:
        bound = 1.0 / np.sqrt(fan_in)
        return self.rng.uniform(-bound, bound, shape).astype(np.float32)

    def constants(self, name: str, *arrays: Float32Array) -> list[str]:
        return [self.builder.constant(f"{name}_{index}", array) for index, array in enumerate(arrays)]

    def dense(self, name: str, width: int, activation: str = "") -> None:
        fan_in = self.builder.shape(self.last)[-1]
        weights = self.draw(width, fan_in, fan_in=fan_in), self.draw(width, fan_in=fan_in)
        self.last = self.builder.node("dense", name, [self.last, *self.constants(name, *weights)])
        if activation:
            self.last = self.builder.node(activation, f"{name}_{activation}", [self.last])

    def reshape(self, name: str, *shape: int) -> None:
        self.last = self.builder.node("reshape", name, [self.last], {"shape": shape})

    def finish(self) -> Graph:
        return self.builder.finish((self.last,), Source("benchmark", "0" * 64))


def n1() -> Graph:
    """Dense 22-64-64-4, tanh on all."""
    net = _Net("n1", (22,))
    for name, width in (("first", 64), ("second", 64), ("third", 4)):
        net.dense(name, width, "tanh")
    return net.finish()


def n2() -> Graph:
    """RAPTOR's shape: dense 22-16 relu, GRU(16), dense 4; one step with carried state."""
    net = _Net("n2", (22,))
    net.dense("first", 16, "relu")
    weights = (net.draw(48, 16, fan_in=16), net.draw(48, 16, fan_in=16), net.draw(64, fan_in=16))
    before = net.builder.state("h", np.zeros((1, 16), np.float32))
    net.reshape("window", 1, 1, 16)
    inputs = [net.last, before, *net.constants("gru", *weights)]
    net.builder.node("gru", "gru", inputs, {"reset_after": True})
    _, net.last = net.builder.outputs()
    net.builder.carry(before, net.last)
    net.reshape("vector", 16)
    net.dense("last", 4)
    return net.finish()


def n3() -> Graph:
    """Dense 24-15 relu, 7 tanh, 3."""
    net = _Net("n3", (24,))
    net.dense("first", 15, "relu")
    net.dense("second", 7, "tanh")
    net.dense("third", 3)
    return net.finish()


def n4() -> Graph:
    """LSTM(32) over 10 steps of 8, dense 3."""
    net = _Net("n4", (10, 8))
    net.reshape("window", 10, 1, 8)
    zero = np.zeros((1, 32), np.float32)
    weights = (net.draw(128, 8, fan_in=32), net.draw(128, 32, fan_in=32), net.draw(128, fan_in=32))
    inputs = [net.last, *net.constants("state", zero, zero), *net.constants("lstm", *weights)]
    net.builder.node("lstm", "lstm", inputs)
    net.last = net.builder.outputs()[1]
    net.reshape("vector", 32)
    net.dense("last", 3)
    return net.finish()


def n5() -> Graph:
    """Conv1d kernel 3, 3 to 8 channels, 32 samples, valid, relu, dense 4."""
    net = _Net("n5", (1, 1, 32, 3))
    constants = net.constants("conv", net.draw(8, 1, 3, 3, fan_in=9), net.draw(8, fan_in=9))
    attributes = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "groups": 1}
    net.last = net.builder.node("conv", "conv", [net.last, *constants], attributes)
    net.last = net.builder.node("relu", "relu", [net.last])
    net.reshape("flat", 240)
    net.dense("last", 4)
    return net.finish()


NETWORKS: Mapping[str, Callable[[], Graph]] = {"N1": n1, "N2": n2, "N3": n3, "N4": n4, "N5": n5}
