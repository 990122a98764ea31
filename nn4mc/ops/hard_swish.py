"""hard_swish: x relu6(x + 3) / 6."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "hard_swish",
    "x relu6(x + 3) / 6",
    lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    ("nn4mc_activations", "nn4mc_elementary"),
)
