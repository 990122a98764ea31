"""add, sub, mul, div, maximum, minimum and prelu: numpy's broadcasting, in the reference and in C."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from nn4mc.errors import GraphError
from nn4mc.ir import Node, Shape
from nn4mc.ops import operator
from nn4mc.ops.axes import merged
from nn4mc.ops.broadcast import stretched_strides
from tests.operator_cases import Case, reference, worst_errors

FUNCTIONS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


def random_pair(rng: np.random.Generator) -> tuple[Shape, Shape]:
    """Return two shapes that broadcast: axes of one shape, some of them 1 or cut off in front."""
    whole = tuple(rng.integers(1, 5, rng.integers(0, 5)).tolist())
    one, other = (tuple(1 if rng.random() < 0.35 else length for length in whole) for _ in range(2))
    cut = int(rng.integers(0, len(whole) + 1)) if rng.random() < 0.5 else 0
    return (one, other[cut:]) if rng.random() < 0.5 else (one[cut:], other)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_reference_is_numpys(name: str):
    rng = np.random.default_rng(2)
    a, b = rng.uniform(1, 2, (2, 1, 4)), rng.uniform(1, 2, (3, 1))
    assert (reference(name, [a, b]) == FUNCTIONS[name](a, b)).all()


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=5, max_side=4))
@settings(deadline=None)
def test_shapes_and_strides_are_numpys(shapes: object):
    first, second = shapes.input_shapes  # type: ignore[attr-defined]
    out = operator("add").shapes(Node("n", "add", (), ()), [first, second])[0]
    assert out == np.broadcast_shapes(first, second)
    for shape in (first, second):
        stretched = np.broadcast_to(np.zeros(shape), out)
        own = stretched_strides(shape, out)
        moving = [(a, b // 8) for length, a, b in zip(out, own, stretched.strides, strict=True) if length > 1]
        assert all(a == b for a, b in moving)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-9, 9), st.integers(-9, 9)), max_size=5))
def test_merged_axes_visit_the_same_places_in_the_same_order(axes: list[tuple[int, int, int]]):
    assert places(merged(axes)) == places(axes)


def places(axes: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    at = [(0, 0)]
    for size, first, second in axes:
        at = [(a + i * first, b + i * second) for a, b in at for i in range(size)]
    return at


def test_equal_shapes_scalars_and_last_axis_vectors_have_short_tables():
    def table(first: Shape, second: Shape) -> list[tuple[int, int, int]]:
        out = np.broadcast_shapes(first, second)
        pair = zip(out, stretched_strides(first, out), stretched_strides(second, out), strict=True)
        return merged(list(pair))

    assert table((2, 3, 4), (2, 3, 4)) == [(24, 1, 1)]
    assert table((2, 3, 4), ()) == [(24, 1, 0)]
    assert table((2, 3, 4), (4,)) == [(6, 4, 0), (4, 1, 1)]


def test_shapes_that_do_not_broadcast_are_an_error():
    with pytest.raises(GraphError, match=r"\(2, 3\) and \(2,\)"):
        reference("add", [np.zeros((2, 3)), np.zeros(2)])


def test_prelu_takes_a_slope_for_each_channel_and_none_larger_than_x():
    x = np.array([[-1.0, -2.0], [3.0, -4.0]])
    assert reference("prelu", [x, [0.5, 0.25]]).tolist() == [[-0.5, -0.5], [3.0, -1.0]]
    assert reference("prelu", [x, [[0.5], [0.25]]]).tolist() == [[-0.5, -1.0], [3.0, -1.0]]
    with pytest.raises(GraphError, match="slope of shape"):
        reference("prelu", [np.zeros(2), np.zeros((3, 2))])


def test_c_is_the_reference(tmp_path: Path):
    rng = np.random.default_rng(3)
    cases = []
    for name in FUNCTIONS:
        for index in range(14):
            a, b = random_pair(rng)
            kind = rng.integers(0, 3)
            first = rng.uniform(0.5, 2, a).astype(np.float32) if kind == 1 else a
            second = rng.uniform(0.5, 2, b).astype(np.float32) if kind == 2 else b
            cases.append(Case(name, (first, second), low=0.5, high=3.0, inside=index % 2 == 1))
    for shape in ((4,), (3, 1), (), (2, 3, 4)):
        cases.append(Case("prelu", ((2, 3, 4), rng.uniform(-1, 1, shape).astype(np.float32)), inside=len(shape) > 1))
    errors = worst_errors(cases, tmp_path)
    assert [(case, error) for case, error in zip(cases, errors, strict=True) if error > 3e-7] == []
