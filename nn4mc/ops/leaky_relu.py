"""leaky_relu: x above 0, alpha x below."""

import numpy as np

from nn4mc.ir import Array, Node
from nn4mc.ops.base import number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    return np.asarray(np.where(x > 0.0, x, number(node, "alpha") * x))


OPERATOR = parametric("leaky_relu", "x above 0, alpha x below", _function, ("alpha",))
