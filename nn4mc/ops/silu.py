"""silu: x sigmoid(x)."""

from nn4mc.ops.activation import sigmoid
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("silu", "x sigmoid(x)", lambda x: x * sigmoid(x), ("nn4mc_activations", "nn4mc_elementary"))
