"""concat puts vectors one behind the other."""

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Node
from nn4mc.ops import operator

CONCAT = operator("concat")
NODE = Node("c", "concat", ("a", "b"), ("y",))


def test_keeps_the_order():
    (found,) = CONCAT.reference(NODE, [np.array([3.0, 1.0]), np.array([2.0])])
    assert found.tolist() == [3.0, 1.0, 2.0]


def test_width_is_the_sum_of_the_widths():
    assert CONCAT.shapes(NODE, [(2,), (5,), (1,)]) == ((8,),)


def test_refuses_what_is_no_vector():
    with pytest.raises(GraphError, match="expected vectors"):
        CONCAT.shapes(NODE, [(2,), (2, 2)])
