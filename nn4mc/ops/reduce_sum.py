"""reduce_sum: the sum along axes."""

import numpy as np

from nn4mc.ops.reduction import reduction

OPERATOR = reduction("reduce_sum", "the sum along axes", np.sum)
