"""to_steps: float32 to int16: round(x * per_unit) within +-limit, halves to even; what integer products read."""

from collections.abc import Sequence

from nn4mc.fixed_point import to_steps
from nn4mc.ir import FLOAT32, INT16, Array, Node, Shape
from nn4mc.ops.base import Operator, expect, number, whole
from nn4mc.ops.quantized import LIMIT, PER_UNIT, STEP_FILES


def _shapes(node: Node, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    expect(number(node, PER_UNIT) > 0.0, node, f"per_unit {number(node, PER_UNIT)}, expected above 0")
    expect(1 <= whole(node, LIMIT) <= 2**15 - 1, node, f"limit {whole(node, LIMIT)}, expected 1 to 32767")
    return (inputs[0],)


def _reference(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (to_steps(inputs[0], number(node, PER_UNIT), whole(node, LIMIT)),)


OPERATOR = Operator(
    name="to_steps",
    about="float32 to int16: round(x * per_unit) within +-limit",
    arity=(1, 1),
    shapes=_shapes,
    reference=_reference,
    attributes=(PER_UNIT, LIMIT),
    types=(FLOAT32, INT16),
    converts=True,
    runtime=STEP_FILES,
)
