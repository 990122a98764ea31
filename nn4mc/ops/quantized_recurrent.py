"""What q_rnn, q_gru and q_lstm share: integer products between states and gates that stay float32.

x and h come and go as float32. Each step brings them to int16 steps (``per_unit`` and ``limit`` for x, ``h_per_unit``
and ``h_limit`` for h) and multiplies them with int8 or int16 weights in integers; a sum times its row's scale is a
float32 again, and all behind it is what the float operator does. Inputs behind x and the states: W (gates hidden, in),
U (gates hidden, hidden), the bias of W (gates hidden) int32 in steps of its sums, scales of W and of U (gates hidden).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nn4mc.fixed_point import Integers, integers, to_steps
from nn4mc.ir import Array, Node, Shape, Tensor
from nn4mc.ops.base import constant, expect, expect_shape, number, whole
from nn4mc.ops.integer_rows import pack
from nn4mc.ops.packing import Packed
from nn4mc.ops.quantized import LIMIT, PER_UNIT, STEP_FILES, SUM_SHIFT, shifted, to_float
from nn4mc.ops.recurrent import window_details, window_shapes

H_PER_UNIT, H_LIMIT, H_SUM_SHIFT = "h_per_unit", "h_limit", "h_sum_shift"
STEPS = (PER_UNIT, LIMIT, SUM_SHIFT, H_PER_UNIT, H_LIMIT, H_SUM_SHIFT)
FILES = ("nn4mc_recurrent", "nn4mc_copy", *STEP_FILES)
Rows = npt.NDArray[np.int_]


def check_steps(node: Node) -> None:
    """Raise GraphError unless steps, limits and shifts are numbers that the kernels can take."""
    for name in (PER_UNIT, H_PER_UNIT):
        expect(number(node, name) > 0.0, node, f"{name} {number(node, name)}, expected above 0")
    for name in (LIMIT, H_LIMIT):
        expect(1 <= whole(node, name) <= 2**15 - 1, node, f"{name} {whole(node, name)}, expected 1 to 32767")
    for name in (SUM_SHIFT, H_SUM_SHIFT):
        expect(0 <= whole(node, name) <= 31, node, f"{name} {whole(node, name)}, expected 0 to 31")


def quantized_window_shapes(
    node: Node, inputs: Sequence[Shape], *, states: int, gates: int, attributes: Sequence[str]
) -> tuple[Shape, ...]:
    """Return the output shapes as `window_shapes` does; the inputs are those of this module, perhaps one more."""
    check_steps(node)
    weights, recurrent, bias, scale, recurrent_scale = inputs[1 + states : 6 + states]
    plain = [*inputs[: 1 + states], weights, recurrent, bias]
    shapes = window_shapes(node, plain, states=states, gates=gates, biases=gates, attributes=attributes)
    expect_shape(node, "scale of W", scale, (weights[0],))
    expect_shape(node, "scale of U", recurrent_scale, (weights[0],))
    return shapes


def of_x(node: Node, x: Array, weights: Array, bias: Array, scale: Array) -> Array:
    """Return W x + b for x (batch, in), as float32 values."""
    steps = integers(to_steps(x, number(node, PER_UNIT), whole(node, LIMIT)))
    return to_float(_sums(steps, weights, whole(node, SUM_SHIFT)) + integers(bias), scale)


def of_h(node: Node, h: Array, recurrent: Array, scale: Array, bias: Array | None = None) -> Array:
    """Return U h, and a bias where one is given, for h (batch, hidden), as float32 values."""
    steps = integers(to_steps(h, number(node, H_PER_UNIT), whole(node, H_LIMIT)))
    sums = _sums(steps, recurrent, whole(node, H_SUM_SHIFT))
    return to_float(sums if bias is None else sums + integers(bias), scale)


def _sums(steps: Integers, weights: Array, shift: int) -> Integers:
    return shifted(np.asarray(steps @ integers(weights).T), shift)


def pack_x(node: Node, weights: Tensor, bias: Tensor, order: Rows | None = None) -> Packed:
    """Return W and its bias as their kernel reads them, their rows in another ``order`` if one is given."""
    rows = np.arange(weights.shape[0]) if order is None else order
    about = f"{weights.name} {weights.shape} and {bias.name}"
    return pack(constant(weights)[rows], constant(bias)[rows], whole(node, LIMIT), about)


def pack_h(node: Node, recurrent: Tensor, rows: Rows, bias: Tensor | None = None) -> Packed:
    """Return ``rows`` of U, with a bias or zeros, as their kernel reads them."""
    added = np.zeros(len(rows), np.int32) if bias is None else constant(bias)
    about = f"{len(rows)} rows of {recurrent.name} {recurrent.shape}"
    return pack(constant(recurrent)[rows], added, whole(node, H_LIMIT), about)


def scratch_words(inputs: Sequence[Shape], rows: Sequence[int]) -> int:
    """Return the words of x or h in steps, and of sums of so many rows, each rounded up to four."""
    hidden, width = inputs[1][1], inputs[0][2]
    return 2 * -(-max(hidden, width) // 4) + sum(4 * -(-count // 4) for count in rows)


def quantized_details(node: Node, inputs: Sequence[Tensor], attributes: Sequence[str]) -> dict[str, object]:
    """Return the sizes of a window and the C names of the activations."""
    return window_details(node, [tensor.shape for tensor in inputs], attributes)
