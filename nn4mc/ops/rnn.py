"""rnn: Elman's recurrent layer over a window of time.

Inputs: x (time, batch, in), h (batch, hidden), W (hidden, in), U (hidden, hidden), bias (hidden). In each step

    h' = activation(W x + b + U h)

Outputs: y (time, batch, hidden), and h_n (batch, hidden), which is h after the last step. With ``reverse`` time runs
backwards and y[t] is still the answer to x[t]. The C adds bias, W x and U h in this order, each from left to right.
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator, constant
from nn4mc.ops.packing import PackedConstants, pack_rows
from nn4mc.ops.recurrent import (
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

_ACTIVATIONS = (ACTIVATION,)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    return window_shapes(node, inputs, states=1, gates=1, biases=1, attributes=_ACTIVATIONS)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, weights, recurrent, bias = inputs
    activation = gate_activation(node, ACTIVATION).function

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        return (activation(now @ weights.T + bias + states[0] @ recurrent.T),)

    return run_window(node, x, (h,), step)


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    return inputs[4][0]


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return window_details(node, [tensor.shape for tensor in inputs], _ACTIVATIONS)


def _packed(_node: Node, inputs: Sequence[Tensor], target: Target) -> PackedConstants:
    weights, recurrent, bias = (constant(tensor) for tensor in inputs[2:])
    both = np.concatenate([weights, recurrent], axis=1)
    return {"rows": pack_rows(both, bias, target.block_rows, "[W U] and bias")}


OPERATOR = Operator(
    name="rnn",
    about="Elman's recurrent layer over a window",
    arity=(5, 5),
    shapes=_shapes,
    reference=_reference,
    macs=window_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(2, 3, 4),
    attributes=(ACTIVATION, REVERSE),
    constants=(2, 3, 4),
    runtime=("nn4mc_rnn", *RUNTIME),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1),),
    optional=(0, 1),
)
