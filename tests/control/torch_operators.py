"""Operators as torch has them, in float64 and with the layouts of nn4mc, for the derivatives of its autograd."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.nn import functional as F  # noqa: N812 - as torch's own documents do

from nn4mc.ir import Attribute
from tests.operator_cases import Case

Tensors = Sequence[torch.Tensor]
Attributes = Mapping[str, Attribute]
TorchFunction = Callable[[Tensors, Attributes], torch.Tensor]


def _sparse_plus(x: torch.Tensor) -> torch.Tensor:
    """Keras has it, torch does not: (x + 1)^2 / 4 between -1 and 1, 0 below, x above."""
    return torch.where(x > 1.0, x, torch.where(x > -1.0, 0.25 * (x + 1.0) ** 2, torch.zeros_like(x)))


POINTWISE: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "abs": torch.abs,
    "erf": torch.erf,
    "exp": torch.exp,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0.0, 1.0),
    "hard_sigmoid6": lambda x: F.relu6(x + 3.0) / 6.0,  # the slope of F.hardsigmoid is rounded to float32
    "hard_swish": lambda x: x * F.relu6(x + 3.0) / 6.0,  # the second derivative of F.hardswish is not implemented
    "identity": lambda x: x,
    "log": torch.log,
    "mish": F.mish,
    "neg": torch.neg,
    "reciprocal": torch.reciprocal,
    "relu": F.relu,
    "relu6": F.relu6,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "sparse_plus": _sparse_plus,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
}


def _activated(y: torch.Tensor, a: Attributes) -> torch.Tensor:
    return POINTWISE[str(a.get("activation", "identity"))](y)


def _padded(x: torch.Tensor, a: Attributes, value: float) -> torch.Tensor:
    """Channels first, with the four pads (top, left, bottom, right) around height and width."""
    top, left, bottom, right = a["pads"]
    return F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom), value=value)


def _conv(t: Tensors, a: Attributes) -> torch.Tensor:
    x, weights, bias = t
    y = F.conv2d(_padded(x, a, 0.0), weights.permute(0, 3, 1, 2), bias, a["strides"], 0, a["dilations"], a["groups"])
    return _activated(y.permute(0, 2, 3, 1), a)


def _pool(t: Tensors, a: Attributes) -> torch.Tensor:
    (x,) = t
    if a["kind"] == "max":
        y = F.max_pool2d(_padded(x, a, -torch.inf), a["kernel"], a["strides"], 0, a["dilations"])
        return y.permute(0, 2, 3, 1)
    mean = F.avg_pool2d(_padded(x, a, 0.0), a["kernel"], a["strides"])
    if not a.get("count_include_pad", False):
        mean = mean / F.avg_pool2d(_padded(torch.ones_like(x), a, 0.0), a["kernel"], a["strides"])
    return mean.permute(0, 2, 3, 1)


def _pad(t: Tensors, a: Attributes) -> torch.Tensor:
    x = t[0]
    if a["mode"] == "constant":
        pairs = [width for axis in reversed(range(x.ndim)) for width in (a["before"][axis], a["after"][axis])]
        return F.pad(x, pairs, value=a["value"])
    mode = {"edge": "replicate", "reflect": "reflect"}[str(a["mode"])]
    return F.pad(x[None], (a["before"][1], a["after"][1]), mode=mode)[0]  # these modes pad the last axis only


def _slice(t: Tensors, a: Attributes) -> torch.Tensor:
    x = t[0]
    for axis, (start, step, size) in enumerate(zip(a["starts"], a["steps"], a["sizes"], strict=True)):
        x = x.narrow(axis, start, step * (size - 1) + 1).index_select(axis, torch.arange(0, step * size, step)[:size])
    return x


def _relu_general(t: Tensors, a: Attributes) -> torch.Tensor:
    above = torch.clamp(F.relu(t[0]), max=a.get("max_value", torch.inf))
    return above - a["negative_slope"] * F.relu(-t[0])


def _clip(t: Tensors, a: Attributes) -> torch.Tensor:
    return torch.clamp(t[0], a.get("minimum"), a.get("maximum"))


def _recurrent(layer: torch.nn.RNNBase, t: Tensors, states: int, shared: int) -> torch.Tensor:
    """A layer of torch with the weights given; a bias of more rows than gates has the candidate's own at its end."""
    weights, recurrent, bias = t[1 + states :]
    layer = layer.double()
    rows = len(weights)
    at_state = torch.cat([torch.zeros(shared, dtype=torch.float64), bias[rows:]])
    with torch.no_grad():
        for name, value in (("weight_ih_l0", weights), ("weight_hh_l0", recurrent), ("bias_ih_l0", bias[:rows]),
                            ("bias_hh_l0", at_state)):  # fmt: skip
            getattr(layer, name).copy_(value)
    begin = tuple(one[None] for one in t[1 : 1 + states])
    return layer(t[0], begin if states > 1 else begin[0])[0]


