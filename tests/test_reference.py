"""The float64 interpreter, by hand on a graph small enough to do in the head."""

import numpy as np

from nn4mc.ir import Node, State, Tensor
from nn4mc.reference import initial_state, run, step
from tests.graphs import constant, graph

# y = W [x, s]; the next s is x
W = [[1, 10], [100, 1000]]
NET = graph(
    [
        Tensor("x", (1,)),
        Tensor("s", (1,)),
        Tensor("xs", (2,)),
        Tensor("y", (2,)),
        constant("w", W),
        constant("b", [5, 0]),
    ],
    [Node("c", "concat", ("x", "s"), ("xs",), {"axis": 0}), Node("d", "dense", ("xs", "w", "b"), ("y",))],
    outputs="y s",
    states=[State("s", "x", np.float32([7]))],
)


def test_a_step_returns_outputs_every_tensor_and_the_next_state():
    done = step(NET, np.array([2.0]), initial_state(NET))
    assert done.outputs.tolist() == [5 + 2 + 70, 200 + 7000, 7]
    assert done.tensors["xs"].tolist() == [2, 7]
    assert {name: values.tolist() for name, values in done.state.items()} == {"s": [2.0]}
    assert done.outputs.dtype == np.float64


def test_a_run_carries_the_state_and_starts_anew_each_time():
    rows = np.array([[2.0], [3.0]])
    assert run(NET, rows)[:, 2].tolist() == [7, 2]
    assert run(NET, rows).tolist() == run(NET, rows).tolist()
