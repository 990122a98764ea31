"""How each operator becomes lines of a tape: linear ones by their own float64 reference, the rest composed.

Kinks (relu, abs, clip, maximum, ...) are those of relu, whose derivatives are 0 at 0; the slope of every function at a
kink lies between those of its sides. A softmax, a largest value and a largest value under a window subtract or choose
by a chain of relu(a - b) + b.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from itertools import product

import numpy as np

from nn4mc.control.forms import Form, Writer
from nn4mc.errors import UnsupportedError
from nn4mc.ir import Array, Node
from nn4mc.ops import functions, operator
from nn4mc.ops.base import number, whole, wholes
from nn4mc.ops.sliding import sliding_axes

Rule = Callable[[Writer, Node, Sequence[Form]], Form]
Pointwise = Callable[[Writer, Form], Form]


def _shifted(w: Writer, x: Form, scale: float, shift: float = 0.0) -> Form:
    return w.linear(lambda v: scale * v + shift, x)


def _plus(w: Writer, *forms: Form) -> Form:
    return w.linear(lambda *values: np.asarray(sum(values)), *forms)


def _maximum(w: Writer, a: Form, b: Form) -> Form:
    return _plus(w, w.unary("relu", w.linear(np.subtract, a, b)), b)


def _minimum(w: Writer, a: Form, b: Form) -> Form:
    return w.linear(np.subtract, a, w.unary("relu", w.linear(np.subtract, a, b)))


def _clip(w: Writer, x: Form, low: float, high: float) -> Form:
    if np.isinf(low) and np.isinf(high):
        return x
    if np.isinf(high):
        return _shifted(w, w.unary("relu", _shifted(w, x, 1.0, -low)), 1.0, low)
    if np.isinf(low):
        return _shifted(w, w.unary("relu", _shifted(w, x, -1.0, high)), -1.0, high)
    above, beyond = (w.unary("relu", _shifted(w, x, 1.0, -at)) for at in (low, high))
    return w.linear(lambda a, b: a - b + low, above, beyond)


def _leaky(w: Writer, x: Form, slope: Array | float) -> Form:
    # Of x and one relu, so that at 0 the slope is that of the left side, not 0, which is on neither.
    x = w.store(x)
    return w.linear(lambda a, b: slope * a + (1.0 - slope) * b, x, w.unary("relu", x))


def _abs(w: Writer, x: Form) -> Form:
    return _plus(w, w.unary("relu", x), w.unary("relu", _shifted(w, x, -1.0)))


def _elu(w: Writer, x: Form, scale: float, slope: float, width: float) -> Form:
    """Scale x above 0, slope (exp(x / width) - 1) below; smooth at 0 where scale is slope / width."""
    x = w.store(x)
    above = w.unary("relu", x)
    powers = w.unary("exp", w.linear(lambda a, b: (a - b) / width, x, above))
    return w.linear(lambda a, b: scale * a + slope * (b - 1.0), above, powers)


def _bound(node: Node, name: str) -> float:
    absent = -np.inf if name == "minimum" else np.inf
    return number(node, name) if name in node.attributes else absent


def _silu(w: Writer, x: Form) -> Form:
    return w.product(x, w.unary("sigmoid", x))


def _hard_sigmoid6(w: Writer, x: Form) -> Form:
    return _shifted(w, _clip(w, _shifted(w, x, 1.0, 3.0), 0.0, 6.0), 1.0 / 6.0)


def _softsign(w: Writer, x: Form) -> Form:
    return w.product(x, w.unary("reciprocal", _shifted(w, _abs(w, x), 1.0, 1.0)))


def _gelu(w: Writer, x: Form) -> Form:
    return w.product(_shifted(w, x, 0.5), _shifted(w, w.unary("erf", _shifted(w, x, np.sqrt(0.5))), 1.0, 1.0))


def _gelu_tanh(w: Writer, x: Form) -> Form:
    inner = _shifted(w, w.product(x, x), functions.GELU_TANH_CUBIC, 1.0)
    return w.product(x, w.unary("sigmoid", _shifted(w, w.product(x, inner), functions.GELU_TANH_SCALE)))


def _sparse_plus(w: Writer, x: Form) -> Form:
    near = _shifted(w, _clip(w, x, -1.0, 1.0), 0.5, 0.5)
    return _plus(w, w.product(near, near), w.unary("relu", _shifted(w, x, 1.0, -1.0)))


def _unary(name: str) -> Pointwise:
    return lambda w, x: w.unary(name, x)


ACTIVATIONS: Mapping[str, Pointwise] = {
    **{name: _unary(name) for name in ("tanh", "sigmoid", "relu", "exp", "log", "sqrt", "reciprocal", "erf")},
    "softplus": _unary("softplus"),
    "identity": lambda _w, x: x,
    "neg": lambda w, x: _shifted(w, x, -1.0),
    "abs": _abs,
    "relu6": lambda w, x: _clip(w, x, 0.0, 6.0),
    "selu": lambda w, x: _elu(w, x, functions.SELU_SCALE, functions.SELU_SCALE * functions.SELU_ALPHA, 1.0),
    "silu": _silu,
    "softsign": _softsign,
    "hard_sigmoid6": _hard_sigmoid6,
    "hard_sigmoid": lambda w, x: _clip(w, _shifted(w, x, 0.2, 0.5), 0.0, 1.0),
    "hard_swish": lambda w, x: w.product(x, _hard_sigmoid6(w, x)),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "mish": lambda w, x: w.product(x, w.unary("tanh", w.unary("softplus", x))),
    "sparse_plus": _sparse_plus,
}
"""Functions without attributes, by the name of their operator or of a gate's activation."""


