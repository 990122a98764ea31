"""ATen calls that reduce axes, and softmax."""

from nn4mc.importers.torch_call import Call, Refused, Value, shape_of
from nn4mc.importers.torch_network import Network, Reader, scalar


def _reduced(kind: str) -> Reader:
    def read(net: Network, call: Call) -> Value:
        x = call.tensor("self")
        return net.reduce(kind, x, call.axes("dim", len(shape_of(x))), call.flag("keepdim", False))

    return read


def _with_indices(kind: str) -> Reader:
    """max.dim and min.dim: the values; where they stand is not computed."""

    def read(net: Network, call: Call) -> tuple[Value | None, ...]:
        x = call.tensor("self")
        axes = (call.axis("dim", len(shape_of(x))),)
        return net.reduce(kind, x, axes, call.flag("keepdim", False)), None

    return read


def _squares(net: Network, call: Call) -> tuple[Value, int]:
    """Return the sum of squared differences from the mean over the axes, and how many there were."""
    x = call.tensor("self")
    axes = call.axes("dim", len(shape_of(x)))
    count = 1
    for axis in axes if shape_of(x) else ():
        count *= shape_of(x)[axis]
    difference = net.op("sub", [x, net.reduce("mean", x, axes)])
    return net.reduce("sum", net.op("mul", [difference, difference]), axes, call.flag("keepdim", False)), count


def _variance(net: Network, call: Call) -> Value:
    squares, count = _squares(net, call)
    correction = call.number("correction", 1.0) if not call.given("unbiased") else float(call.flag("unbiased", True))
    if count <= correction:
        raise Refused(f"variance of {count} elements with correction {correction:g}")
    return net.op("mul", [squares, scalar(1.0 / (count - correction))])


def _deviation(net: Network, call: Call) -> Value:
    return net.op("sqrt", [_variance(net, call)])


def _vector_norm(net: Network, call: Call) -> Value:
    name = "ord" if "vector_norm" in call.op else "p"
    order = call.arguments.get(name, 2.0)
    order = 2.0 if order is None else order
    x = call.tensor("self")
    axes, keepdims = call.axes("dim", len(shape_of(x))), call.flag("keepdim", False)
    if order == 1:
        return net.reduce("sum", net.op("abs", [x]), axes, keepdims)
    if order == float("inf"):
        return net.reduce("max", net.op("abs", [x]), axes, keepdims)
    if order != 2:
        raise Refused(f"norm of order {order}. Supported: 1, 2, inf")
    return net.op("sqrt", [net.reduce("sum", net.op("mul", [x, x]), axes, keepdims)])


def _cosine(net: Network, call: Call) -> Value:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps))."""
    a, b = call.tensor("x1"), call.tensor("x2")
    axis, bound = call.axis("dim", len(shape_of(a)), 1), {"minimum": call.number("eps", 1e-8)}
    if shape_of(a) != shape_of(b):
        raise Refused("tensors of different shapes")
    lengths = []
    for one in (a, b):
        squares = net.reduce("sum", net.op("mul", [one, one]), (axis,), keepdims=False)
        lengths.append(net.op("clip", [net.op("sqrt", [squares])], bound))
    dot = net.reduce("sum", net.op("mul", [a, b]), (axis,), keepdims=False)
    return net.op("div", [dot, net.op("mul", lengths)])


def _softmax(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return net.op("softmax", [x], {"axis": call.axis("dim", len(shape_of(x)))})


def _log_sum(net: Network, x: Value, axes: tuple[int, ...]) -> tuple[Value, Value]:
    """Return x - max(x) and log(sum(exp(x - max(x)))), which cannot overflow."""
    shifted = net.op("sub", [x, net.reduce("max", x, axes)])
    return shifted, net.op("log", [net.reduce("sum", net.op("exp", [shifted]), axes)])


def _log_softmax(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return net.op("sub", _log_sum(net, x, (call.axis("dim", len(shape_of(x))),)))


def _log_sum_exp(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    axes = call.axes("dim", len(shape_of(x)))
    total = net.op("add", [_log_sum(net, x, axes)[1], net.reduce("max", x, axes)])
    if call.flag("keepdim", False):
        return total
    return net.reshape(total, tuple(size for axis, size in enumerate(shape_of(total)) if axis not in axes))


READERS: dict[str, Reader] = {
    "amax": _reduced("max"),
    "amin": _reduced("min"),
    "cosine_similarity": _cosine,
    "linalg_vector_norm": _vector_norm,
    "log_softmax": _log_softmax,
    "_log_softmax": _log_softmax,
    "logsumexp": _log_sum_exp,
    "max.default": _reduced("max"),
    "max.dim": _with_indices("max"),
    "mean": _reduced("mean"),
    "min.default": _reduced("min"),
    "min.dim": _with_indices("min"),
    "norm": _vector_norm,
    "softmax": _softmax,
    "_softmax": _softmax,
    "std": _deviation,
    "sum": _reduced("sum"),
    "var": _variance,
}
