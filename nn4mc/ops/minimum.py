"""minimum: the smaller of a and b, element by element, with broadcasting."""

import numpy as np

from nn4mc.ops.broadcast import binary

OPERATOR = binary("minimum", "the smaller of a and b, with broadcasting", np.minimum)
