"""sqrt: square root."""

import numpy as np

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("sqrt", "square root", np.sqrt, ("nn4mc_elementary",))
