"""identity: x; dropped before code is emitted."""

from nn4mc.ops.base import elementwise

OPERATOR = elementwise("identity", "x; dropped before code is emitted", lambda x: x, ("nn4mc_copy",))
