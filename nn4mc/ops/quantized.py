"""What quantised products share: x in steps, integer sums, and what becomes of them.

x is int8 or int16, ``input_zero`` standing for 0, or float32 that the layer brings to steps itself: ``per_unit`` of
them in 1.0, at most ``limit``. Weights are int8, or int16 with sums divided by 2^sum_shift before the bias is added.
Results are int8 or int16 (``output_zero``, ``minimum``, ``maximum``; a table of 256 for int8), or float32.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn4mc.fixed_point import INT8_MAX, INT8_MIN, Integers, clamp, integers, rescale, rescale_once, to_steps
from nn4mc.ir import FLOAT32, INT8, INT16, Array, Node, Shape, Tensor
from nn4mc.ops.base import expect, expect_shape, number, size, whole
from nn4mc.ops.integer_rows import INT8_STEPS, pack, words_of
from nn4mc.ops.packing import Packed, PackedConstants

PER_UNIT, LIMIT, SUM_SHIFT, INPUT_ZERO = "per_unit", "limit", "sum_shift", "input_zero"
INPUT = (INPUT_ZERO, PER_UNIT, LIMIT, SUM_SHIFT)
"""Attributes of how x is read."""
OUTPUT = ("output_zero", "minimum", "maximum")
"""Attributes of an integer result."""
PRODUCT_FILES = ("nn4mc_fixed_point", "nn4mc_integer_rows", "nn4mc_quantized_product")
STEP_FILES = ("nn4mc_integer_rows", "nn4mc_integer_steps")
C_BYTES = {FLOAT32: 4, INT8: 1, INT16: 2}
_SUFFIX = {FLOAT32: "float", INT8: "int8", INT16: "int16"}


def check_input(node: Node) -> None:
    """Raise GraphError unless the attributes of x are complete."""
    whole(node, INPUT_ZERO)
    if PER_UNIT in node.attributes:
        expect(number(node, PER_UNIT) > 0.0, node, f"per_unit {number(node, PER_UNIT)}, expected above 0")
        whole(node, LIMIT)
    expect(1 <= limit_of(node) <= 2**15 - 1, node, f"limit {limit_of(node)}, expected 1 to 32767")
    expect(0 <= shift_of(node) <= 31, node, f"sum_shift {shift_of(node)}, expected 0 to 31")


def check_rows(node: Node, rows: int, names: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Raise GraphError unless each of ``shapes`` is (rows,)."""
    for what, shape in zip(names, shapes, strict=True):
        expect_shape(node, what, shape, (rows,))


def check_table(node: Node, inputs: Sequence[Shape]) -> None:
    """Raise GraphError unless the sixth input, where there is one, is a table of 256."""
    if len(inputs) > 5:
        expect_shape(node, "table", inputs[5], (256,))
        limits = (whole(node, "minimum"), whole(node, "maximum"))
        expect(limits == (INT8_MIN, INT8_MAX), node, f"a table behind a range of {limits}, expected all of int8")


def limit_of(node: Node) -> int:
    """Return the largest |step| of x."""
    return whole(node, LIMIT) if LIMIT in node.attributes else INT8_STEPS


def shift_of(node: Node) -> int:
    """Return by how many bits sums are divided."""
    return whole(node, SUM_SHIFT) if SUM_SHIFT in node.attributes else 0


def steps_of(node: Node, x: Array) -> Integers:
    """Return x in whole steps from its zero point."""
    if PER_UNIT in node.attributes:
        return integers(to_steps(x, number(node, PER_UNIT), limit_of(node)))
    return integers(x) - whole(node, INPUT_ZERO)


def shifted(sums: Integers, shift: int) -> Integers:
    """Return sums / 2^shift, halves up."""
    return np.asarray((sums + ((1 << shift) >> 1)) >> shift)


def to_integers(node: Node, sums: Integers, factors: Sequence[Array], *, twice: bool = False) -> Array:
    """Return the integers that sums stand for; ``factors`` are multiplier, shift and perhaps a table."""
    multiplier, shift, *table = factors
    scale = rescale if twice else rescale_once
    scaled = scale(sums, integers(multiplier), integers(shift)) + whole(node, "output_zero")
    steps = clamp(scaled, whole(node, "minimum"), whole(node, "maximum"))
    return table[0][integers(steps) - INT8_MIN] if table else steps


def to_float(sums: Integers, scales: Array) -> Array:
    """Return sums * scales, in float32 as the kernel does."""
    return np.asarray((sums.astype(np.float32) * scales.astype(np.float32)).astype(np.float64))


def pack_product(node: Node, inputs: Sequence[Tensor], _target: Any) -> PackedConstants:
    """Return the matrix and bias of a dense layer, or of a convolution without groups, as its kernel reads them."""
    weights, bias = inputs[1].data, inputs[2].data
    assert weights is not None and bias is not None
    about = f"{inputs[1].name} {inputs[1].shape} and {inputs[2].name}"
    return {"rows": pack(weights.reshape(len(weights), -1), bias, limit_of(node), about)}


def product_scratch(_node: Node, inputs: Sequence[Shape]) -> int:
    """Return the words of x in steps and of the sums: the second input is the matrix, its rows first."""
    return words_of(inputs[1][0], size(inputs[1][1:]))


def product_details(node: Node, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, object]:
    """Return the C names that the types of x, weights and y decide, and where the sums stand."""
    x, y = inputs[0].dtype, outputs[0].dtype
    return {
        "x_type": x,
        "load": "" if x == FLOAT32 else f"nn4mc_load_{_SUFFIX[x]}",
        "x_bytes": C_BYTES[x],
        **finish_of(inputs, y),
        "y_bytes": C_BYTES[y],
        "dot": f"nn4mc_dot_{_SUFFIX[inputs[1].dtype]}",
        "sum_shift": shift_of(node),
        "sums_at": 2 * -(-size(inputs[1].shape[1:]) // 4),
    }


def pack_factors(inputs: Sequence[Tensor]) -> PackedConstants:
    """Return the multipliers of an integer result, and its shifts unless one stands for all."""
    every = plain_factors(inputs)
    return every if even_shift(inputs) is None else {"multipliers": every["multipliers"]}


def plain_factors(inputs: Sequence[Tensor]) -> PackedConstants:
    """Return the multipliers and the shifts of an integer result."""
    multiplier, shift = inputs[3], inputs[4]
    assert multiplier.data is not None and shift.data is not None
    return {"multipliers": Packed(multiplier.data, multiplier.name), "shifts": Packed(shift.data, shift.name)}


def even_shift(inputs: Sequence[Tensor]) -> int | None:
    """Return the one shift of all rows, -2 or less, which needs but the upper half of a product; else None."""
    shifts = inputs[4].data
    assert shifts is not None
    return int(shifts[0]) if shifts[0] <= -2 and bool((shifts == shifts[0]).all()) else None


def finish_of(inputs: Sequence[Tensor], y: str) -> dict[str, object]:
    """Return the C function that turns sums into values of type ``y``, and the shift that it is given."""
    if y == FLOAT32:
        return {"finish": "nn4mc_finish_float", "even_shift": 0}
    shifts, shift = inputs[4].data, even_shift(inputs)
    assert shifts is not None
    kind = "table" if len(inputs) > 5 else _SUFFIX[y]
    if shift is not None:
        return {"finish": f"nn4mc_finish_{kind}_even", "even_shift": -2 - shift}
    low = "_low" if kind == "int8" and bool((shifts <= -2).all()) else ""
    return {"finish": f"nn4mc_finish_{kind}{low}", "even_shift": 0}
