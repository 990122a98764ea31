"""clip: min(max(x, minimum), maximum); either bound may be absent."""

import math

from nn4mc.ir import Array, Node
from nn4mc.ops import functions
from nn4mc.ops.base import number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    low = number(node, "minimum") if "minimum" in node.attributes else -math.inf
    high = number(node, "maximum") if "maximum" in node.attributes else math.inf
    return functions.clip(x, low, high)


OPERATOR = parametric(
    "clip", "min(max(x, minimum), maximum); either bound may be absent", _function, (), ("minimum", "maximum")
)
