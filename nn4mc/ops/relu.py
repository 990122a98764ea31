"""relu: max(x, 0)."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("relu", "max(x, 0)", lambda x: np.maximum(x, 0.0), ("nn4mc_elementary",))
