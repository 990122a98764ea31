"""lstm: long short-term memory over a window of time, Gers et al. 2000 without peepholes, as in torch and Keras.

Inputs: x (time, batch, in), h and c (batch, hidden), W (4 hidden, in), U (4 hidden, hidden), bias (4 hidden). Rows are
in gate order i, f, g, o; sigma is ``gate_activation`` and tau ``activation``. In each step

    i = sigma(W_i x + b_i + U_i h)    f = sigma(W_f x + b_f + U_f h)    o = sigma(W_o x + b_o + U_o h)
    g = tau(W_g x + b_g + U_g h)      c' = f c + i g                    h' = o tau(c')

Outputs: y (time, batch, hidden), and h_n and c_n (batch, hidden), which are h and c after the last step. With
``reverse`` time runs backwards and y[t] is still the answer to x[t].
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator, constant
from nn4mc.ops.packing import PackedConstants, pack_rows
from nn4mc.ops.recurrent import (
    GATE_ACTIVATION,
    REVERSE,
    RUNTIME,
    gate_activation,
    gate_files,
    run_window,
    window_details,
    window_macs,
    window_shapes,
)
from nn4mc.target import Target

_ACTIVATIONS = (ACTIVATION, GATE_ACTIVATION)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    return window_shapes(node, inputs, states=2, gates=4, biases=4, attributes=_ACTIVATIONS)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, c, weights, recurrent, bias = inputs
    tau, sigma = (gate_activation(node, attribute).function for attribute in _ACTIVATIONS)

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        gates = now @ weights.T + bias + states[0] @ recurrent.T
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = sigma(f) * states[1] + sigma(i) * tau(g)
        return (sigma(o) * tau(cell), cell)

    return run_window(node, x, (h, c), step)


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    return inputs[5][0]


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return window_details(node, [tensor.shape for tensor in inputs], _ACTIVATIONS)


def _packed(_node: Node, inputs: Sequence[Tensor], target: Target) -> PackedConstants:
    """Rows in the order i, f, o, g: those of one activation together."""
    weights, recurrent, bias = (constant(tensor) for tensor in inputs[3:])
    i, f, g, o = np.split(np.arange(len(bias)), 4)
    order = np.concatenate([i, f, o, g])
    both = np.concatenate([weights, recurrent], axis=1)[order]
    return {"gates": pack_rows(both, bias[order], target.block_rows, "[W U] and bias of i, f, o, g")}


OPERATOR = Operator(
    name="lstm",
    about="long short-term memory over a window",
    arity=(6, 6),
    shapes=_shapes,
    reference=_reference,
    macs=window_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(3, 4, 5),
    attributes=(ACTIVATION, GATE_ACTIVATION, REVERSE),
    constants=(3, 4, 5),
    runtime=("nn4mc_lstm", "nn4mc_vector", *RUNTIME),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1), (2, 2)),
    optional=(0, 1),
)
