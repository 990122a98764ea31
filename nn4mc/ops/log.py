"""log: natural logarithm."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("log", "natural logarithm", np.log, ("nn4mc_elementary",))
