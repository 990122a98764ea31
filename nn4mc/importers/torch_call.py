"""One call of an ATen operator, its arguments by the names of torch's schema, checked as they are read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError
from nn4mc.ir import Shape

_LARGEST = 1 << 63
LARGEST_FLOAT32 = 3.4028234e38


class Refused(Exception):  # noqa: N818 - no error of the user's to see: the reader of the graph collects them
    """What a call asks for has no C kernel; the text says what and what would work."""


@dataclass(frozen=True)
class Variable:
    """A tensor that depends on the input: its name in the graph under construction."""

    name: str
    shape: Shape


Constant = npt.NDArray[np.generic]
Value = Variable | Constant
"""What a name of the exported graph stands for; sums, views and all else of constants are constants again."""

Given = Value | list[Value | None] | int | float | bool | str | tuple[int, ...] | tuple[float, ...] | None


@dataclass(frozen=True)
class Call:
    """``op`` is the name with its overload (add.Tensor); ``where`` opens messages."""

    op: str
    where: str
    arguments: Mapping[str, Given]

    def fault(self, name: str, expected: str) -> ModelError:
        """Return the error for an argument that is not what the schema says."""
        found = self.arguments.get(name)
        kind = "missing" if name not in self.arguments else type(found).__name__
        return ModelError(f"{self.where}: argument '{name}' is {kind}, expected {expected}")

    def optional(self, name: str) -> Value | None:
        """Return a tensor, or None when it is not given."""
        value = self.arguments.get(name)
        if value is None:
            return None
        if isinstance(value, (bool, int, float)):
            return np.asarray(value, np.int64 if isinstance(value, int) else np.float32)
        if not isinstance(value, (Variable, np.ndarray)):
            raise self.fault(name, "a tensor")
        return value

    def tensor(self, name: str) -> Value:
        """Return a tensor; a number is a tensor without axes."""
        value = self.optional(name)
        if value is None:
            raise self.fault(name, "a tensor")
        return value

    def variable_or_constant(self, name: str) -> Constant | None:
        """Return a constant, or None when it is not given; Refused when it depends on the input."""
        value = self.optional(name)
        if isinstance(value, Variable):
            raise Refused(f"'{name}' depends on the input, it must be a parameter or a constant")
        return value

    def constant(self, name: str) -> Constant:
        """Return a constant; Refused when it depends on the input."""
        value = self.variable_or_constant(name)
        if value is None:
            raise self.fault(name, "a tensor")
        return value

    def listed(self, name: str) -> list[Value | None]:
        """Return a list of tensors, some of which may be None."""
        value = self.arguments.get(name)
        if not isinstance(value, list):
            raise self.fault(name, "a list of tensors")
        return value

    def tensors(self, name: str) -> list[Value]:
        """Return a list of tensors, at least one."""
        values = [value for value in self.listed(name) if value is not None]
        if not values or len(values) != len(self.listed(name)):
            raise self.fault(name, "a list of tensors")
        return values

    def number(self, name: str, default: float | None = None, finite: bool = True) -> float:
        """Return a number, as a rule a finite one."""
        value = self.arguments.get(name, default)
        if value is None and default is not None:
            value = default
        if isinstance(value, np.ndarray) and value.size == 1:
            value = float(value.reshape(()).astype(np.float64))
        if isinstance(value, (list, tuple, str)) or value is None or isinstance(value, (Variable, np.ndarray)):
            raise self.fault(name, "a number")
        if finite and not abs(value) <= LARGEST_FLOAT32:
            raise Refused(f"'{name}' is {value:g}, it must be a finite float32")
        return float(value)

    def given(self, name: str) -> bool:
        """Return whether an argument is there and not None."""
        return self.arguments.get(name) is not None

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self.arguments.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            raise self.fault(name, "a whole number")
        return value

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a tuple of whole numbers; a single one is a tuple of one."""
        value = self.arguments.get(name)
        value = default if value is None else value
        values = (value,) if isinstance(value, int) else value
        if not isinstance(values, tuple):
            raise self.fault(name, "a list of whole numbers")
        wholes = tuple(one for one in values if isinstance(one, int) and abs(one) <= _LARGEST)
        if len(wholes) != len(values):
            raise self.fault(name, "a list of whole numbers")
        return wholes

    def pair(self, name: str, count: int, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return ``count`` whole numbers of at most 24 bits; a single one stands for all."""
        values = self.integers(name, default)
        values = values * count if len(values) == 1 else values
        if len(values) != count or any(abs(one) >= 1 << 24 for one in values):
            raise self.fault(name, f"{count} small whole numbers")
        return values

    def flag(self, name: str, default: bool) -> bool:
        """Return a truth value."""
        value = self.arguments.get(name, default)
        if not isinstance(value, bool):
            raise self.fault(name, "true or false")
        return value

    def text(self, name: str, default: str) -> str:
        """Return a word."""
        value = self.arguments.get(name)
        value = default if value is None else value
        if not isinstance(value, str):
            raise self.fault(name, "text")
        return value[:80]

    def axis(self, name: str, rank: int, default: int | None = None) -> int:
        """Return an axis of a tensor of ``rank``, counted from the front."""
        return self.in_rank(self.integer(name, default), rank, name)

    def axes(self, name: str, rank: int) -> tuple[int, ...]:
        """Return distinct axes, sorted; all of them when none are given."""
        given = self.integers(name, ()) or tuple(range(rank))
        return tuple(sorted({self.in_rank(one, rank, name) for one in given}))

    def in_rank(self, axis: int, rank: int, name: str) -> int:
        """Return an axis counted from the front; ModelError when there is no such axis."""
        if not -max(rank, 1) <= axis < max(rank, 1):
            raise ModelError(f"{self.where}: argument '{name}' is {axis}, the tensor has {rank} axes")
        return axis % rank if rank else 0


def shape_of(value: Value) -> Shape:
    """Return the shape of a variable or a constant."""
    return tuple(value.shape)
