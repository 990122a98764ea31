"""Graphs for tests: written in a line, or drawn at random."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nn4mc.ir import Float32Array, Graph, Node, Source, State, Tensor

SOURCE = Source("test", "0" * 64)
ELEMENTWISE = ("relu", "tanh", "sigmoid", "identity")
BINARY = ("add", "sub", "mul", "maximum")
Choose = Callable[[int, int], int]
"""``choose(low, high)`` returns an integer of both bounds and between; hypothesis or a generator stands behind it."""


def constant(name: str, values: object) -> Tensor:
    """Return a float32 constant."""
    data = np.asarray(values, np.float32)
    return Tensor(name, data.shape, data)


def graph(
    tensors: Sequence[Tensor],
    nodes: Sequence[Node],
    inputs: str = "x",
    outputs: str = "y",
    states: Sequence[State] = (),
    name: str = "net",
) -> Graph:
    """Return a graph; ``inputs`` and ``outputs`` are names between spaces."""
    by_name = {tensor.name: tensor for tensor in tensors}
    return Graph(name, by_name, tuple(nodes), tuple(inputs.split()), tuple(outputs.split()), tuple(states), SOURCE)


@dataclass
class RandomGraph:
    """A graph as it grows; ``pool`` is what a next node may read."""

    choose: Choose
    rng: np.random.Generator
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    pool: list[str] = field(default_factory=list)

    def declare(self, name: str, width: int) -> str:
        self.tensors[name] = Tensor(name, (width,))
        self.pool.append(name)
        return name

    def hidden(self, *shape: int) -> str:
        """Declare a tensor that no other node reads."""
        name = f"t{len(self.tensors)}"
        self.tensors[name] = Tensor(name, shape)
        return name

    def view(self, x: str, *shape: int) -> str:
        """Return ``x`` in another shape: a vector joins the pool."""
        output = self.declare(f"t{len(self.tensors)}", shape[0]) if len(shape) == 1 else self.hidden(*shape)
        self.nodes.append(Node(f"n{len(self.nodes)}", "reshape", (x,), (output,), {"shape": shape}))
        return output

    def constant(self, *shape: int) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors[name] = constant(name, self.rng.uniform(-1, 1, shape) / np.sqrt(shape[-1]))
        return name

    def any(self) -> str:
        return self.pool[self.choose(0, len(self.pool) - 1)]

    def width(self, name: str) -> int:
        return self.tensors[name].shape[0]

    def node(self, op: str, inputs: tuple[str, ...], width: int, **attributes: bool | int | str) -> str:
        output = self.declare(f"t{len(self.tensors)}", width)
        self.nodes.append(Node(f"n{len(self.nodes)}", op, inputs, (output,), attributes))
        return output

    def dense(self, width: int) -> str:
        x = self.any()
        inputs = (x, self.constant(width, self.width(x)), self.constant(width))
        return self.node("dense", inputs, width, activation=("identity", "relu", "tanh", "sigmoid")[self.choose(0, 3)])

    def gru(self) -> None:
        """Add a window of one step, or of as many steps as x is wide; y, the last state or both are read."""
        x, h = self.any(), self.any()
        n, width = self.width(h), self.width(x)
        time = width if self.choose(0, 2) == 0 else 1
        weights = (self.constant(3 * n, width // time), self.constant(3 * n, n), self.constant(4 * n))
        inputs = (self.view(x, time, 1, width // time), self.view(h, 1, n), *weights)
        y, last = self.hidden(time, 1, n), self.hidden(1, n)
        attributes = {"reset_after": bool(self.choose(0, 1)), "reverse": bool(self.choose(0, 1))}
        self.nodes.append(Node(f"n{len(self.nodes)}", "gru", inputs, (y, last), attributes))
        read = self.choose(0, 3)
        if read != 1:
            self.view(last, n)
        if read:
            self.view(y, time * n)

    def matrix(self) -> str:
        """Add an elementwise node between two views."""
        x = self.any()
        row, made = self.view(x, 1, self.width(x)), self.hidden(1, self.width(x))
        self.nodes.append(Node(f"n{len(self.nodes)}", ELEMENTWISE[self.choose(0, 3)], (row,), (made,)))
        return self.view(made, self.width(x))

    def concat(self) -> str:
        inputs = tuple(self.any() for _ in range(self.choose(1, 3)))
        return self.node("concat", inputs, sum(map(self.width, inputs)), axis=0)

    def elementwise(self) -> str:
        x = self.any() if self.choose(0, 5) else self.constant(self.choose(1, 4))
        return self.node(ELEMENTWISE[self.choose(0, 3)], (x,), self.width(x))

    def binary(self) -> str:
        """Add a node of two inputs: of one width, the same tensor twice, or one of them a number for all elements."""
        x = self.any()
        fitting = [name for name in self.pool if self.width(name) in (1, self.width(x))]
        y = fitting[self.choose(0, len(fitting) - 1)]
        inputs = (x, y) if self.choose(0, 1) else (y, x)
        return self.node(BINARY[self.choose(0, 3)], inputs, max(self.width(x), self.width(y)))

    def next_state(self, width: int) -> str:
        """Return a tensor of this width: one there is already, an old state among them, or a new one."""
        fitting = [name for name in self.pool if self.width(name) == width]
        return fitting[self.choose(0, len(fitting) - 1)] if self.choose(0, 3) else self.dense(width)


def random_graph(choose: Choose, name: str = "net") -> Graph:
    """Return a sound graph of up to eight layers and their views: branches, chains, up to three states and outputs."""
    made = RandomGraph(choose, np.random.default_rng(choose(0, 2**32 - 1)))
    inputs = [made.declare(f"x{i}", choose(1, 9)) for i in range(choose(1, 2))]
    befores = [made.declare(f"s{i}", choose(1, 6)) for i in range(choose(0, 3))]
    for _ in range(choose(0, 8)):
        kind = choose(0, 8)
        if kind <= 1:
            made.elementwise()
        elif kind == 2:
            made.concat()
        elif kind <= 4:
            made.gru()
        elif kind == 5:
            made.matrix()
        elif kind == 6:
            made.binary()
        else:
            made.dense(choose(1, 8))
    states = tuple(State(s, made.next_state(made.width(s)), initial(made, made.width(s))) for s in befores)
    outputs = tuple(made.any() for _ in range(choose(1, 3)))
    return Graph(name, made.tensors, tuple(made.nodes), tuple(inputs), outputs, states, SOURCE)


def initial(made: RandomGraph, width: int) -> Float32Array:
    """Return zeros, or random numbers."""
    values = made.rng.uniform(-1, 1, width) if made.choose(0, 1) else np.zeros(width)
    return values.astype(np.float32)


def seeded(seed: int) -> Choose:
    """Return a ``choose`` that draws from a seeded generator."""
    rng = np.random.default_rng(seed)
    return lambda low, high: int(rng.integers(low, high, endpoint=True))
