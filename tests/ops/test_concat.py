"""concat puts arrays one behind the other along an axis."""

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import Node
from nn4mc.ops import operator

CONCAT = operator("concat")
NODE = Node("c", "concat", ("a", "b"), ("y",), {"axis": 0})


def test_keeps_the_order():
    (found,) = CONCAT.reference(NODE, [np.array([3.0, 1.0]), np.array([2.0])])
    assert found.tolist() == [3.0, 1.0, 2.0]


def test_width_is_the_sum_of_the_widths():
    assert CONCAT.shapes(NODE, [(2,), (5,), (1,)]) == ((8,),)


def test_refuses_a_vector_beside_a_matrix():
    with pytest.raises(
        GraphError, match=r"inputs have shapes \[\(2,\), \(2, 2\)\], expected equal ones but for axis 0"
    ):
        CONCAT.shapes(NODE, [(2,), (2, 2)])


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_refuses_an_axis_that_vectors_have_not(axis: int):
    node = Node("c", "concat", ("a", "b"), ("y",), {"axis": axis})
    with pytest.raises(GraphError, match=rf"axis {axis} of shape \(2,\)"):
        CONCAT.shapes(node, [(2,), (5,)])


def test_refuses_to_go_without_an_axis():
    with pytest.raises(GraphError, match="attribute axis is None, expected an integer"):
        CONCAT.shapes(Node("c", "concat", ("a", "b"), ("y",)), [(2,), (5,)])
