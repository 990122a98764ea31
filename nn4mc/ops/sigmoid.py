"""sigmoid: 1 / (1 + exp(-x))."""

from nn4mc.ops.activation import sigmoid
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("sigmoid", "1 / (1 + exp(-x))", sigmoid, ("nn4mc_elementary",))
