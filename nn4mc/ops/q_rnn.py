"""q_rnn: Elman's recurrent layer with integer products and a float32 state; the equation is that of rnn.

Inputs: x (time, batch, in), h (batch, hidden), W, U, the bias of W, the scales of W and U. See
nn4mc/ops/quantized_recurrent.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator
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
from nn4mc.ops.recurrent import REVERSE, gate_activation, gate_files, run_window

_ACTIVATIONS = (ACTIVATION,)


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    return quantized_window_shapes(node, inputs, states=1, gates=1, attributes=_ACTIVATIONS)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, weights, recurrent, bias, scale, recurrent_scale = inputs
    activation = gate_activation(node, ACTIVATION).function

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        gates = of_x(node, now, weights, bias, scale) + of_h(node, states[0], recurrent, recurrent_scale)
        return (activation(gates),)

    return run_window(node, x, (h,), step)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    time, batch, width = inputs[0]
    return time * batch * inputs[2][0] * (width + inputs[1][1])


def _packed(node: Node, inputs: Sequence[Tensor], _target: Any) -> PackedConstants:
    return {
        "weighted": pack_x(node, inputs[2], inputs[4]),
        "carried": pack_h(node, inputs[3], np.arange(inputs[3].shape[0])),
    }


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    hidden = inputs[1][1]
    return scratch_words(inputs, (hidden, hidden))


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return quantized_details(node, inputs, _ACTIVATIONS)


OPERATOR = Operator(
    name="q_rnn",
    about="Elman's recurrent layer with integer products; the state stays float32",
    arity=(7, 7),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(2, 3, 4),
    attributes=(ACTIVATION, REVERSE, *STEPS),
    constants=(2, 3, 4, 5, 6),
    runtime=("nn4mc_q_rnn", *FILES),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1),),
    optional=(0, 1),
)
