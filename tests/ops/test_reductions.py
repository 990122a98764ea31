"""Reductions, softmax, layer_norm and matmul: references against independent formulas, C against the references."""

import math
from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import GraphError
from tests.operator_cases import Case, reference, worst_errors

REDUCTIONS = {"reduce_mean": np.mean, "reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min}
MATRICES = [
    ((3, 4), (4, 5)),
    ((4,), (4, 5)),
    ((3, 4), (4,)),
    ((4,), (4,)),
    ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (3, 4, 5)),
    ((3, 4), (2, 4, 2)),
    ((1, 1), (1, 1)),
]


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).uniform(-2, 2, shape)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axes", [(0,), (2,), (0, 2), (0, 1, 2), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reduction_is_numpys(name: str, axes: tuple[int, ...], keepdims: bool):
    x = values(2, 3, 4)
    found = reference(name, [x], axes=axes, keepdims=keepdims)
    np.testing.assert_allclose(found, REDUCTIONS[name](x, axis=axes, keepdims=keepdims), rtol=1e-15)


@pytest.mark.parametrize("axes", [(3,), (-1,), (1, 1)])
def test_axes_that_are_not_there_or_named_twice_are_an_error(axes: tuple[int, ...]):
    with pytest.raises(GraphError, match="expected different ones from 0 to 2"):
        reference("reduce_sum", [values(2, 3, 4)], axes=axes, keepdims=True)


def test_softmax_sums_to_one_along_its_axis_and_does_not_overflow():
    found = reference("softmax", [[[1000.0, 1001.0, -1000.0], [0.0, 0.0, 0.0]]], axis=1)
    np.testing.assert_allclose(found, [[1 / (1 + math.e), math.e / (1 + math.e), 0.0], [1 / 3] * 3])
    np.testing.assert_allclose(reference("softmax", [values(2, 3, 4)], axis=1).sum(axis=1), np.ones((2, 4)))


def test_layer_norm_has_mean_beta_and_deviation_gamma():
    gamma, beta = np.full((3, 4), 2.0), np.full((3, 4), 5.0)
    found = reference("layer_norm", [values(2, 3, 4), gamma, beta], axis=1, epsilon=0.0)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), 5.0)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 2.0)


def test_layer_norm_and_softmax_are_torchs():
    torch = pytest.importorskip("torch")
    x, gamma, beta = values(2, 3, 4), values(4), values(4) + 1
    tensors = [torch.from_numpy(one) for one in (x, gamma, beta)]
    expected = torch.nn.functional.layer_norm(tensors[0], (4,), tensors[1], tensors[2], 1e-3)
    found = reference("layer_norm", [x, gamma, beta], axis=2, epsilon=1e-3)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-12)
    np.testing.assert_allclose(reference("softmax", [x], axis=1), torch.softmax(tensors[0], 1).numpy(), rtol=1e-12)


@pytest.mark.parametrize("shapes", MATRICES)
def test_matmul_is_the_sum_of_products(shapes: tuple[tuple[int, ...], tuple[int, ...]]):
    a, b = (values(*shape) for shape in shapes)
    wide_a = a[None, :] if a.ndim == 1 else a
    wide_b = b[:, None] if b.ndim == 1 else b
    summed = sum(wide_a[..., :, i, None] * wide_b[..., None, i, :] for i in range(a.shape[-1]))
    np.testing.assert_allclose(reference("matmul", [a, b]), np.reshape(summed, np.matmul(a, b).shape), rtol=1e-13)


def test_matrices_that_do_not_fit_are_an_error():
    with pytest.raises(GraphError, match="4 columns, 3 rows"):
        reference("matmul", [values(2, 4), values(3, 2)])
    with pytest.raises(GraphError, match="do not broadcast"):
        reference("matmul", [values(2, 3, 4), values(3, 4, 2)])


def test_c_is_the_reference(tmp_path: Path):
    rng = np.random.default_rng(4)
    cases = []
    for name in REDUCTIONS:
        for index in range(12):
            shape = tuple(rng.integers(1, 6, rng.integers(1, 5)).tolist())
            axes = tuple(axis for axis in range(len(shape)) if rng.random() < 0.5)
            cases.append(Case(name, (shape,), {"axes": axes, "keepdims": index % 2 == 0}, inside=index % 3 == 0))
    for axis in range(3):
        gamma, beta = (rng.uniform(-1, 1, (2, 3, 4)[axis:]).astype(np.float32) for _ in range(2))
        for inside in (False, True):
            cases.append(Case("softmax", ((2, 3, 4),), {"axis": axis}, -9.0, 9.0, inside=inside))
            attributes = {"axis": axis, "epsilon": 1e-3}
            cases.append(Case("layer_norm", ((2, 3, 4), gamma, beta), attributes, inside=inside))
    cases += [Case("matmul", shapes, inside=index % 2 == 0) for index, shapes in enumerate(MATRICES)]
    errors = worst_errors(cases, tmp_path)
    assert [(case, error) for case, error in zip(cases, errors, strict=True) if error > 5e-7] == []
