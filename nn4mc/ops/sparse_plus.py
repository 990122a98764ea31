"""sparse_plus: 0 below -1, (x + 1)^2 / 4 up to 1, x above."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "sparse_plus",
    "0 below -1, (x + 1)^2 / 4 up to 1, x above",
    lambda x: (np.clip(x, -1.0, 1.0) + 1.0) ** 2 / 4.0 + np.maximum(x - 1.0, 0.0),
)
