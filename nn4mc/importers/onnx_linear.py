"""ONNX' matrix products: dense where the weights are constant, matmul where both sides are computed."""

from collections.abc import Mapping

import numpy as np

from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import AnyArray, Made, Site, Value


def _dense(site: Site, x: str, weights: AnyArray, bias: AnyArray) -> str:
    """Return x @ weights + bias with weights (in, out) constant."""
    return site.make("dense", x, site.constant("weights", weights.T), site.constant("bias", bias))


def _matmul(site: Site) -> Made:
    a, b = site.value(0), site.value(1)
    left, right = site.shape(0), site.shape(1)
    if not left or not right:
        raise site.fault("an input is a scalar")
    if isinstance(a, str) and not isinstance(b, str) and b.ndim == 2 and b.dtype.kind == "f":
        return _dense(site, a, b, np.zeros(b.shape[1], np.float32))
    rows = a if len(left) > 1 else _with_axis(site, site.tensor(a, "a"), (1, *left))
    columns = b if len(right) > 1 else _with_axis(site, site.tensor(b, "b"), (*right, 1))
    product = site.make("matmul", site.tensor(rows, "a"), site.tensor(columns, "b"))
    shape = list(site.shape_of(product))
    if len(right) == 1:
        del shape[-1]
    if len(left) == 1:
        del shape[-1 if len(right) == 1 else -2]
    return site.reshape(product, shape)


def _with_axis(site: Site, value: str, shape: tuple[int, ...]) -> str:
    return site.reshape(value, shape)


def _transposed(site: Site, index: int, name: str) -> Value:
    value = site.value(index)
    if len(site.shape(index)) != 2:
        raise site.fault(f"input {index} has shape {site.shape(index)}, expected two axes")
    if not site.integer(name, 0):
        return value
    return site.transpose(value, (1, 0)) if isinstance(value, str) else value.T


def _gemm(site: Site) -> Made:
    """alpha A B + beta C; constant B and a C that is the same for every row make a dense layer."""
    a, b = _transposed(site, 0, "transA"), _transposed(site, 1, "transB")
    alpha, beta = site.number("alpha", 1.0), site.number("beta", 1.0)
    addend = site.value(2) if site.has(2) and beta != 0.0 else None
    if isinstance(a, str) and not isinstance(b, str) and b.dtype.kind == "f":
        weights = alpha * b.astype(np.float64)
        bias = _row_bias(addend, beta, b.shape[1])
        if bias is not None:
            return _dense(site, a, weights, bias)
        product = _dense(site, a, weights, np.zeros(b.shape[1], np.float32))
    else:
        product = site.make("matmul", site.tensor(a, "a"), site.tensor(b, "b"))
        product = product if alpha == 1.0 else site.make("mul", product, site.scalar(alpha))
    if addend is None:
        return product
    return site.make("add", product, _scaled(site, addend, beta))


def _row_bias(addend: Value | None, beta: float, width: int) -> AnyArray | None:
    """Return C as a vector of the output's width, or None when it is computed or differs from row to row."""
    if addend is None:
        return np.zeros(width, np.float32)
    if isinstance(addend, str) or addend.dtype.kind != "f" or addend.size not in (1, width) or addend.ndim > 2:
        return None
    if addend.ndim == 2 and addend.shape[0] != 1:
        return None
    return beta * np.broadcast_to(addend.ravel().astype(np.float64), (width,))


def _scaled(site: Site, addend: Value, beta: float) -> str:
    if not isinstance(addend, str):
        if addend.dtype.kind != "f":
            raise site.fault(f"C has type {addend.dtype}, expected floats")
        return site.constant("addend", beta * addend.astype(np.float64))
    return addend if beta == 1.0 else site.make("mul", addend, site.scalar(beta))


READERS: Mapping[str, Reader] = {"Gemm": _gemm, "MatMul": _matmul}
"""By ONNX operator."""
