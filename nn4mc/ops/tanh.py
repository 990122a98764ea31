"""tanh: hyperbolic tangent."""

from nn4mc.ops.activation import FUNCTIONS
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("tanh", "hyperbolic tangent", FUNCTIONS["tanh"])
