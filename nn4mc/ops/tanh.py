"""tanh: hyperbolic tangent."""

from nn4mc.ops.approximate import approximate_tanh
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("tanh", "hyperbolic tangent", approximate_tanh, ("nn4mc_elementary",))
