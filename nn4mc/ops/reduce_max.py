"""reduce_max: the largest element along axes."""

import numpy as np

from nn4mc.ops.reduction import reduction

OPERATOR = reduction("reduce_max", "the largest element along axes", np.max)
