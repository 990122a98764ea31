"""maximum: the larger of a and b, element by element, with broadcasting."""

import numpy as np

from nn4mc.ops.broadcast import binary

OPERATOR = binary("maximum", "the larger of a and b, with broadcasting", np.maximum)
