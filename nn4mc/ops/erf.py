"""erf: the error function."""

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("erf", "the error function", functions.erf, ("nn4mc_elementary",))
