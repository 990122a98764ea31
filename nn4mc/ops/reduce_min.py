"""reduce_min: the smallest element along axes."""

import numpy as np

from nn4mc.ops.reduction import reduction

OPERATOR = reduction("reduce_min", "the smallest element along axes", np.min)
