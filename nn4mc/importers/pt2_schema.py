"""The JSON inside a `.pt2`, as far as it is read: torch/_export/serde/schema.py (version 8), fields by their names.

Unions are objects with one key (`as_int`, `as_tensor`, ...); a key that is not listed here leaves every field None.
"""

import math

from msgspec import Struct


class SymInt(Struct):
    """A size: a whole number, or a symbol that stands for one."""

    class Expression(Struct):
        """``s0``, or a formula of symbols."""

        expr_str: str = ""

    as_int: int | None = None
    as_name: str | None = None
    as_expr: Expression | None = None


class TensorMeta(Struct):
    """Type and layout of a tensor: ``dtype`` numbers ScalarType, strides and offset count elements."""

    dtype: int
    sizes: list[SymInt]
    strides: list[SymInt]
    storage_offset: SymInt
    layout: int = 7


class TensorName(Struct):
    """A tensor of the graph."""

    name: str


class OptionalTensor(Struct):
    """A tensor, or none."""

    as_tensor: TensorName | None = None
    as_none: bool | None = None


class Argument(Struct):
    """A value given to an operator or made by one."""

    as_none: bool | None = None
    as_tensor: TensorName | None = None
    as_tensors: list[TensorName] | None = None
    as_optional_tensor: OptionalTensor | None = None
    as_optional_tensors: list[OptionalTensor] | None = None
    as_int: int | None = None
    as_ints: list[int] | None = None
    as_float: float | str | None = None
    as_floats: list[float | str] | None = None
    as_bool: bool | None = None
    as_string: str | None = None
    as_sym_int: SymInt | None = None
    as_sym_ints: list[SymInt] | None = None
    as_scalar_type: int | None = None
    as_device: dict[str, object] | None = None
    as_layout: int | None = None
    as_memory_format: int | None = None


class NamedArgument(Struct):
    """An argument by the name that the operator's schema gives it."""

    name: str
    arg: Argument


class Metadata(Struct):
    """What is known about the source of a node: ``path,qualified path,class`` of each module around it."""

    nn_module_stack: str = ""


class Node(Struct):
    """One call of an operator: ``target`` is like torch.ops.aten.add.Tensor."""

    target: str
    inputs: list[NamedArgument]
    outputs: list[Argument]
    metadata: Metadata


class GraphRecord(Struct):
    """The nodes in the order they run, and what is known about each tensor."""

    inputs: list[Argument]
    outputs: list[Argument]
    nodes: list[Node]
    tensor_values: dict[str, TensorMeta]


class UserInput(Struct):
    """An input that the caller gives."""

    arg: Argument


class StoredInput(Struct):
    """A parameter, buffer or constant: the tensor's name, and its key in the archive under one of three names."""

    arg: TensorName
    parameter_name: str | None = None
    buffer_name: str | None = None
    tensor_constant_name: str | None = None

    @property
    def key(self) -> str:
        """The name in the archive's table of weights or constants."""
        return self.parameter_name or self.buffer_name or self.tensor_constant_name or ""


class InputSpec(Struct):
    """What one input of the graph is."""

    user_input: UserInput | None = None
    parameter: StoredInput | None = None
    buffer: StoredInput | None = None
    tensor_constant: StoredInput | None = None
    constant_input: dict[str, object] | None = None


class MutationSpec(Struct):
    """The tensor that a buffer holds after a call."""

    arg: TensorName
    buffer_name: str


class OutputSpec(Struct):
    """What one output of the graph is."""

    user_output: UserInput | None = None
    buffer_mutation: MutationSpec | None = None
    user_input_mutation: dict[str, object] | None = None


class Signature(Struct):
    """What inputs and outputs are, in order."""

    input_specs: list[InputSpec]
    output_specs: list[OutputSpec]


class GraphModule(Struct):
    """A graph and its signature."""

    graph: GraphRecord
    signature: Signature


class Version(Struct):
    """Of the schema."""

    major: int
    minor: int


class Program(Struct):
    """models/NAME.json."""

    graph_module: GraphModule
    schema_version: Version
    torch_version: str = ""
    verifiers: list[str] = []


class Payload(Struct):
    """Where a stored tensor is."""

    path_name: str
    use_pickle: bool = False
    tensor_meta: TensorMeta | None = None


class PayloadTable(Struct):
    """data/weights/NAME_weights_config.json and its like for constants."""

    config: dict[str, Payload]


def to_float(value: float | str) -> float:
    """Return a float of the JSON, which spells infinities and NaN as text.

    >>> to_float("-Infinity")
    -inf
    """
    if isinstance(value, str):
        return {"Infinity": math.inf, "-Infinity": -math.inf}.get(value, math.nan)
    return value
