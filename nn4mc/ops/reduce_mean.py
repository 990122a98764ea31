"""reduce_mean: the mean along axes."""

import numpy as np

from nn4mc.ops.reduction import reduction

OPERATOR = reduction("reduce_mean", "the mean along axes", np.mean)
