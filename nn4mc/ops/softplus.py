"""softplus: log(1 + exp(x))."""

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("softplus", "log(1 + exp(x))", functions.softplus, ("nn4mc_activations", "nn4mc_elementary"))
