"""neg: -x."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("neg", "-x", np.negative, ("nn4mc_activations", "nn4mc_elementary"))
