"""hard_sigmoid6: relu6(x + 3) / 6, Keras 3's hard_sigmoid."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "hard_sigmoid6",
    "relu6(x + 3) / 6, Keras 3's hard_sigmoid",
    lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    ("nn4mc_activations", "nn4mc_elementary"),
)
