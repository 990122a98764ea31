"""selu: the scaled elu of self-normalising networks."""

from nn4mc.ops import functions
from nn4mc.ops.base import elementwise

OPERATOR = elementwise(
    "selu",
    "the scaled elu of self-normalising networks",
    lambda x: functions.SELU_SCALE * functions.elu(x, functions.SELU_ALPHA),
    ("nn4mc_activations", "nn4mc_elementary"),
)
