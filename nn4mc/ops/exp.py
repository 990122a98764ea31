"""exp: e to the x."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("exp", "e to the x", np.exp, ("nn4mc_elementary",))
