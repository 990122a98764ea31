"""mish: x tanh(softplus(x))."""

import numpy as np

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "mish",
    "x tanh(softplus(x))",
    lambda x: x * np.tanh(functions.softplus(x)),
    ("nn4mc_activations", "nn4mc_elementary"),
)
