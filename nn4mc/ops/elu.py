"""elu: x above 0, alpha (exp(x) - 1) below."""

from nn4mc.ir import Array, Node
from nn4mc.ops import functions
from nn4mc.ops.base import number
from nn4mc.ops.functions import parametric


def _function(node: Node, x: Array) -> Array:
    return functions.elu(x, number(node, "alpha"))


OPERATOR = parametric("elu", "x above 0, alpha (exp(x) - 1) below", _function, ("alpha",))
