"""The graph under construction as the readers of ATen calls see it: what is made of constants alone is computed."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nn4mc.errors import GraphError, ModelError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import cap, cap_elements
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.torch_call import Call, Constant, Value, Variable, shape_of
from nn4mc.ir import Attribute, Float32Array, Node, Shape
from nn4mc.ops import operator

MASKED = -1e30
"""Stands for -inf in a mask."""
_RANK = 8
_MACS = 20_000_000


class Network:
    """A builder of graphs, and which of its tensors are constants, states and states already stepped."""

    def __init__(self, builder: GraphBuilder, options: ImportOptions) -> None:
        """Start with nothing in the graph."""
        self.builder, self.options = builder, options
        self.name = ""
        self._calls = 0
        self._shared: dict[tuple[Shape, str, str], str] = {}
        self._data: dict[str, Constant] = {}
        self._nodes = 0
        self._states: set[str] = set()
        self._carried: set[str] = set()

    def begin(self, name: str) -> None:
        """Start reading a call: its nodes are called ``name``, numbered from the second on."""
        self.name, self._calls = name, 0

    def op(self, op: str, inputs: Sequence[Value], attributes: Mapping[str, Attribute] | None = None) -> Value:
        """Return the first output of an operator: computed for constants, a new node otherwise."""
        return self.ops(op, inputs, attributes)[0]

    def ops(
        self, op: str, inputs: Sequence[Value], attributes: Mapping[str, Attribute] | None = None
    ) -> tuple[Value, ...]:
        """Return all outputs of an operator."""
        self._nodes += 1
        cap(self._nodes, self.options.limits.nodes, "the number of operators", self.builder.where)
        if op == "add":
            inputs = [masked(one) for one in inputs]
        constants = [one if isinstance(one, np.ndarray) else self._data.get(one.name) for one in inputs]
        known = [one for one in constants if one is not None]
        if len(known) == len(inputs):
            return self._computed(op, known, attributes or {})
        names = [self.tensor(one) for one in inputs]
        self._calls += 1
        name = self.name if self._calls == 1 else f"{self.name}_{self._calls}"
        self.builder.node(op, name, names, attributes)
        outputs = tuple(Variable(name, self.builder.shape(name)) for name in self.builder.outputs())
        for one in outputs:
            self._check(one.shape)
        return outputs

    def tensor(self, value: Value, role: str = "constant") -> str:
        """Return the name of a tensor in the graph; equal constants are one."""
        if isinstance(value, Variable):
            return value.name
        self._check(value.shape)
        data = np.asarray(value).astype(np.float32)
        key = (data.shape, role, hashlib.sha256(data.tobytes()).hexdigest())
        if key not in self._shared:
            self._shared[key] = self.builder.constant(f"{self.name}_{role}", data)
            self._data[self._shared[key]] = data
        return self._shared[key]

    def constant(self, data: Constant, role: str) -> Variable:
        """Return a constant as a tensor of the graph: for inputs whose name should say what they are."""
        return Variable(self.tensor(data, role), data.shape)

    def state(self, initial: Float32Array) -> Variable:
        """Return a value carried from step to step; close it with `carry`."""
        made = Variable(self.builder.state(f"{self.name}_state", initial), initial.shape)
        self._states.add(made.name)
        return made

    def carry(self, before: Value, after: Value) -> None:
        """Say what a state is after the step; nothing for a value that is no state."""
        if isinstance(before, Variable) and isinstance(after, Variable) and before.name in self._states:
            self.builder.carry(before.name, after.name)
            self._carried.add(after.name)

    def is_carried(self, value: Value) -> bool:
        """Return whether a value is a state already stepped: a second step in the same call would lose it."""
        return isinstance(value, Variable) and value.name in self._carried

    def reshape(self, x: Value, shape: Shape) -> Value:
        """Return ``x`` in another shape of as many elements."""
        return x if shape_of(x) == shape else self.op("reshape", [x], {"shape": shape})

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        """Return ``x`` with its axes in another order; a mere reshape when only axes of 1 move."""
        shape = shape_of(x)
        moved = [axis for axis in perm if shape[axis] != 1]
        if moved == sorted(moved):
            return self.reshape(x, tuple(shape[axis] for axis in perm))
        return self.op("transpose", [x], {"perm": tuple(perm)})

    def cut(self, x: Value, axis: int, start: int, size: int, step: int = 1) -> Value:
        """Return ``size`` indices of an axis from ``start`` on, every ``step``-th."""
        shape = shape_of(x)
        if size == shape[axis] and start == 0:
            return x
        sizes = tuple(size if i == axis else n for i, n in enumerate(shape))
        starts = tuple(start if i == axis else 0 for i in range(len(shape)))
        steps = tuple(step if i == axis else 1 for i in range(len(shape)))
        return self.op("slice", [x], {"starts": starts, "sizes": sizes, "steps": steps})

    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Return parts one behind the other along an axis."""
        return parts[0] if len(parts) == 1 else self.op("concat", parts, {"axis": axis})

    def reduce(self, kind: str, x: Value, axes: tuple[int, ...], keepdims: bool = True) -> Value:
        """Return reduce_mean, reduce_sum, reduce_max or reduce_min over axes; ``x`` itself when it has none."""
        return self.op(f"reduce_{kind}", [x], {"axes": axes, "keepdims": keepdims}) if shape_of(x) else x

    def _computed(
        self, op: str, inputs: Sequence[Constant], attributes: Mapping[str, Attribute]
    ) -> tuple[Constant, ...]:
        """Return outputs in float32, or int64 when all inputs are whole numbers and so is the result."""
        node, shapes = Node(self.name, op, (), (), attributes), [one.shape for one in inputs]
        try:
            for shape in operator(op).shapes(node, shapes):
                self._check(shape)
            cap(operator(op).macs(node, shapes), _MACS, "the number of products to compute", f"'{self.name[:80]}'")
        except GraphError as error:
            raise ModelError(f"{self.builder.where}: {error}") from error
        with np.errstate(all="ignore"):
            made = operator(op).reference(node, [one.astype(np.float64) for one in inputs])
            whole = all(one.dtype.kind in "iub" for one in inputs)
            return tuple(_rounded(np.asarray(one), whole) for one in made)

    def _check(self, shape: Shape) -> None:
        cap(len(shape), _RANK, "the number of axes of a tensor", f"{self.builder.where}: '{self.name[:80]}'")
        cap_elements(shape, self.options.limits, f"{self.builder.where}: '{self.name[:80]}'")
        if 0 in shape:
            raise ModelError(f"{self.builder.where}: '{self.name[:80]}': a tensor of shape {shape}, without elements")


def _rounded(values: Constant, whole: bool) -> Constant:
    if whole and np.all(np.isfinite(values)) and np.all(values == np.rint(values)) and np.all(np.abs(values) < 2**53):
        return values.astype(np.int64)
    return values.astype(np.float32)


def masked(value: Value) -> Value:
    """Return a mask with -inf as a large negative number: softmax makes 0 of both, and C has no literal for -inf."""
    if isinstance(value, Variable) or value.dtype.kind != "f":
        return value
    return np.where(value == -np.inf, np.float32(MASKED), value)


def scalar(value: float) -> Constant:
    """Return a constant without axes."""
    return np.asarray(value, np.float32)


Made = Value | tuple[Value | None, ...]
"""What a call makes: one tensor or several, of which those that nothing computes are None."""

Reader = Callable[[Network, Call], Made]
"""Adds what a call does to the network; raises Refused when that has no C kernel."""
