"""q_gru: a gated recurrent unit with integer products and float32 gates and state; the equations are those of gru.

Inputs: x (time, batch, in), h (batch, hidden), W, U, the bias of W, the scales of W and U, and c_n (hidden) int32, the
bias of U's last rows. See nn4mc/ops/quantized_recurrent.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator, expect, expect_shape
from nn4mc.ops.gru import RESET_AFTER
from nn4mc.ops.packing import PackedConstants
from nn4mc.ops.quantized_recurrent import (
    FILES,
    STEPS,
    of_h,
    of_x,
    pack_h,
    pack_x,
    quantized_details,
    quantized_window_shapes,
    scratch_words,
)
from nn4mc.ops.recurrent import GATE_ACTIVATION, REVERSE, gate_activation, gate_files, run_window

_ACTIVATIONS = (ACTIVATION, GATE_ACTIVATION)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(isinstance(node.attributes.get(RESET_AFTER), bool), node, f"attribute {RESET_AFTER} must be true or false")
    shapes = quantized_window_shapes(node, inputs, states=1, gates=3, attributes=_ACTIVATIONS)
    expect_shape(node, "bias of the candidate", inputs[7], inputs[1][1:])
    return shapes


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, weights, recurrent, bias, scale, recurrent_scale, c_n = inputs
    tau, sigma = (gate_activation(node, attribute).function for attribute in _ACTIVATIONS)
    u_rz, u_n = np.split(recurrent, [2 * h.shape[1]])
    scale_rz, scale_n = np.split(recurrent_scale, [2 * h.shape[1]])

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        (before,) = states
        of_r, of_z, of_n = np.split(of_x(node, now, weights, bias, scale), 3, axis=1)
        hidden_r, hidden_z = np.split(of_h(node, before, u_rz, scale_rz), 2, axis=1)
        r, z = sigma(of_r + hidden_r), sigma(of_z + hidden_z)
        if node.attributes[RESET_AFTER]:
            hidden_n = r * of_h(node, before, u_n, scale_n, c_n)
        else:
            hidden_n = of_h(node, r * before, u_n, scale_n, c_n)
        return ((1.0 - z) * tau(of_n + hidden_n) + z * before,)

    return run_window(node, x, (h,), step)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    time, batch, width = inputs[0]
    return time * batch * inputs[2][0] * (width + inputs[1][1])


def _packed(node: Node, inputs: Sequence[Tensor], _target: Any) -> PackedConstants:
    hidden = inputs[1].shape[1]
    return {
        "weighted": pack_x(node, inputs[2], inputs[4]),
        "gates": pack_h(node, inputs[3], np.arange(2 * hidden)),
        "candidate": pack_h(node, inputs[3], np.arange(2 * hidden, 3 * hidden), inputs[7]),
    }


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    hidden = inputs[1][1]
    return scratch_words(inputs, (3 * hidden, 2 * hidden))


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return quantized_details(node, inputs, _ACTIVATIONS)


OPERATOR = Operator(
    name="q_gru",
    about="a gated recurrent unit with integer products; gates and state stay float32",
    arity=(8, 8),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(2, 3, 4, 7),
    attributes=(RESET_AFTER, REVERSE, *_ACTIVATIONS, *STEPS),
    constants=(2, 3, 4, 5, 6, 7),
    runtime=("nn4mc_q_gru", "nn4mc_vector", *FILES),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1),),
    optional=(0, 1),
)
