"""sub: a - b, element by element, with broadcasting."""

import numpy as np

from nn4mc.ops.broadcast import binary

OPERATOR = binary("sub", "a - b, with broadcasting", np.subtract)
