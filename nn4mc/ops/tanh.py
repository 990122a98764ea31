"""tanh: hyperbolic tangent."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("tanh", "hyperbolic tangent", np.tanh, ("nn4mc_elementary",))
