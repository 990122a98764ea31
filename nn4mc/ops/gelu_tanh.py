"""gelu_tanh: gelu approximated by tanh."""

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "gelu_tanh", "gelu approximated by tanh", functions.gelu_tanh, ("nn4mc_activations", "nn4mc_elementary")
)
