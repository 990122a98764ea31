"""transpose, slice, pad, reverse, gather and tile: numpy's results, and C equal to them to the bit, int8 too."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import GraphError
from nn4mc.ir import FLOAT32, INT8, Attribute, Shape
from tests.operator_cases import Case, reference, worst_errors

X = np.arange(24.0).reshape(2, 3, 4)


def test_references_are_numpys():
    assert (reference("transpose", [X], perm=(2, 0, 1)) == X.transpose(2, 0, 1)).all()
    assert (reference("reverse", [X], axis=1) == X[:, ::-1]).all()
    assert (reference("tile", [X], repeats=(2, 1, 3)) == np.tile(X, (2, 1, 3))).all()
    assert (reference("gather", [X], axis=1, indices=(2, -3, 2)) == X[:, [2, 0, 2]]).all()
    sliced = reference("slice", [X], starts=(1, 2, 0), sizes=(2, 2, 2), steps=(-1, -1, 3))
    assert (sliced == X[::-1, 2:0:-1, ::3]).all()


def test_pads_by_hand():
    row = [[1.0, 2.0, 3.0]]
    ends = {"before": (0, 2), "after": (0, 1)}
    assert reference("pad", [row], **ends, mode="constant", value=9.0).tolist() == [[9, 9, 1, 2, 3, 9]]
    assert reference("pad", [row], **ends, mode="reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert reference("pad", [row], **ends, mode="edge").tolist() == [[1, 1, 1, 2, 3, 3]]


WRONG: list[tuple[str, dict[str, Attribute], str]] = [
    ("transpose", {"perm": (0, 0, 1)}, "does not order the axes"),
    ("slice", {"starts": (0, 0, 0), "sizes": (2, 3, 5), "steps": (1, 1, 1)}, "not within an axis of 4"),
    ("slice", {"starts": (0, 0, 3), "sizes": (2, 3, 5), "steps": (1, 1, -1)}, "not within an axis of 4"),
    ("slice", {"starts": (0, 0, 0), "sizes": (2, 3, 2), "steps": (1, 1, 0)}, "not within an axis of 4"),
    ("slice", {"starts": (0,), "sizes": (2,), "steps": (1,)}, "one entry an axis"),
    ("reverse", {"axis": 3}, "expected 0 to 2"),
    ("tile", {"repeats": (1, 0, 1)}, "one number from 1 on"),
    ("gather", {"axis": 1, "indices": (3,)}, "within an axis of 3"),
    ("gather", {"axis": 1, "indices": ()}, "at least one"),
    ("pad", {"before": (0, 0, -1), "after": (0, 0, 0), "mode": "edge"}, "one number from 0 on"),
    ("pad", {"before": (0, 3, 0), "after": (0, 0, 0), "mode": "reflect"}, "mirror more than there is"),
    ("pad", {"before": (0, 0, 0), "after": (0, 0, 0), "mode": "wrap"}, "not one of constant, reflect, edge"),
    ("pad", {"before": (0, 0, 0), "after": (0, 0, 0), "mode": "constant"}, "attribute value"),
]


@pytest.mark.parametrize(("op", "attributes", "message"), WRONG)
def test_attributes_that_do_not_fit_are_an_error(op: str, attributes: dict[str, Attribute], message: str):
    with pytest.raises(GraphError, match=message):
        reference(op, [X], **attributes)


def draws(rng: np.random.Generator) -> Iterator[tuple[str, Shape, dict[str, Attribute]]]:
    """Yield each operator with random attributes for a random shape."""
    shape = tuple(rng.integers(1, 6, rng.integers(1, 5)).tolist())
    axis = int(rng.integers(0, len(shape)))
    yield "transpose", shape, {"perm": tuple(rng.permutation(len(shape)).tolist())}
    yield "reverse", shape, {"axis": axis}
    yield "tile", shape, {"repeats": tuple(rng.integers(1, 4, len(shape)).tolist())}
    indices = tuple(rng.integers(-shape[axis], shape[axis], rng.integers(1, 6)).tolist())
    yield "gather", shape, {"axis": axis, "indices": indices}
    yield "slice", shape, random_slice(rng, shape)
    before, after = (tuple(int(rng.integers(0, length)) for length in shape) for _ in range(2))
    yield "pad", shape, {"before": before, "after": after, "mode": "reflect"}
    wide = tuple(one + 3 for one in before)
    yield "pad", shape, {"before": wide, "after": after, "mode": "edge"}
    yield "pad", shape, {"before": wide, "after": after, "mode": "constant", "value": float(rng.integers(-9, 9))}


def random_slice(rng: np.random.Generator, shape: Shape) -> dict[str, Attribute]:
    ranges = []
    for length in shape:
        first, last = rng.integers(0, length, 2).tolist()
        step = int(rng.integers(1, 3)) * (1 if last >= first else -1)
        ranges.append((first, (last - first) // step + 1, step))
    starts, sizes, steps = zip(*ranges, strict=True)
    return {"starts": starts, "sizes": sizes, "steps": steps}


def test_c_is_the_reference_to_the_bit(tmp_path: Path):
    rng = np.random.default_rng(5)
    cases = []
    for index in range(12):
        dtype, inside = (INT8, False) if index % 3 == 0 else (FLOAT32, index % 2 == 0)
        for op, shape, attributes in draws(rng):
            cases.append(Case(op, (shape,), attributes, dtype=dtype, inside=inside))
    errors = worst_errors(cases, tmp_path)
    assert [(case, error) for case, error in zip(cases, errors, strict=True) if error != 0.0] == []
