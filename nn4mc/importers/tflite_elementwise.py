"""Float32 element by element, softmax, and reductions."""

from collections.abc import Callable

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, activation, checked_axis, refuse
from nn4mc.ir import Attribute

Reader = Callable[[Reading, TfliteOperator], str]

UNARY = {
    "LOGISTIC": "sigmoid",
    "TANH": "tanh",
    "RELU": "relu",
    "RELU6": "relu6",
    "HARD_SWISH": "hard_swish",
    "EXP": "exp",
    "LOG": "log",
    "SQRT": "sqrt",
    "NEG": "neg",
    "ABS": "abs",
}
"""Builtins that are one operator without attributes."""
BINARY = {"ADD": "add", "SUB": "sub", "MUL": "mul", "DIV": "div", "MAXIMUM": "maximum", "MINIMUM": "minimum"}
REDUCE = {"MEAN": "reduce_mean", "SUM": "reduce_sum", "REDUCE_MAX": "reduce_max", "REDUCE_MIN": "reduce_min"}
_POWERS = {0.5: ("sqrt",), -0.5: ("sqrt", "reciprocal"), -1.0: ("reciprocal",), 1.0: ()}


def _unary(reading: Reading, one: TfliteOperator) -> str:
    return reading.node(UNARY[one.code], [reading.name(one, 0)])


def _with(op: str, attributes: Callable[[TfliteOperator], dict[str, Attribute]]) -> Reader:
    """Return the reader of a unary operator whose attributes come from the options."""
    return lambda reading, one: reading.node(op, [reading.name(one, 0)], attributes(one))


def _rsqrt(reading: Reading, one: TfliteOperator) -> str:
    return reading.node("reciprocal", [reading.node("sqrt", [reading.name(one, 0)])])


def _square(reading: Reading, one: TfliteOperator) -> str:
    x = reading.name(one, 0)
    return reading.node("mul", [x, x])


def _squared_difference(reading: Reading, one: TfliteOperator) -> str:
    difference = reading.node("sub", [reading.real_name(one, 0), reading.real_name(one, 1)])
    return reading.node("mul", [difference, difference])


def _power(reading: Reading, one: TfliteOperator) -> str:
    exponents = np.unique(reading.constant(one, 1, "exponent"))
    exponent = float(exponents[0]) if exponents.size == 1 else 0.0
    x = made = reading.name(one, 0)
    if exponent in (2.0, 3.0):
        for _ in range(int(exponent) - 1):
            made = reading.node("mul", [made, x])
        return made
    if exponent not in _POWERS:
        refuse(f"exponent {exponent:g} has no C kernel. Supported: 3, 2, 1, 0.5, -0.5, -1")
    for op in _POWERS[exponent]:
        made = reading.node(op, [made])
    return made


def _gelu(reading: Reading, one: TfliteOperator) -> str:
    return reading.node("gelu_tanh" if one.option("approximate", "?") else "gelu", [reading.name(one, 0)])


def _prelu(reading: Reading, one: TfliteOperator) -> str:
    slope = reading.store("slope", reading.real_constant(one, 1, "slope"))
    return reading.node("prelu", [reading.name(one, 0), slope])


def _binary(reading: Reading, one: TfliteOperator) -> str:
    made = reading.node(BINARY[one.code], [reading.real_name(one, 0), reading.real_name(one, 1)])
    return made if one.code in ("MAXIMUM", "MINIMUM") else reading.fused(one, made)


def _softmax(reading: Reading, one: TfliteOperator) -> str:
    x, beta = reading.name(one, 0), float(one.option("beta", "f"))
    if beta != 1.0:
        x = reading.node("mul", [x, reading.store("beta", np.array(beta, np.float32))])
    return reading.node("softmax", [x], {"axis": len(reading.builder.shape(x)) - 1})


def _log_softmax(reading: Reading, one: TfliteOperator) -> str:
    """x - max - log(sum(exp(x - max))), along the last axis."""
    x = reading.name(one, 0)
    last: dict[str, Attribute] = {"axes": (len(reading.builder.shape(x)) - 1,), "keepdims": True}
    below = reading.node("sub", [x, reading.node("reduce_max", [x], last)])
    total = reading.node("reduce_sum", [reading.node("exp", [below])], last)
    return reading.node("sub", [below, reading.node("log", [total])])


def _l2_normalization(reading: Reading, one: TfliteOperator) -> str:
    """x / sqrt(max(sum(x^2), 1e-12)) along the last axis."""
    x = reading.name(one, 0)
    last: dict[str, Attribute] = {"axes": (len(reading.builder.shape(x)) - 1,), "keepdims": True}
    total = reading.node("reduce_sum", [reading.node("mul", [x, x])], last)
    length = reading.node("sqrt", [reading.node("clip", [total], {"minimum": 1e-12})])
    return reading.fused(one, reading.node("div", [x, length]))


def reduced_axes(reading: Reading, one: TfliteOperator) -> tuple[int, ...]:
    """Return the axes a reduction works on, in order and counted from the front."""
    rank = len(reading.shape(one, 0))
    return tuple(sorted({checked_axis(one, axis, rank) for axis in reading.wholes(one, 1, "axes")}))


def _reduce(reading: Reading, one: TfliteOperator) -> str:
    axes = reduced_axes(reading, one)
    if not axes:
        return reading.name(one, 0)
    attributes: dict[str, Attribute] = {"axes": axes, "keepdims": bool(one.option("keep_dims", "?"))}
    return reading.node(REDUCE[one.code], [reading.name(one, 0)], attributes)


def _sum_of_all(reading: Reading, one: TfliteOperator) -> str:
    if not one.inputs:
        raise ModelError(f"{one.options.where}: has no input")
    made = reading.real_name(one, 0)
    for position in range(1, len(one.inputs)):
        made = reading.node("add", [made, reading.real_name(one, position)])
    return made


def fused_none(one: TfliteOperator) -> bool:
    """Return whether an operator has no fused activation."""
    return activation(one) == "NONE"


READERS: dict[str, Reader] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(REDUCE, _reduce),
    "LEAKY_RELU": _with("leaky_relu", lambda one: {"alpha": float(one.option("alpha", "f"))}),
    "ELU": _with("elu", lambda _one: {"alpha": 1.0}),
    "RELU_N1_TO_1": _with("clip", lambda _one: {"minimum": -1.0, "maximum": 1.0}),
    "RELU_0_TO_1": _with("clip", lambda _one: {"minimum": 0.0, "maximum": 1.0}),
    "RSQRT": _rsqrt,
    "SQUARE": _square,
    "SQUARED_DIFFERENCE": _squared_difference,
    "POW": _power,
    "GELU": _gelu,
    "PRELU": _prelu,
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _log_softmax,
    "L2_NORMALIZATION": _l2_normalization,
    "ADD_N": _sum_of_all,
}
