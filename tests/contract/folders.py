"""Folders of generated C for the contract tests: RAPTOR, and a net with every operator and both GRU conventions."""

import subprocess
from pathlib import Path

import numpy as np

from nn4mc.api import Network, compile_graph
from nn4mc.ir import Graph, Node, State, Tensor
from tests.graphs import constant, graph


def compiled(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a compiler in ``folder``; it must succeed without a word."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and not said, f"status {done.returncode}: {said}"
    return done


def every_operator(name: str = "every") -> Graph:
    """Return a net of all operators with initial states, odd widths, an output that is a state, and copies."""
    rng = np.random.default_rng(5)

    def gru(index: int, x: str, h: str, after: str, reset_after: bool) -> tuple[list[Tensor], list[Node]]:
        width = 3 if x == "x" else 5
        shapes = {"w": (15, width), "u": (15, 5), "b": (20,)}
        made = [constant(f"{key}{index}", rng.uniform(-1, 1, shape)) for key, shape in shapes.items()]
        window, unread = Tensor(f"window{index}", (1, 1, width)), Tensor(f"unread{index}", (1, 1, 5))
        inputs = (window.name, h, *(tensor.name for tensor in made))
        view = Node(f"view{index}", "reshape", (x,), (window.name,), {"shape": window.shape})
        node = Node(f"gru{index}", "gru", inputs, (unread.name, after), {"reset_after": reset_after})
        return [*made, window, unread], [view, node]

    first_tensors, first = gru(1, "x", "h1", "g1", True)
    second_tensors, second = gru(2, "g1", "h2", "g2", False)
    five = [Tensor(n, (1, 5)) for n in ("h1", "g1", "h2", "g2", "r", "s", "t", "d")]
    dense = [constant("w", rng.uniform(-1, 1, (5, 5))), constant("b", rng.uniform(-1, 1, 5))]
    nodes = [
        *first,
        *second,
        Node("relu", "relu", ("g2",), ("r",)),
        Node("sigmoid", "sigmoid", ("r",), ("s",)),
        Node("tanh", "tanh", ("s",), ("t",)),
        Node("dense", "dense", ("t", "w", "b"), ("d",), {"activation": "relu"}),
        Node("row", "reshape", ("x",), ("row_out",), {"shape": (1, 3)}),
        Node("concat", "concat", ("d", "row_out", "r"), ("y",), {"axis": 1}),
    ]
    start = rng.uniform(-1, 1, 5).astype(np.float32)
    states = [
        State("h1", "g1", start.reshape(1, 5)),
        State("h2", "g2", np.zeros((1, 5), np.float32)),
        State("delay", "x", start[:3].copy()),
    ]
    tensors = [Tensor("x", (3,)), Tensor("delay", (3,)), Tensor("row_out", (1, 3)), Tensor("y", (1, 13)), *five]
    tensors += [*first_tensors, *second_tensors, *dense]
    return graph(tensors, nodes, outputs="y g2 delay", states=states, name=name)


def stateless(name: str = "stateless") -> Graph:
    """Return a net that needs neither state nor arena."""
    return graph([Tensor("x", (2,)), Tensor("y", (2,))], [Node("r", "relu", ("x",), ("y",))], name=name)


def overflowing(name: str = "overflowing") -> Graph:
    """Return y = 2 x, s' = x: y overflows above half the largest float, and the state keeps what came in."""
    tensors = [
        Tensor("x", (2,)),
        Tensor("s", (2,)),
        Tensor("y", (2,)),
        constant("w", [[2, 0], [0, 2]]),
        constant("b", [0, 0]),
    ]
    nodes = [Node("d", "dense", ("x", "w", "b"), ("y",))]
    states = [State("s", "x", np.zeros(2, np.float32))]
    return graph(tensors, nodes, outputs="y s", states=states, name=name)


def compile_every(target: str = "cortex-m4f") -> Network:
    """Compile the net of all operators."""
    return compile_graph(every_operator(), target_name=target)