def _of_node(function: Callable[[Writer, Node, Form], Form]) -> Rule:
    return lambda w, node, inputs: function(w, node, inputs[0])


def _relu_general(w: Writer, node: Node, x: Form) -> Form:
    if number(node, "threshold") != 0.0:
        raise UnsupportedError(f"layer '{node.name}': a ReLU with a threshold jumps there and has no derivative")
    largest = number(node, "max_value") if "max_value" in node.attributes else np.inf
    slope = number(node, "negative_slope")
    below = w.linear(np.subtract, x, w.unary("relu", x))
    return w.linear(lambda a, b: a + slope * b, _clip(w, x, 0.0, largest), below)


def _linear(w: Writer, node: Node, inputs: Sequence[Form], mixes: bool = False) -> Form:
    """Return a node that is affine in its inputs that are no constants, by its operator's own reference."""
    free = [index for index, form in enumerate(inputs) if not form.is_constant]

    def function(*values: Array) -> Array:
        whole_inputs = [form.value for form in inputs]
        for index, value in zip(free, values, strict=True):
            whole_inputs[index] = value
        return np.asarray(operator(node.op).reference(node, whole_inputs)[0], np.float64)

    return (w.mixed if mixes else w.linear)(function, *(inputs[index] for index in free))


def _mul(w: Writer, _node: Node, inputs: Sequence[Form]) -> Form:
    return w.product(*inputs)


