"""What the operator readers share: the file's tensors as they become tensors of the graph."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.limits import Limits, cap, cap_elements
from nn4mc.importers.tflite_model import TfliteModel, TfliteOperator, TfliteTensor
from nn4mc.importers.tflite_schema import ACTIVATIONS
from nn4mc.ir import FLOAT32, INT8, Attribute, Quantization, Shape
from nn4mc.ops import operator as find_operator

GRAPH_TYPES = {"FLOAT32": FLOAT32, "INT8": INT8}
"""What a computed tensor of the file may be, and what it is in the graph."""
_MASKS = {"BOOL": FLOAT32}
"""Conditions are 0 and 1 in the graph."""
_FUSED = {"RELU": "relu", "RELU6": "relu6", "TANH": "tanh"}
_LONGEST_NAME = 60
_READ_AGAIN = 16
"""How often, on average, each constant may be used: unrolled layers use theirs once a step."""


class Refusal(Exception):  # noqa: N818 - caught by the importer, which collects them
    """An operator is sound but has no C; the message says what and what would work."""


def refuse(what: str) -> NoReturn:
    """Give up on one operator; the importer goes on and names all such operators together."""
    raise Refusal(what)


class Reading:
    """The graph under construction, and what each tensor of the file has become."""

    def __init__(self, model: TfliteModel, builder: GraphBuilder, limits: Limits, stateful: bool) -> None:
        """Start with an empty graph; the file's own constants are known already."""
        self.model, self.builder, self.limits, self.stateful = model, builder, limits, stateful
        self.constants: dict[int, npt.NDArray[Any]] = {
            i: one.data for i, one in model.tensors.items() if one.data is not None
        }
        self._names: dict[int, str] = {}
        self._label = ""
        self._labels: set[str] = set()
        self._nodes = self._read = 0
        self._stored: dict[tuple[Any, ...], str] = {}

    def start(self, one: TfliteOperator) -> None:
        """Turn to an operator: the nodes made from now on are named after its first output."""
        name = self.model.tensors[one.outputs[0]].name.split(";")[0].strip()[:_LONGEST_NAME]
        self._label = name if name and name not in self._labels else f"{one.code.lower()}_{one.index}"
        self._labels.add(self._label)

    def tensor(self, one: TfliteOperator, position: int) -> TfliteTensor:
        """Return the file's tensor behind an input; ModelError when it is left out."""
        if not self.given(one, position):
            raise ModelError(f"{one.options.where}: input {position} is missing")
        return self.model.tensors[one.inputs[position]]

    def output(self, one: TfliteOperator, position: int = 0) -> TfliteTensor:
        """Return the file's tensor behind an output; ModelError when there is none."""
        if position >= len(one.outputs):
            raise ModelError(f"{one.options.where}: output {position} is missing")
        return self.model.tensors[one.outputs[position]]

    def given(self, one: TfliteOperator, position: int) -> bool:
        """Return whether an optional input is there."""
        return position < len(one.inputs) and one.inputs[position] >= 0

    def constant(self, one: TfliteOperator, position: int, what: str) -> npt.NDArray[Any]:
        """Return an input's values as the file stores them; refuses when they are computed from the model's input."""
        tensor = self.tensor(one, position)
        found = self.constants.get(tensor.index)
        if found is None:
            refuse(f"its {what} is not a constant ({tensor.kind})")
        self._read += found.size
        cap(self._read, _READ_AGAIN * self.limits.parameters, "the number of constants used", self.builder.where)
        return found

    def store(self, suffix: str, values: npt.NDArray[Any], quantization: Quantization | None = None) -> str:
        """Return a constant of the graph; equal ones are stored once, such as the weights of an unrolled layer."""
        digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).digest()
        key = (digest, values.dtype.str, values.shape, quantization)
        if key not in self._stored:
            self._stored[key] = self.builder.constant(self.label(suffix), values, quantization)
        return self._stored[key]

    def real_constant(self, one: TfliteOperator, position: int, what: str) -> npt.NDArray[np.float32]:
        """Return an input's constant as float32: float16 widened, int8 weights multiplied by their scales."""
        return real_values(self.tensor(one, position), self.constant(one, position, what))

    def wholes(self, one: TfliteOperator, position: int, what: str) -> tuple[int, ...]:
        """Return a constant vector of integers, such as axes or a shape."""
        values = self.constant(one, position, what)
        if values.dtype.kind not in "iu":
            raise ModelError(f"{one.options.where}: {what} is {values.dtype}, expected integers")
        return tuple(values.ravel().tolist())

    def whole(self, one: TfliteOperator, position: int, what: str) -> int:
        """Return a constant that is one integer."""
        values = self.wholes(one, position, what)
        if len(values) != 1:
            raise ModelError(f"{one.options.where}: {what} has {len(values)} values, expected one")
        return values[0]

    def name(self, one: TfliteOperator, position: int) -> str:
        """Return the graph's tensor behind an input, of the type the file gives it; constants join the graph."""
        tensor = self.tensor(one, position)
        if tensor.index in self._names:
            return self._names[tensor.index]
        if tensor.index not in self.constants:
            raise ModelError(f"{one.options.where}: input {position} ('{tensor.name[:80]}') is read before it is made")
        data = self.constant(one, position, "input")
        if tensor.kind == "INT8":
            return self.store("values", data, tensor.quantization)
        return self.store("values", real_values(tensor, data))

    def real_name(self, one: TfliteOperator, position: int) -> str:
        """Return the graph's float32 tensor behind an input; int8 constants are multiplied by their scales."""
        tensor = self.tensor(one, position)
        if tensor.kind == "INT8" and tensor.index in self.constants and tensor.index not in self._names:
            return self.store("values", self.real_constant(one, position, "input"))
        return self.name(one, position)

    def is_computed(self, one: TfliteOperator, position: int) -> bool:
        """Return whether an input depends on the model's inputs."""
        return self.given(one, position) and one.inputs[position] in self._names

    def shape(self, one: TfliteOperator, position: int) -> Shape:
        """Return the shape of an input as worked out so far: of the graph's tensor, or of the constant."""
        tensor = self.tensor(one, position)
        if tensor.index in self._names:
            return self.builder.shape(self._names[tensor.index])
        return self.constants[tensor.index].shape if tensor.index in self.constants else tensor.shape

    def label(self, suffix: str = "") -> str:
        """Return a name for a node or a constant of the current operator."""
        return f"{self._label}_{suffix}" if suffix else self._label

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Attribute] | None = None,
        dtype: str | None = None,
        quantization: Quantization | None = None,
    ) -> str:
        """Add a node of the current operator; without ``quantization``, int8 stands for what the first input does."""
        kind = dtype or self.builder.tensors[inputs[0]].dtype
        if kind not in find_operator(op).types:
            refuse(f"{op} of {kind} has no C kernel; convert this part of the model to float32")
        self._nodes += 1
        cap(self._nodes, self.limits.nodes, "the number of nodes", self.builder.where)
        meaning = quantization or (self.builder.tensors[inputs[0]].quantization if kind == INT8 else None)
        made = self.builder.node(op, self.label(), inputs, attributes, dtype, meaning)
        for name in self.builder.outputs():
            check_shape(self.builder.shape(name), self.limits, f"{self.builder.where}: '{self.label()}'")
        return made

    def reshape(self, name: str, shape: Sequence[int]) -> str:
        """Return a tensor in another shape: itself, when it has that shape."""
        if self.builder.shape(name) == tuple(shape):
            return name
        return self.node("reshape", [name], {"shape": tuple(shape)})

    def zeros(self, shape: Shape, suffix: str) -> str:
        """Return a float32 constant of zeros."""
        return self.store(suffix, np.zeros(shape, np.float32))

    def fused(self, one: TfliteOperator, made: str) -> str:
        """Return a float tensor behind the operator's fused activation."""
        code = activation(one)
        if code == "NONE":
            return made
        if code == "RELU_N1_TO_1":
            return self.node("clip", [made], {"minimum": -1.0, "maximum": 1.0})
        if code not in _FUSED:
            refuse(f"fused activation {code} has no C kernel")
        return self.node(_FUSED[code], [made])

    def put(self, one: TfliteOperator, made: str, position: int = 0) -> None:
        """Say which tensor of the graph an output has become; ModelError when the file gives it another type."""
        tensor = self.output(one, position)
        kind = self.builder.tensors[made].dtype
        if GRAPH_TYPES.get(tensor.kind, _MASKS.get(tensor.kind)) != kind:
            raise ModelError(f"{one.options.where}: its output is {tensor.kind}, its inputs make it {kind}")
        self._names[tensor.index] = made

    def put_constant(self, one: TfliteOperator, values: npt.NDArray[Any], position: int = 0) -> None:
        """Say that an output is known already."""
        self.constants[self.output(one, position).index] = values

    def declare(self, index: int, name: str) -> None:
        """Say which tensor of the graph a tensor of the file has become."""
        self._names[index] = name

    def replace(self, names: Mapping[int, str]) -> dict[int, str]:
        """Put other tensors of the graph in the place of some, and return those that were there."""
        before = {index: self._names[index] for index in names}
        self._names.update(names)
        return before

    def known(self, index: int) -> str | None:
        """Return what a tensor of the file has become, if it depends on the model's inputs."""
        return self._names.get(index)


