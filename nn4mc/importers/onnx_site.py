"""A node as its reader sees it: inputs known or live, attributes by type, and ways to build what it stands for.

A value is either *known*, a numpy array of any type that depends on no input of the model, or *live*, the name of a
float32 tensor of the graph under construction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import Limits, cap
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Attribute, Node, Shape
from nn4mc.ops import operator
from nn4mc.ops.base import size

AnyArray = npt.NDArray[Any]
Value = str | AnyArray
Made = Value | tuple[Value, ...]
AttributeValue = int | float | str | AnyArray | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]

LOWEST = np.finfo(np.float32).min
"""What stands for -Inf in the masks of attention: exp makes 0 of both, and constants of generated C are finite."""
_MASKING = ("Add", "Where")
"""The operators whose constants may be such masks."""


class Refusal(UnsupportedError):  # noqa: N818 - an outcome, not a fault
    """One node that has no C kernel: what and why; the importer collects them."""


@dataclass
class Workshop:
    """What all nodes of one import share.

    ``spent`` counts the elements computed or stored while reading, ``macs`` the multiply-accumulates of a run.
    """

    builder: GraphBuilder
    options: ImportOptions
    constants: dict[int, tuple[AnyArray, str]] = field(default_factory=dict)
    spent: int = 0
    macs: int = 0

    @property
    def limits(self) -> Limits:
        """The caps of this import."""
        return self.options.limits

    @property
    def where(self) -> str:
        """The file, for messages."""
        return self.builder.where

    def cap_tensor(self, shape: Shape, what: str) -> None:
        """Raise ModelError when a computed tensor is too large."""
        cap(prod(shape), self.limits.tensor_values, f"the number of values of {what}", self.where)

    def multiply(self, macs: int) -> None:
        """Raise ModelError when this many more multiply-accumulates exceed what a run may take."""
        self.macs += macs
        cap(self.macs, self.limits.macs, "the number of multiply-accumulates", self.where)

    def spend(self, elements: int, what: str) -> None:
        """Raise ModelError when this many more elements exceed what a file may make us compute."""
        cap(elements, self.limits.parameters, f"the number of values of {what}", self.where)
        self.spent += elements
        cap(self.spent, 8 * self.limits.parameters, "the number of values computed while reading", self.where)


@dataclass(frozen=True)
class Site:
    """One ONNX node: its name, operator, inputs (None where left out), attributes and which outputs are used."""

    workshop: Workshop
    name: str
    op: str
    inputs: Sequence[Value | None]
    attributes: Mapping[str, AttributeValue]
    used: Sequence[bool]

    @property
    def label(self) -> str:
        """How messages name the node."""
        return f"node '{self.name[:80]}' ({self.op})"

    def refusal(self, why: str) -> Refusal:
        """Return the error for something that has no C kernel."""
        return Refusal(f"{self.label}: {why}")

    def fault(self, why: str) -> ModelError:
        """Return the error for something that is wrong."""
        return ModelError(f"{self.workshop.where}: {self.label}: {why}")

    def has(self, index: int) -> bool:
        """Whether input ``index`` is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def value(self, index: int) -> Value:
        """Return input ``index``, known or live; ModelError when it is missing."""
        found = self.inputs[index] if index < len(self.inputs) else None
        if found is None:
            raise self.fault(f"input {index} is missing")
        return found

    def shape(self, index: int) -> Shape:
        """Return the shape of input ``index``."""
        return self.shape_of(self.value(index))

    def shape_of(self, value: Value) -> Shape:
        """Return the shape of a value, known or live."""
        return self.workshop.builder.shape(value) if isinstance(value, str) else value.shape

    def live(self, index: int) -> str:
        """Return input ``index`` as a tensor of the graph; a known one becomes a constant."""
        return self.tensor(self.value(index), f"input_{index}")

    def tensor(self, value: Value, what: str) -> str:
        """Return a value as a tensor of the graph, storing a known one once only."""
        if isinstance(value, str):
            return value
        stored = self.workshop.constants.get(id(value))
        if stored is None:
            stored = (value, self.constant(what, value))
            self.workshop.constants[id(value)] = stored
        return stored[1]

    def constant(self, what: str, values: AnyArray) -> str:
        """Add a float32 constant named after the node."""
        if values.dtype.kind != "f":
            raise self.refusal(f"computes with {values.dtype}; only float32 has kernels")
        if values.size == 0:
            raise self.refusal(f"computes with an empty array of shape {values.shape}")
        stored = values.astype(np.float32)
        if self.op in _MASKING:
            stored = np.maximum(stored, LOWEST)
        if not np.isfinite(stored).all():
            raise self.refusal("computes with a constant that holds NaN, Inf or values beyond float32")
        self.workshop.spend(values.size, self.label)
        return self.workshop.builder.constant(f"{self.name}_{what}", stored)

    def known(self, index: int, what: str) -> AnyArray:
        """Return input ``index`` as an array; Refusal when it depends on the model's inputs."""
        found = self.value(index)
        if isinstance(found, str):
            raise self.refusal(f"its {what} must be constant, and depends on an input of the model")
        return found

    def known_ints(self, index: int, what: str) -> tuple[int, ...]:
        """Return input ``index`` as a list of integers."""
        found = self.known(index, what)
        if found.dtype.kind not in "iu" or found.ndim > 1:
            raise self.fault(f"{what} has type {found.dtype} and shape {found.shape}, expected a list of integers")
        return tuple(int(n) for n in found.ravel())

    def integer(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        found = self.attributes.get(name, default)
        if not isinstance(found, int):
            raise self.fault(f"attribute {name} is not an integer")
        return found

    def number(self, name: str, default: float) -> float:
        """Return a float attribute; ModelError when it is not finite."""
        found = self.attributes.get(name, default)
        if not isinstance(found, float) or not np.isfinite(found):
            raise self.fault(f"attribute {name} is not a finite number")
        return found

    def text(self, name: str, default: str) -> str:
        """Return a text attribute."""
        found = self.attributes.get(name, default)
        if not isinstance(found, str):
            raise self.fault(f"attribute {name} is not text")
        return found

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return an attribute that is a list of integers; ModelError when it is missing without a default."""
        found = self.attributes.get(name, default)
        if not isinstance(found, tuple) or not all(isinstance(one, int) for one in found):
            raise self.fault(f"attribute {name} is not a list of integers")
        return tuple(int(one) for one in found)

    def axis(self, axis: int, rank: int) -> int:
        """Return an axis counted from the front; ModelError when there is no such axis."""
        if not -rank <= axis < rank:
            raise self.fault(f"axis {axis} of an array of rank {rank}")
        return axis % rank if rank else 0

    def axes(self, axes: Sequence[int], rank: int) -> tuple[int, ...]:
        """Return axes counted from the front, in ascending order and each once."""
        found = sorted({self.axis(axis, rank) for axis in axes})
        if len(found) != len(axes):
            raise self.fault(f"axes {tuple(axes)[:8]} name one twice")
        return tuple(found)

    def make(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        """Add a node of the catalogue named after this one and return its first output."""
        self.workshop.builder.node(op, self.name, inputs, attributes)
        self.workshop.multiply(operator(op).macs(Node(self.name, op, inputs, (), attributes), self._shapes(inputs)))
        for shape in self._shapes(self.workshop.builder.outputs()):
            if 0 in shape:
                raise self.refusal(f"makes an empty array of shape {shape}")
            self.workshop.cap_tensor(shape, self.label)
        return self.workshop.builder.outputs()[0]

    def _shapes(self, names: Sequence[str]) -> list[Shape]:
        return [self.workshop.builder.shape(name) for name in names]

    def make_all(self, op: str, *inputs: str, **attributes: Attribute) -> tuple[str, ...]:
        """Add a node and return all its outputs."""
        self.make(op, *inputs, **attributes)
        return self.workshop.builder.outputs()

    def scalar(self, value: float) -> str:
        """Return a constant of one element without axes."""
        return self.constant("constant", np.asarray(value, np.float64))

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Give a live value another shape; nothing when it has it already."""
        wanted = tuple(int(n) for n in shape)
        if self.shape_of(value) == wanted:
            return value
        return self.make("reshape", value, shape=wanted)

    def transpose(self, value: str, perm: Sequence[int]) -> str:
        """Reorder the axes of a live value; a reshape when no axis longer than 1 changes its place."""
        shape = self.shape_of(value)
        if sorted(perm) != list(range(len(shape))):
            raise self.fault(f"permutation {tuple(perm)[:16]} of {len(shape)} axes")
        long_axes = [axis for axis in perm if shape[axis] > 1]
        if long_axes == sorted(long_axes):
            return self.reshape(value, [shape[axis] for axis in perm])
        return self.make("transpose", value, perm=tuple(perm))

    def crop(self, value: str, axis: int, start: int, count: int) -> str:
        """Return ``count`` entries from ``start`` along one axis of a live value."""
        shape = self.shape_of(value)
        if (start, count) == (0, shape[axis]):
            return value
        starts = tuple(start if i == axis else 0 for i in range(len(shape)))
        sizes = tuple(count if i == axis else n for i, n in enumerate(shape))
        return self.make("slice", value, starts=starts, sizes=sizes, steps=(1,) * len(shape))

    def elements(self, index: int) -> int:
        """Return the number of elements of input ``index``."""
        return size(self.shape(index))
