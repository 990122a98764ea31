"""sigmoid: 1 / (1 + exp(-x))."""

from nn4mc.ops.approximate import approximate_sigmoid
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("sigmoid", "1 / (1 + exp(-x))", approximate_sigmoid, ("nn4mc_elementary",))
