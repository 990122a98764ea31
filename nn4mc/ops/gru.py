"""gru: one step of a gated recurrent unit, Cho et al. 2014, in torch's and Keras' conventions.

Inputs: x (in), h (hidden), W (3 hidden, in), U (3 hidden, hidden), bias (4 hidden). Rows are in gate order r, z, n.
The four biases are r, z (those of input and hidden state summed), n of the input and n of the hidden state:

    r = sigmoid(W_r x + U_r h + b_r)          z = sigmoid(W_z x + U_z h + b_z)
    reset_after:      n = tanh(W_n x + b_n + r * (U_n h + c_n))       torch, cuDNN, Keras' default
    not reset_after:  n = tanh(W_n x + b_n + U_n (r * h) + c_n)       the 2014 paper
    h' = (1 - z) n + z h
"""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array, Float32Array, Node, Shape
from nn4mc.ops.activation import sigmoid
from nn4mc.ops.base import Operator, expect, expect_shape

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
    x, h, weights, recurrent, bias = inputs
    expect(len(x) == 1 and len(h) == 1, node, f"x and h have shapes {x} and {h}, expected vectors")
    expect(isinstance(node.attributes.get(RESET_AFTER), bool), node, f"attribute {RESET_AFTER} must be true or false")
    hidden = h[0]
    expect_shape(node, "W", weights, (3 * hidden, x[0]))
    expect_shape(node, "U", recurrent, (3 * hidden, hidden))
    expect_shape(node, "bias", bias, (4 * hidden,))
    return (h,)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, weights, recurrent, bias = inputs
    w_r, w_z, w_n = np.split(weights, 3)
    u_r, u_z, u_n = np.split(recurrent, 3)
    b_r, b_z, b_n, c_n = np.split(bias, 4)
    r = sigmoid(w_r @ x + u_r @ h + b_r)
    z = sigmoid(w_z @ x + u_z @ h + b_z)
    hidden_part = r * (u_n @ h + c_n) if node.attributes[RESET_AFTER] else u_n @ (r * h) + c_n
    n = np.tanh(w_n @ x + b_n + hidden_part)
    return ((1.0 - z) * n + z * h,)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    return inputs[2][0] * inputs[2][1] + inputs[3][0] * inputs[3][1]


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    return inputs[4][0]


OPERATOR = Operator(
    name="gru",
    about="one step of a gated recurrent unit",
    arity=(5, 5),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    scratch=_scratch,
    attributes=(RESET_AFTER,),
    constants=(2, 3, 4),
    runtime=("nn4mc_gru", "nn4mc_product", "nn4mc_elementary"),
    in_place=1,
)