def _div(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
    above, below = inputs
    return _linear(w, node, inputs) if below.is_constant else w.product(above, w.unary("reciprocal", below))


def _matmul(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
    a, b = inputs
    if a.is_constant or b.is_constant:
        return _linear(w, node, inputs, mixes=True)
    rows = w.linear(lambda v: np.atleast_2d(v)[..., :, :, np.newaxis], a)
    columns = w.linear(lambda v: (v if v.ndim > 1 else v[:, np.newaxis])[..., np.newaxis, :, :], b)
    made = w.linear(lambda v: v.sum(axis=-2), w.product(rows, columns))
    gone = [axis for axis, vector in ((-2, len(a.shape) == 1), (-1, len(b.shape) == 1)) if vector]
    return w.linear(lambda v: np.squeeze(v, axis=tuple(gone)), made) if gone else made


def _largest(w: Writer, parts: Sequence[Form], sign: float = 1.0) -> Form:
    return reduce(partial(_maximum if sign > 0 else _minimum, w), parts)


def _reduce_extreme(sign: float) -> Rule:
    def rule(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
        (x,) = inputs
        axes = tuple(axis % len(x.shape) for axis in wholes(node, "axes"))
        kept = tuple(1 if axis in axes else length for axis, length in enumerate(x.shape))
        places = np.ndindex(*(x.shape[axis] for axis in axes))
        parts = [w.linear(lambda v, at=place: _at(v, axes, at), x) for place in places]
        made = _largest(w, parts, sign)
        shape = operator(node.op).shapes(node, [x.shape])[0]
        return w.linear(lambda v: v.reshape(kept).reshape(shape), made)

    return rule


def _at(values: Array, axes: tuple[int, ...], place: tuple[int, ...]) -> Array:
    index: list[slice | int] = [slice(None)] * values.ndim
    for axis, position in zip(axes, place, strict=True):
        index[axis] = position
    return values[tuple(index)]


def _softmax(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
    (x,) = inputs
    axis = whole(node, "axis")
    largest = _largest(w, [w.linear(lambda v, at=i: v.take([at], axis), x) for i in range(x.shape[axis])])
    powers = w.unary("exp", w.linear(np.subtract, x, largest))
    total = w.linear(lambda v: v.sum(axis=axis, keepdims=True), powers)
    return w.product(powers, w.unary("reciprocal", total))


def _layer_norm(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
    x, gamma, beta = inputs
    axes = tuple(range(whole(node, "axis"), len(x.shape)))
    centred = w.mixed(lambda v: v - v.mean(axis=axes, keepdims=True), x)
    variance = w.linear(lambda v: v.mean(axis=axes, keepdims=True), w.product(centred, centred))
    deviation = w.unary("sqrt", _shifted(w, variance, 1.0, number(node, "epsilon")))
    scaled = w.product(centred, w.unary("reciprocal", deviation))
    return _plus(w, w.product(scaled, gamma), beta)


def _pool(w: Writer, node: Node, inputs: Sequence[Form]) -> Form:
    if node.attributes["kind"] == "average":
        return _linear(w, node, inputs, mixes=True)
    (x,) = inputs
    height, width = sliding_axes(node, x.shape, wholes(node, "kernel"))
    met = [
        [(height.index(row, i), width.index(column, j)) for i, j in product(height.taps(row), width.taps(column))]
        for row, column in product(range(height.outputs), range(width.outputs))
    ]
    shape = (x.shape[0], height.outputs, width.outputs, x.shape[3])
    parts = []
    for tap in range(max(map(len, met))):
        places = np.array([one[min(tap, len(one) - 1)] for one in met])  # fewer taps in the padding: one of them again
        parts.append(w.linear(lambda v, at=places: v[:, at[:, 0], at[:, 1]].reshape(shape), x))
    return _largest(w, parts)


def _pointwise(function: Pointwise) -> Rule:
    return lambda w, _node, inputs: function(w, inputs[0])


_AFFINE = (
    *("add", "sub", "concat", "gather", "pad", "reduce_mean", "reduce_sum", "reshape", "reverse", "slice", "tile"),
    "transpose",
)
"""Operators that are affine in all of their inputs together."""

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_AFFINE, _linear),
    **{name: _pointwise(function) for name, function in ACTIVATIONS.items()},
    "conv": partial(_linear, mixes=True),
    "dense": partial(_linear, mixes=True),
    "mul": _mul,
    "div": _div,
    "matmul": _matmul,
    "maximum": lambda w, _node, inputs: _maximum(w, *inputs),
    "minimum": lambda w, _node, inputs: _minimum(w, *inputs),
    "reduce_max": _reduce_extreme(1.0),
    "reduce_min": _reduce_extreme(-1.0),
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "pool": _pool,
    "prelu": lambda w, _node, inputs: _leaky(w, inputs[0], np.broadcast_to(inputs[1].value, inputs[0].shape)),
    "leaky_relu": _of_node(lambda w, node, x: _leaky(w, x, number(node, "alpha"))),
    "elu": _of_node(lambda w, node, x: _elu(w, x, 1.0, number(node, "alpha"), 1.0)),
    "celu": _of_node(lambda w, node, x: _elu(w, x, 1.0, number(node, "alpha"), number(node, "alpha"))),
    "hard_sigmoid": _of_node(
        lambda w, node, x: _clip(w, _shifted(w, x, number(node, "alpha"), number(node, "beta")), 0.0, 1.0)
    ),
    "clip": _of_node(lambda w, node, x: _clip(w, x, _bound(node, "minimum"), _bound(node, "maximum"))),
    "relu_general": _of_node(_relu_general),
}
"""Every operator that is differentiable almost everywhere, but for the recurrent ones."""
