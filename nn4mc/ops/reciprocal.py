"""reciprocal: 1 / x."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("reciprocal", "1 / x", np.reciprocal, ("nn4mc_activations", "nn4mc_elementary"))
