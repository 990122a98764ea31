"""softsign: x / (1 + |x|)."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "softsign", "x / (1 + |x|)", lambda x: x / (1.0 + np.abs(x)), ("nn4mc_activations", "nn4mc_elementary")
)
