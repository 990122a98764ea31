"""relu_general: Keras' ReLU layer, with negative slope, threshold and, if there is one, a largest value.

    y = clip(x if x > threshold else 0, 0, max_value) - negative_slope max(threshold - x, 0)

Without max_value nothing is clipped: with a negative threshold, what lies between it and 0 passes.
"""

import numpy as np

from nn4mc.ir import Array, Node
from nn4mc.ops import functions
from nn4mc.ops.base import number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    threshold = number(node, "threshold")
    passed = np.where(x > threshold, x, 0.0)
    if "max_value" in node.attributes:
        passed = functions.clip(passed, 0.0, number(node, "max_value"))
    return np.asarray(passed - number(node, "negative_slope") * np.maximum(threshold - x, 0.0))


OPERATOR = parametric(
    "relu_general",
    "Keras' ReLU: negative slope, threshold, largest value",
    _function,
    ("negative_slope", "threshold"),
    ("max_value",),
)
