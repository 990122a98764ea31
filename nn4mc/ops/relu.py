"""relu: max(x, 0)."""

from nn4mc.ops.activation import FUNCTIONS
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("relu", "max(x, 0)", FUNCTIONS["relu"])
