"""Convolution, pooling and recurrent windows in one network: no access outside its memory, every layer right."""

import numpy as np

from nn4mc.api import Network, compile_graph
from nn4mc.importers.builder import GraphBuilder
from nn4mc.verify import verify
from tests.kernel_cases import SOURCE
from tests.recurrent_cases import GATES, draw


class Chain:
    """A network as it grows, one layer behind the other."""

    def __init__(self, *shape: int) -> None:
        self.rng = np.random.default_rng(0)
        self.builder = GraphBuilder("chain", "test")
        self.last = self.builder.input("x", shape)

    def constants(self, *shapes: tuple[int, ...]) -> list[str]:
        return [self.builder.constant("constant", draw(self.rng, *shape)) for shape in shapes]

    def conv(self, outputs: int, *, groups: int, dilation: int) -> None:
        shape = (outputs, 3, 2, self.builder.shape(self.last)[3] // groups)
        at = {"strides": (1, 2), "dilations": (dilation, 1), "pads": (1, 2, 3, 1), "groups": groups}
        inputs = [self.last, *self.constants(shape, (outputs,))]
        self.last = self.builder.node("relu", "relu", [self.builder.node("conv", "conv", inputs, at)])

    def pool(self, kind: str) -> None:
        at = {"kernel": (2, 3), "strides": (1, 1), "dilations": (2, 1), "pads": (0, 1, 1, 1)}
        self.last = self.builder.node("pool", "pool", [self.last], {**at, "kind": kind, "count_include_pad": False})

    def reshape(self, *shape: int) -> None:
        self.last = self.builder.node("reshape", "reshape", [self.last], {"shape": shape})

    def recurrent(self, op: str, hidden: int, read: int, **attributes: bool) -> None:
        _, batch, width = self.builder.shape(self.last)
        rows, biases = (factor * hidden for factor in GATES[op])
        states = self.constants(*[(batch, hidden)] * (2 if op == "lstm" else 1))
        inputs = [self.last, *states, *self.constants((rows, width), (rows, hidden), (biases,))]
        self.builder.node(op, op, inputs, attributes)
        self.last = self.builder.outputs()[read]

    def network(self) -> Network:
        return compile_graph(self.builder.finish([self.last], SOURCE))


def test_every_layer_of_a_long_chain_passes():
    chain = Chain(2, 6, 7, 3)
    chain.conv(6, groups=1, dilation=2)
    chain.conv(12, groups=6, dilation=1)
    chain.conv(4, groups=2, dilation=3)
    chain.pool("max")
    chain.pool("average")
    shape = chain.builder.shape(chain.last)
    chain.reshape(shape[1] * shape[2], shape[0], shape[3])
    chain.recurrent("rnn", 5, 0, reverse=True)
    chain.recurrent("lstm", 3, 0)
    chain.recurrent("lstm", 4, 0, reverse=True)
    chain.recurrent("gru", 6, 0, reset_after=False)
    chain.recurrent("gru", 3, 1, reset_after=True, reverse=True)
    network = chain.network()
    ops = [node.op for node in network.graph.nodes]
    assert ops == ["conv"] * 3 + ["pool"] * 2 + ["reshape", "rnn", "lstm", "lstm", "gru", "gru"]
    done = verify(network, steps=20)
    assert [layer.name for layer in done.layers if not layer.passed] == []
