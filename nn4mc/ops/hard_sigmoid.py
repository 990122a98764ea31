"""hard_sigmoid: alpha x + beta between 0 and 1."""

import numpy as np

from nn4mc.ir import Array, Node
from nn4mc.ops.base import number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    return np.asarray(np.clip(number(node, "alpha") * x + number(node, "beta"), 0.0, 1.0))


OPERATOR = parametric("hard_sigmoid", "alpha x + beta between 0 and 1", _function, ("alpha", "beta"))
