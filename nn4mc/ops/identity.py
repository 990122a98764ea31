"""identity: x; dropped before code is emitted."""

from nn4mc.ops.activation import FUNCTIONS
from nn4mc.ops.base import elementwise

OPERATOR = elementwise("identity", "x; dropped before code is emitted", FUNCTIONS["identity"])
