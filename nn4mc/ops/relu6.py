"""relu6: min(max(x, 0), 6)."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "relu6", "min(max(x, 0), 6)", lambda x: np.clip(x, 0.0, 6.0), ("nn4mc_activations", "nn4mc_elementary")
)
