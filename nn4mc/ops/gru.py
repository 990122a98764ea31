"""gru: a gated recurrent unit over a window of time, Cho et al. 2014, in torch's and Keras' conventions.

Inputs: x (time, batch, in), h (batch, hidden), W (3 hidden, in), U (3 hidden, hidden), bias (4 hidden). Rows are in
gate order r, z, n; sigma is ``gate_activation`` and tau ``activation``. The four biases are r, z (those of input and
hidden state summed), n of the input and n of the hidden state. In each step

    r = sigma(W_r x + U_r h + b_r)          z = sigma(W_z x + U_z h + b_z)
    reset_after:      n = tau(W_n x + b_n + r * (U_n h + c_n))       torch, cuDNN, Keras' default
    not reset_after:  n = tau(W_n x + b_n + U_n (r * h) + c_n)       the 2014 paper
    h' = (1 - z) n + z h

Outputs: y (time, batch, hidden), and h_n (batch, hidden), which is h after the last step. With ``reverse`` time runs
backwards and y[t] is still the answer to x[t].
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Float32Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator, constant, expect
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
RESET_AFTER = "reset_after"


def merge_biases(bias_input: Float32Array, bias_hidden: Float32Array) -> Float32Array:
    """Return the four biases (4 hidden) of torch's two vectors (3 hidden each, gate order r, z, n)."""
    hidden = bias_input.shape[0] // 3
    summed = bias_input[: 2 * hidden].astype(np.float64) + bias_hidden[: 2 * hidden]
    return np.concatenate([summed.astype(np.float32), bias_input[2 * hidden :], bias_hidden[2 * hidden :]])


def from_keras_order(rows: Float32Array) -> Float32Array:
    """Return rows (3 hidden, ...) of Keras' gate order z, r, h in the order r, z, n."""
    z, r, n = np.split(rows, 3)
    return np.concatenate([r, z, n])


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(isinstance(node.attributes.get(RESET_AFTER), bool), node, f"attribute {RESET_AFTER} must be true or false")
    return window_shapes(node, inputs, states=1, gates=3, biases=4, attributes=_ACTIVATIONS)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, weights, recurrent, bias = inputs
    tau, sigma = (gate_activation(node, attribute).function for attribute in _ACTIVATIONS)
    u_rz, u_n = np.split(recurrent, [2 * h.shape[1]])
    bias_input, c_n = np.split(bias, [3 * h.shape[1]])

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        (before,) = states
        of_r, of_z, of_n = np.split(now @ weights.T + bias_input, 3, axis=1)
        hidden_r, hidden_z = np.split(before @ u_rz.T, 2, axis=1)
        r, z = sigma(of_r + hidden_r), sigma(of_z + hidden_z)
        hidden_n = r * (before @ u_n.T + c_n) if node.attributes[RESET_AFTER] else (r * before) @ u_n.T + c_n
        return ((1.0 - z) * tau(of_n + hidden_n) + z * before,)

    return run_window(node, x, (h,), step)


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    return inputs[4][0]


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return window_details(node, [tensor.shape for tensor in inputs], _ACTIVATIONS)


def _packed(_node: Node, inputs: Sequence[Tensor], target: Target) -> PackedConstants:
    """Rows r and z meet [x, h] at once; those of n meet x and h apart, since r stands between them."""
    weights, recurrent, bias = (constant(tensor) for tensor in inputs[2:])
    n, most = recurrent.shape[1], target.block_rows
    gates = np.concatenate([weights[: 2 * n], recurrent[: 2 * n]], axis=1)
    return {
        "gates": pack_rows(gates, bias[: 2 * n], most, "[W U] and bias of r, z"),
        "candidate": pack_rows(weights[2 * n :], bias[2 * n : 3 * n], most, "W and bias of n"),
        "hidden_part": pack_rows(recurrent[2 * n :], bias[3 * n :], most, "U and bias of n"),
    }


OPERATOR = Operator(
    name="gru",
    about="a gated recurrent unit over a window",
    arity=(5, 5),
    shapes=_shapes,
    reference=_reference,
    macs=window_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(2, 3, 4),
    attributes=(RESET_AFTER, REVERSE, ACTIVATION, GATE_ACTIVATION),
    constants=(2, 3, 4),
    runtime=("nn4mc_gru", "nn4mc_vector", *RUNTIME),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1),),
    optional=(0, 1),
)
