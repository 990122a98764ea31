"""ATen calls that give a tensor another shape or order of axes, or repeat it along some."""

from math import prod

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Value, shape_of
from nn4mc.importers.torch_network import Network, Reader
from nn4mc.ir import Shape


def _shape(call: Call, x: Value, wanted: tuple[int, ...]) -> Shape:
    """Return ``wanted`` with its one -1 worked out."""
    count = prod(shape_of(x))
    known = prod(size for size in wanted if size != -1)
    if wanted.count(-1) == 1 and known > 0 and count % known == 0:
        wanted = tuple(count // known if size == -1 else size for size in wanted)
    if any(size < 0 for size in wanted) or prod(wanted) != count:
        raise ModelError(f"{call.where}: shape {wanted} for a tensor of shape {shape_of(x)}")
    return wanted


def _view(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    sizes = call.integers("shape") if call.given("shape") else call.integers("size")
    return net.reshape(x, _shape(call, x, sizes))


def _view_as(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    return net.reshape(x, _shape(call, x, shape_of(call.tensor("other"))))


def _flatten(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x) or (1,)
    first, last = call.axis("start_dim", len(shape), 0), call.axis("end_dim", len(shape), -1)
    if first > last:
        raise call.fault("start_dim", "an axis before end_dim")
    return net.reshape(x, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))


def _unflatten(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape))
    return net.reshape(x, _shape(call, x, (*shape[:axis], *call.integers("sizes"), *shape[axis + 1 :])))


def _squeeze(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axes = call.axes("dim", len(shape))
    return net.reshape(x, tuple(size for axis, size in enumerate(shape) if axis not in axes or size != 1))


def _unsqueeze(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    shape = shape_of(x)
    axis = call.axis("dim", len(shape) + 1)
    return net.reshape(x, (*shape[:axis], 1, *shape[axis:]))


def _permute(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    rank = len(shape_of(x))
    perm = tuple(call.in_rank(one, rank, "dims") for one in call.integers("dims"))
    if sorted(perm) != list(range(rank)):
        raise call.fault("dims", f"each of {rank} axes once")
    return net.transpose(x, perm)


def _transpose(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    perm = list(range(len(shape_of(x))))
    if not perm:
        return x
    a, b = call.axis("dim0", len(perm)), call.axis("dim1", len(perm))
    perm[a], perm[b] = perm[b], perm[a]
    return net.transpose(x, perm)


def _t(net: Network, call: Call) -> Value:
    x = call.tensor("self")
    if len(shape_of(x)) > 2:
        raise call.fault("self", "a matrix")
    return net.transpose(x, tuple(reversed(range(len(shape_of(x))))))


def expanded(net: Network, call: Call, x: Value, shape: Shape) -> Value:
    """Return ``x`` repeated along its axes of 1 to fill ``shape``, where -1 keeps an axis."""
    own = (*(1 for _ in range(len(shape) - len(shape_of(x)))), *shape_of(x))
    full = tuple(n if size == -1 else size for size, n in zip(shape, own, strict=False))
    if len(own) != len(shape) or any(n not in (1, size) or size < 1 for size, n in zip(full, own, strict=True)):
        raise ModelError(f"{call.where}: shape {shape_of(x)} does not expand to {shape}")
    return _tiled(net, net.reshape(x, own), tuple(size // n for size, n in zip(full, own, strict=True)))


def _tiled(net: Network, x: Value, repeats: tuple[int, ...]) -> Value:
    return x if all(one == 1 for one in repeats) else net.op("tile", [x], {"repeats": repeats})


def _expand(net: Network, call: Call) -> Value:
    return expanded(net, call, call.tensor("self"), call.integers("size"))


def _expand_as(net: Network, call: Call) -> Value:
    return expanded(net, call, call.tensor("self"), shape_of(call.tensor("other")))


def _repeat(net: Network, call: Call) -> Value:
    x, repeats = call.tensor("self"), call.integers("repeats")
    shape = shape_of(x)
    if len(repeats) < len(shape) or any(one < 1 for one in repeats):
        raise call.fault("repeats", f"at least {len(shape)} positive numbers")
    return _tiled(net, net.reshape(x, (*(1 for _ in range(len(repeats) - len(shape))), *shape)), repeats)


VIEWS: dict[str, Reader] = {
    "expand": _expand,
    "expand_as": _expand_as,
    "flatten": _flatten,
    "numpy_T": _t,
    "permute": _permute,
    "reshape": _view,
    "squeeze": _squeeze,
    "t": _t,
    "transpose": _transpose,
    "_unsafe_view": _view,
    "unflatten": _unflatten,
    "unsqueeze": _unsqueeze,
    "view": _view,
    "view_as": _view_as,
}
"""Calls whose result may be the same memory as their input."""

READERS: dict[str, Reader] = {
    "repeat": _repeat,
}
