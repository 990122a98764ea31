"""ATen calls that multiply matrices: linear layers with constant weights, products of two variables, attention."""

import math

import numpy as np

from nn4mc.importers.torch_call import Call, Constant, Refused, Value, Variable, shape_of
from nn4mc.importers.torch_network import MASKED, Network, Reader, scalar


def dense(net: Network, x: Value, weights: Constant, bias: Constant | None) -> Value:
    """Return W x + b along the last axis, W of shape (out, in)."""
    if bias is None:
        bias = np.zeros(weights.shape[:1], np.float32)
    bias = np.broadcast_to(bias, weights.shape[:1]) if bias.size == 1 else bias
    return net.op("dense", [x, net.constant(weights, "weights"), net.constant(bias, "bias")])


def _linear(net: Network, call: Call) -> Value:
    x, weights, bias = call.tensor("input"), call.tensor("weight"), call.optional("bias")
    constant = not isinstance(weights, Variable) and not isinstance(bias, Variable)
    if constant and isinstance(x, Variable) and len(shape_of(weights)) == 2:
        return dense(net, x, np.asarray(weights), None if bias is None else np.asarray(bias))
    rank = len(shape_of(weights))
    if rank not in (1, 2):
        raise call.fault("weight", "a matrix or a vector")
    y = _product(net, x, net.transpose(weights, (1, 0)) if rank == 2 else weights)
    return y if bias is None else net.op("add", [y, bias])


def _product(net: Network, a: Value, b: Value) -> Value:
    """Return a @ b by numpy's rules; a constant matrix on the right makes it a dense layer."""
    if not shape_of(a) or not shape_of(b):
        raise Refused("product with a scalar")
    if isinstance(a, Variable) and not isinstance(b, Variable) and b.ndim == 2:
        return dense(net, a, np.ascontiguousarray(b.T), None)
    left = net.reshape(a, (1, *shape_of(a))) if len(shape_of(a)) == 1 else a
    right = net.reshape(b, (*shape_of(b), 1)) if len(shape_of(b)) == 1 else b
    y = net.op("matmul", [left, right])
    shape = list(shape_of(y))
    if len(shape_of(b)) == 1:
        del shape[-1]
    if len(shape_of(a)) == 1:
        del shape[-1 if len(shape_of(b)) == 1 else -2]
    return net.reshape(y, tuple(shape))


def _matmul(net: Network, call: Call) -> Value:
    second = next((name for name in ("other", "mat2", "vec", "tensor") if call.given(name)), "other")
    return _product(net, call.tensor("self"), call.tensor(second))


def _scaled(net: Network, x: Value, factor: float) -> Value:
    return x if factor == 1.0 else net.op("mul", [x, scalar(factor)])


def _add_product(net: Network, call: Call) -> Value:
    """beta self + alpha a @ b."""
    names = ("batch1", "batch2") if call.given("batch1") else ("mat1", "mat2") if call.given("mat1") else ("mat", "vec")
    a, b, offset = call.tensor(names[0]), call.tensor(names[1]), call.tensor("self")
    alpha, beta = call.number("alpha", 1.0), call.number("beta", 1.0)
    plain = alpha == 1.0 and beta == 1.0 and not isinstance(offset, Variable) and not isinstance(b, Variable)
    if plain and isinstance(a, Variable) and shape_of(b)[1:] == shape_of(offset):
        return dense(net, a, np.ascontiguousarray(np.asarray(b).T), np.asarray(offset))
    product = _scaled(net, _product(net, a, b), alpha)
    return product if beta == 0.0 else net.op("add", [_scaled(net, offset, beta), product])


def _mask(net: Network, call: Call, rows: int, columns: int) -> Constant | Variable | None:
    """Return what is added to the scores before softmax, or None."""
    if call.flag("is_causal", False):
        return np.where(np.tri(rows, columns, dtype=np.bool_), 0.0, MASKED).astype(np.float32)
    mask = call.optional("attn_mask")
    if mask is None or isinstance(mask, Variable):
        return mask
    if mask.dtype == np.bool_:
        return np.where(mask, 0.0, MASKED).astype(np.float32)
    return mask


def _attention(net: Network, call: Call) -> Value:
    """softmax(scale Q K^T + mask) V, Vaswani et al. 2017."""
    query, key, value = call.tensor("query"), call.tensor("key"), call.tensor("value")
    rank = len(shape_of(key))
    if len(shape_of(query)) < 2 or rank < 2:
        raise call.fault("query", "at least two axes")
    if call.number("dropout_p", 0.0) > 0.0 or call.flag("enable_gqa", False):
        raise Refused("attention with dropout or grouped queries")
    scale = call.number("scale", 1.0 / math.sqrt(shape_of(query)[-1]))
    turned = net.transpose(key, (*range(rank - 2), rank - 1, rank - 2))
    scores = net.op("matmul", [_scaled(net, query, scale), turned])
    mask = _mask(net, call, shape_of(query)[-2], shape_of(key)[-2])
    scores = scores if mask is None else net.op("add", [scores, mask])
    return net.op("matmul", [net.op("softmax", [scores], {"axis": len(shape_of(scores)) - 1}), value])


READERS: dict[str, Reader] = {
    "addmm": _add_product,
    "addmv": _add_product,
    "baddbmm": _add_product,
    "bmm": _matmul,
    "dot": _matmul,
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "mv": _matmul,
    "vdot": _matmul,
    "scaled_dot_product_attention": _attention,
}
