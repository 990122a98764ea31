"""q_lstm: long short-term memory with integer products and float32 gates and states; the equations are those of lstm.

Inputs: x (time, batch, in), h and c (batch, hidden), W, U, the bias of W, the scales of W and U. See
nn4mc/ops/quantized_recurrent.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.base import Operator, constant
from nn4mc.ops.packing import Packed, PackedConstants
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
    return quantized_window_shapes(node, inputs, states=2, gates=4, attributes=_ACTIVATIONS)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x, h, c, weights, recurrent, bias, scale, recurrent_scale = inputs
    tau, sigma = (gate_activation(node, attribute).function for attribute in _ACTIVATIONS)

    def step(now: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        gates = of_x(node, now, weights, bias, scale) + of_h(node, states[0], recurrent, recurrent_scale)
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = sigma(f) * states[1] + sigma(i) * tau(g)
        return (sigma(o) * tau(cell), cell)

    return run_window(node, x, (h, c), step)


def _macs(_node: Node, inputs: Sequence[Shape]) -> int:
    time, batch, width = inputs[0]
    return time * batch * inputs[3][0] * (width + inputs[1][1])


def _packed(node: Node, inputs: Sequence[Tensor], _target: Any) -> PackedConstants:
    """Rows in the order i, f, o, g: those of one activation together."""
    i, f, g, o = np.split(np.arange(inputs[3].shape[0]), 4)
    order = np.concatenate([i, f, o, g])
    return {
        "weighted": pack_x(node, inputs[3], inputs[5], order),
        "carried": pack_h(node, inputs[4], order),
        "scales": Packed(constant(inputs[6])[order], f"{inputs[6].name} of i, f, o, g"),
        "carried_scales": Packed(constant(inputs[7])[order], f"{inputs[7].name} of i, f, o, g"),
    }


def _scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    rows = inputs[3][0]
    return scratch_words(inputs, (rows, rows))


def _details(node: Node, inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    return quantized_details(node, inputs, _ACTIVATIONS)


OPERATOR = Operator(
    name="q_lstm",
    about="long short-term memory with integer products; gates and states stay float32",
    arity=(8, 8),
    shapes=_shapes,
    reference=_reference,
    macs=_macs,
    scratch=_scratch,
    details=_details,
    packed=_packed,
    packs=(3, 4, 5, 6, 7),
    attributes=(*_ACTIVATIONS, REVERSE, *STEPS),
    constants=(3, 4, 5, 6, 7),
    runtime=("nn4mc_q_lstm", "nn4mc_vector", *FILES),
    runtime_of=lambda node: gate_files(node, _ACTIVATIONS),
    carried=((1, 1), (2, 2)),
    optional=(0, 1),
)