def check_shape(shape: Shape, limits: Limits, where: str) -> None:
    """Raise ModelError for a computed tensor without elements, or with too many."""
    if 0 in shape:
        raise ModelError(f"{where}: shape {shape} has no elements")
    cap_elements(shape, limits, where)


def activation(one: TfliteOperator) -> str:
    """Return the name of an operator's fused activation."""
    return choice(one, "activation", ACTIVATIONS)


def choice(one: TfliteOperator, option: str, names: Sequence[str]) -> str:
    """Return the name behind an enumerated option; ModelError for a number without one."""
    number = one.option(option)
    if not 0 <= number < len(names):
        raise ModelError(f"{one.options.where}: {option} {number} is unknown")
    return names[int(number)]


def real_values(tensor: TfliteTensor, data: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return what a constant's numbers stand for, in float32; refuses integers without a scale."""
    if data.dtype.kind == "f":
        return data.astype(np.float32)
    scale = tensor.quantization
    if scale is None or tensor.kind not in ("INT8", "UINT8"):
        refuse(f"'{tensor.name[:80]}' holds {tensor.kind}, expected float32, float16 or int8 with a scale")
    if scale.axis is None:
        factors, zeros = np.float32(scale.scale[0]), np.int64(scale.zero_point[0])
        return ((data.astype(np.int64) - zeros) * factors).astype(np.float32)
    along = [1] * data.ndim
    if not 0 <= scale.axis < data.ndim or data.shape[scale.axis] != len(scale.scale):
        raise ModelError(f"{tensor.where}: {len(scale.scale)} scales along axis {scale.axis} of {data.shape}")
    along[scale.axis] = -1
    steps = data.astype(np.int64) - np.array(scale.zero_point).reshape(along)
    return np.asarray(steps.astype(np.float32) * np.array(scale.scale, np.float32).reshape(along), np.float32)


def checked_axis(one: TfliteOperator, axis: int, rank: int) -> int:
    """Return an axis counted from the front; ModelError when there is no such axis."""
    if not -rank <= axis < rank:
        raise ModelError(f"{one.options.where}: axis {axis} of {rank} axes")
    return axis % rank
