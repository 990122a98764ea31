"""Operators with inputs away from kinks and poles, and derivatives by finite differences of the float64 reference."""

from collections.abc import Callable

import numpy as np

from nn4mc.control.jets import Jet, constant_jet, run_tape
from nn4mc.control.tape import Tape
from nn4mc.control.trace import trace
from nn4mc.ir import Array, Graph
from nn4mc.ops.base import size
from nn4mc.reference import initial_state, step
from tests.graphs import constant, graph
from tests.operator_cases import Case, graph_of

RNG = np.random.default_rng(7)
STENCIL_STEP = 1e-3


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


POINTWISE = (
    "abs", "erf", "exp", "gelu", "gelu_tanh", "hard_sigmoid6", "hard_swish", "identity", "mish", "neg", "relu", "relu6",
    "selu", "sigmoid", "silu", "softplus", "softsign", "sparse_plus", "tanh",
)  # fmt: skip
SLIDING = {"strides": (1, 2), "dilations": (1, 1), "pads": (1, 0, 1, 1)}

RECURRENT = (
    ("rnn", 1, 1, {"activation": "tanh"}),
    ("gru", 3, 4, {"reset_after": True}),
    ("gru", 3, 4, {"reset_after": False, "activation": "softsign", "gate_activation": "hard_sigmoid6"}),
    ("lstm", 4, 4, {}),
)


def recurrent(op: str, rows: int, biases: int, attributes: dict[str, bool | str], time: int) -> Case:
    """Return a layer of four units over a window of three inputs a step."""
    states = ((1, 4),) * (2 if op == "lstm" else 1)
    constants = (draw(rows * 4, 3), draw(rows * 4, 4), draw(biases * 4))
    return Case(op, ((time, 1, 3), *states, *constants), attributes)


CASES = (
    *(Case(op, ((5,),)) for op in POINTWISE),
    *(Case(op, ((5,),), low=0.3) for op in ("log", "sqrt", "reciprocal")),
    Case("add", ((2, 3), (3,))),
    Case("sub", ((2, 3), (2, 1))),
    Case("mul", ((2, 3), (3,))),
    Case("mul", ((4,), draw(4))),
    Case("div", ((2, 3), (3,)), low=0.5),
    Case("maximum", ((4,), (4,))),
    Case("minimum", ((2, 2), (2,))),
    Case("matmul", ((2, 3), (3, 2))),
    Case("matmul", ((3,), (3, 2))),
    Case("matmul", ((2, 3), draw(3, 2))),
    Case("dense", ((6,), draw(4, 6), draw(4)), {"activation": "tanh"}),
    Case("dense", ((2, 3), draw(4, 3), draw(4)), {"activation": "silu"}),
    Case("conv", ((1, 3, 4, 2), draw(3, 2, 2, 2), draw(3)), {**SLIDING, "groups": 1, "activation": "sigmoid"}),
    Case("pool", ((1, 3, 4, 2),), {**SLIDING, "kind": "max", "kernel": (2, 2)}),
    Case("pool", ((1, 3, 4, 2),), {**SLIDING, "kind": "average", "kernel": (2, 2), "count_include_pad": False}),
    Case("concat", ((2, 2), (2, 3)), {"axis": 1}),
    Case("gather", ((4, 2),), {"indices": (2, 0, 2), "axis": 0}),
    Case("pad", ((2, 3),), {"before": (1, 0), "after": (0, 2), "mode": "constant", "value": 0.5}),
    Case("reduce_max", ((3, 4),), {"axes": (1,), "keepdims": False}),
    Case("reduce_min", ((3, 4),), {"axes": (0, 1), "keepdims": True}),
    Case("reduce_mean", ((3, 4),), {"axes": (1,), "keepdims": True}),
    Case("reduce_sum", ((3, 4),), {"axes": (0,), "keepdims": False}),
    Case("reshape", ((2, 3),), {"shape": (3, 2)}),
    Case("reverse", ((2, 3),), {"axis": 1}),
    Case("slice", ((2, 5),), {"starts": (0, 1), "steps": (1, 2), "sizes": (2, 2)}),
    Case("tile", ((2, 2),), {"repeats": (1, 3)}),
    Case("transpose", ((2, 3),), {"perm": (1, 0)}),
    Case("softmax", ((2, 4),), {"axis": 1}),
    Case("layer_norm", ((2, 4), draw(4), draw(4)), {"axis": 1, "epsilon": 1e-3}),
    Case("prelu", ((2, 3), draw(3))),
    Case("leaky_relu", ((5,),), {"alpha": 0.1}),
    Case("elu", ((5,),), {"alpha": 0.7}),
    Case("celu", ((5,),), {"alpha": 0.7}),
    Case("hard_sigmoid", ((5,),), {"alpha": 0.2, "beta": 0.5}),
    Case("clip", ((5,),), {"minimum": -0.5, "maximum": 1.5}),
    Case("clip", ((5,),), {"maximum": 1.0}),
    Case("clip", ((5,),), {"minimum": -1.0}),
    Case("relu_general", ((5,),), {"negative_slope": 0.1, "threshold": 0.0, "max_value": 2.0}),
    *(recurrent(*case, time) for time in (1, 3) for case in RECURRENT),
)


def graph_and_point(case: Case) -> tuple[Graph, Array]:
    """Return the graph of a case, and a place to look at, (in,)."""
    made = graph_of(case, f"net_{case.op}", seed=3)
    assert made.source.examples is not None
    return made, made.source.examples[0].astype(np.float64)


def evaluate(tape: Tape, point: Array, second: bool = True) -> Jet:
    """Return the outputs' jet along every element of the input; states stay initial."""
    n = point.size
    directions = np.eye(n)
    given, at = {}, 0
    for name in tape.inputs:
        length = tape.lengths[name]
        like = constant_jet(point[at : at + length], n, second)
        given[name] = Jet(like.value, directions[:, at : at + length], like.second)
        at += length
    given |= {name: constant_jet(value, n, second) for name, value in tape.initial.items()}
    return run_tape(tape, given)[tape.output]


def whole_tape(made: Graph) -> Tape:
    """Return the tape with the input as one atom."""
    return trace(made, [("x", sum(size(made.tensors[name].shape) for name in made.inputs))])


def stencil(function: Callable[[Array], Array], point: Array) -> Array:
    """Return d function / d point (in, ...) by the five-point stencil, whose error is of fourth order."""
    rows = []
    for i in range(point.size):
        h = STENCIL_STEP * np.eye(point.size)[i]
        far, near = (function(point + s * h) - function(point - s * h) for s in (2, 1))
        rows.append((8 * near - far) / (12 * STENCIL_STEP))
    return np.array(rows)


def graph_function(made: Graph) -> Callable[[Array], Array]:
    """Return the float64 reference of a graph, from its initial state."""
    return lambda point: step(made, point, initial_state(made)).outputs


__all__ = ["CASES", "constant", "evaluate", "graph", "graph_and_point", "graph_function", "stencil", "whole_tape"]
