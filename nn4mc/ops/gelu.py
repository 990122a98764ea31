"""gelu: x times the normal distribution function of x."""

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "gelu", "x times the normal distribution function of x", functions.gelu, ("nn4mc_activations", "nn4mc_elementary")
)
