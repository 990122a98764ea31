"""abs: |x|."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("abs", "|x|", np.abs, ("nn4mc_activations", "nn4mc_elementary"))