def _rnn(t: Tensors, _a: Attributes) -> torch.Tensor:
    n = t[3].shape[1]
    return _recurrent(torch.nn.RNN(t[0].shape[2], n), t, 1, n)


def _gru(t: Tensors, _a: Attributes) -> torch.Tensor:
    n = t[3].shape[1]
    return _recurrent(torch.nn.GRU(t[0].shape[2], n), t, 1, 2 * n)


def _lstm(t: Tensors, _a: Attributes) -> torch.Tensor:
    n = t[4].shape[1]
    return _recurrent(torch.nn.LSTM(t[0].shape[2], n), t, 2, 4 * n)


OPERATORS: Mapping[str, TorchFunction] = {
    **{name: lambda t, _a, f=f: f(t[0]) for name, f in POINTWISE.items()},
    "add": lambda t, _a: t[0] + t[1],
    "sub": lambda t, _a: t[0] - t[1],
    "mul": lambda t, _a: t[0] * t[1],
    "div": lambda t, _a: t[0] / t[1],
    "maximum": lambda t, _a: torch.maximum(*t),
    "minimum": lambda t, _a: torch.minimum(*t),
    "matmul": lambda t, _a: torch.matmul(*t),
    "dense": lambda t, a: _activated(F.linear(*t), a),
    "conv": _conv,
    "pool": _pool,
    "concat": lambda t, a: torch.cat([*t], a["axis"]),
    "gather": lambda t, a: torch.index_select(t[0], a["axis"], torch.tensor(a["indices"])),
    "pad": _pad,
    "reduce_max": lambda t, a: torch.amax(t[0], a["axes"], a["keepdims"]),
    "reduce_min": lambda t, a: torch.amin(t[0], a["axes"], a["keepdims"]),
    "reduce_mean": lambda t, a: torch.mean(t[0], a["axes"], a["keepdims"]),
    "reduce_sum": lambda t, a: torch.sum(t[0], a["axes"], a["keepdims"]),
    "reshape": lambda t, a: torch.reshape(t[0], a["shape"]),
    "reverse": lambda t, a: torch.flip(t[0], [a["axis"]]),
    "slice": _slice,
    "tile": lambda t, a: torch.tile(t[0], a["repeats"]),
    "transpose": lambda t, a: torch.permute(t[0], a["perm"]),
    "softmax": lambda t, a: torch.softmax(t[0], a["axis"]),
    "layer_norm": lambda t, a: F.layer_norm(t[0], t[0].shape[a["axis"] :], t[1], t[2], a["epsilon"]),
    "prelu": lambda t, _a: torch.where(t[0] > 0.0, t[0], t[1] * t[0]),
    "leaky_relu": lambda t, a: F.leaky_relu(t[0], a["alpha"]),
    "elu": lambda t, a: F.elu(t[0], a["alpha"]),
    "celu": lambda t, a: torch.where(t[0] > 0.0, t[0], a["alpha"] * torch.expm1(t[0] / a["alpha"])),  # as hard_sigmoid6
    "hard_sigmoid": lambda t, a: torch.clamp(a["alpha"] * t[0] + a["beta"], 0.0, 1.0),
    "clip": _clip,
    "relu_general": _relu_general,
    "rnn": _rnn,
    "gru": _gru,
    "lstm": _lstm,
}
"""By the name of nn4mc's operator."""


def torch_function(case: Case) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a case as a function of all its variables in one vector (in,), with one vector (out,) as its value."""

    def function(x: torch.Tensor) -> torch.Tensor:
        tensors, at = [], 0
        for one in case.inputs:
            if not isinstance(one, tuple):
                tensors.append(torch.tensor(one, dtype=torch.float64))
                continue
            count = int(torch.tensor(one).prod())
            tensors.append(x[at : at + count].reshape(one))
            at += count
        return OPERATORS[case.op](tensors, case.attributes).reshape(-1)

    return function
