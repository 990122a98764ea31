"""ATen calls on conditions. Conditions must be constants: a mask that depends on the input has no C kernel."""

from collections.abc import Callable

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Constant, Refused, Value, Variable
from nn4mc.importers.torch_network import Network, Reader, masked

_COMPARISONS: dict[str, Callable[[Constant, Constant], Constant]] = {
    "__and__": np.logical_and,
    "__or__": np.logical_or,
    "bitwise_and": np.logical_and,
    "bitwise_or": np.logical_or,
    "eq": np.equal,
    "ge": np.greater_equal,
    "gt": np.greater,
    "le": np.less_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "lt": np.less,
    "ne": np.not_equal,
}


def _known(value: Value) -> Constant:
    if isinstance(value, Variable):
        raise Refused("a condition that depends on the input. Use clamp, relu, maximum, minimum")
    return value


def _compared(name: str) -> Reader:
    def read(_net: Network, call: Call) -> Value:
        a, b = _known(call.tensor("self")), _known(call.tensor("other"))
        if name.startswith(("bitwise", "__")) and not (a.dtype == np.bool_ and b.dtype == np.bool_):
            raise Refused("of whole numbers")
        return np.asarray(_COMPARISONS[name](*_broadcast(call, a, b)))

    return read


def _broadcast(call: Call, *values: Constant) -> list[Constant]:
    try:
        return [np.asarray(one) for one in np.broadcast_arrays(*values)]
    except ValueError as error:
        raise ModelError(f"{call.where}: shapes {[one.shape for one in values]} do not fit one another") from error


def _not(_net: Network, call: Call) -> Value:
    value = _known(call.tensor("self"))
    if call.op.startswith("bitwise") and value.dtype != np.bool_:
        raise Refused("of whole numbers")
    return np.logical_not(value)


def _triangle(_net: Network, call: Call) -> Value:
    value, diagonal = _known(call.tensor("self")), call.pair("diagonal", 1, (0,))[0]
    if value.ndim < 2:
        raise call.fault("self", "a matrix")
    return np.tril(value, diagonal) if call.op.startswith("tril") else np.triu(value, diagonal)


def _chosen(net: Network, call: Call, mask: Constant, yes: Value, no: Value) -> Value:
    """Return ``yes`` where the mask is true and ``no`` elsewhere, by products with 0 and 1."""
    if not isinstance(yes, Variable) and not isinstance(no, Variable):
        return np.where(*_broadcast(call, mask != 0, yes, no))
    chosen = np.asarray(mask != 0, np.float32)
    kept = net.op("mul", [no, np.asarray(1.0 - chosen, np.float32)])
    return net.op("add", [kept, net.op("mul", [masked(yes), chosen])])


def _masked_fill(net: Network, call: Call) -> Value:
    value = call.arguments.get("value")
    filling = np.asarray(value, np.float32) if isinstance(value, (int, float)) else call.tensor("value")
    return _chosen(net, call, _known(call.tensor("mask")), filling, call.tensor("self"))


def _where(net: Network, call: Call) -> Value:
    return _chosen(net, call, _known(call.tensor("condition")), call.tensor("self"), masked(call.tensor("other")))


READERS: dict[str, Reader] = {
    **{name: _compared(name) for name in _COMPARISONS},
    "bitwise_not": _not,
    "logical_not": _not,
    "masked_fill": _masked_fill,
    "tril": _triangle,
    "triu": _triangle,
    "where": _where,
}
