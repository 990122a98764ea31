"""Comparisons and selections of float32, such as a converter leaves of selu or of a relu with a threshold.

A comparison becomes a mask of exact 0 and 1; selecting is p * mask + q * (1 - mask), with p and q held within float32
so that an overflow on the side not taken does not become NaN.
"""

from collections.abc import Callable

import numpy as np

from nn4mc.importers.tflite_model import TfliteOperator
from nn4mc.importers.tflite_reading import Reading, refuse
from nn4mc.ir import Attribute

_HUGE = 1e38
"""A factor that, applied twice, lifts the smallest float32 above 1."""
_WITHIN: dict[str, Attribute] = {"minimum": -3e38, "maximum": 3e38}
_UNIT: dict[str, Attribute] = {"minimum": 0.0, "maximum": 1.0}


def _scalar(reading: Reading, suffix: str, value: float) -> str:
    return reading.store(suffix, np.array(value, np.float32))


def _above(reading: Reading, a: str, b: str) -> str:
    """Return 1 where a > b, else 0: a - b is 0 only where they are equal, and its sign is exact."""
    mask = reading.node("sub", [a, b])
    for _ in range(2):
        mask = reading.node("clip", [reading.node("mul", [mask, _scalar(reading, "huge", _HUGE)])], _UNIT)
    return mask


def _opposite(reading: Reading, mask: str) -> str:
    return reading.node("sub", [_scalar(reading, "one", 1.0), mask])


def _compare(reading: Reading, one: TfliteOperator) -> str:
    a, b = reading.real_name(one, 0), reading.real_name(one, 1)
    if one.code in ("LESS", "GREATER_EQUAL"):
        a, b = b, a
    mask = _above(reading, a, b)
    return _opposite(reading, mask) if one.code.endswith("EQUAL") else mask


def _select(reading: Reading, one: TfliteOperator) -> str:
    if not reading.is_computed(one, 0):
        refuse("a constant condition has no C kernel")
    mask = reading.name(one, 0)
    sides = []
    for position, share in ((1, mask), (2, _opposite(reading, mask))):
        finite = reading.node("clip", [reading.real_name(one, position)], _WITHIN)
        sides.append(reading.node("mul", [finite, share]))
    return reading.node("add", sides)


def _logical(reading: Reading, one: TfliteOperator) -> str:
    if one.code == "LOGICAL_NOT":
        return _opposite(reading, reading.name(one, 0))
    return reading.node("mul" if one.code == "LOGICAL_AND" else "maximum", [reading.name(one, 0), reading.name(one, 1)])


def _cast(reading: Reading, one: TfliteOperator) -> str:
    kinds = reading.tensor(one, 0).kind, reading.output(one).kind
    if kinds not in (("BOOL", "FLOAT32"), ("FLOAT32", "FLOAT32")):
        refuse(f"a cast from {kinds[0]} to {kinds[1]} has no C kernel")
    return reading.name(one, 0)


READERS: dict[str, Callable[[Reading, TfliteOperator], str]] = {
    **dict.fromkeys(("GREATER", "LESS", "GREATER_EQUAL", "LESS_EQUAL"), _compare),
    **dict.fromkeys(("SELECT", "SELECT_V2"), _select),
    **dict.fromkeys(("LOGICAL_NOT", "LOGICAL_AND", "LOGICAL_OR"), _logical),
    "CAST": _cast,
}
