"""What an operator is: a table of facts and functions that every stage of the pipeline reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from nn4mc.errors import GraphError
from nn4mc.ir import FLOAT32, INT8, INT16, Array, Float32Array, Node, Shape, Tensor
from nn4mc.ops.packing import PackedConstants
from nn4mc.target import Target

FLOATS = (FLOAT32,)
ANY_TYPE = (FLOAT32, INT8)
NUMBERS = (FLOAT32, INT8, INT16)


def no_scratch(_node: Node, _inputs: Sequence[Shape]) -> int:
    """Return 0: the operator needs no memory but its inputs and outputs."""
    return 0


def no_more_files(_node: Node) -> tuple[str, ...]:
    """Return (): the operator calls the same C files whatever its attributes."""
    return ()


def no_macs(_node: Node, _inputs: Sequence[Shape]) -> int:
    """Return 0: the operator multiplies and accumulates nothing."""
    return 0


def nothing_to_add(_node: Node, _inputs: Sequence[Tensor], _outputs: Sequence[Tensor]) -> dict[str, object]:
    """Return {}: the operator's template needs nothing beyond what every template sees."""
    return {}


def nothing_packed(_node: Node, _inputs: Sequence[Tensor], _target: Target) -> PackedConstants:
    """Return {}: the operator reads its constants as they are."""
    return {}


@dataclass(frozen=True)
class Operator:
    """One operator; its C is ``codegen/templates/ops/<name>.c.j2``.

    ``shapes`` gives the output shapes and raises GraphError when inputs or attributes do not fit; ``reference``
    computes in float64 (integers as whole numbers); ``macs`` counts multiply-accumulates; ``scratch`` counts 32-bit
    words of working memory; ``attributes`` are the names a node may carry; ``constants`` are the inputs that must be
    constants; ``types`` are those its inputs and outputs may have; ``runtime`` names the C files it calls,
    ``runtime_of`` those that only some attributes call; ``details`` computes further values for its template.

    ``packed`` lays out constants for the operator's kernel on a target; ``packs`` are the inputs that they stand for,
    which the template then does not read.

    ``in_place`` are the inputs whose memory output 0 may reuse; ``carried`` are pairs of an input and another output
    that may do so (the states of a recurrent operator); ``optional`` outputs are neither stored nor written where
    nobody reads them, and C gets an empty name for them (one of them always stays).

    A ``view`` is output 0 being input 0 in another shape, without any C; a ``pointwise`` operator works on each
    element on its own, its inputs broadcast to each other; ``elementwise`` operators, of one input and without
    attributes, can be fused into one that ``takes_activation`` and then applies them to its own output. One that
    ``converts`` has another type at its output than at its input; every other has one throughout, constants aside.
    """

    name: str
    about: str
    arity: tuple[int, int]
    shapes: Callable[[Node, Sequence[Shape]], tuple[Shape, ...]]
    reference: Callable[[Node, Sequence[Array]], tuple[Array, ...]]
    macs: Callable[[Node, Sequence[Shape]], int] = no_macs
    scratch: Callable[[Node, Sequence[Shape]], int] = no_scratch
    details: Callable[[Node, Sequence[Tensor], Sequence[Tensor]], dict[str, object]] = nothing_to_add
    packed: Callable[[Node, Sequence[Tensor], Target], PackedConstants] = nothing_packed
    packs: tuple[int, ...] = ()
    attributes: tuple[str, ...] = ()
    constants: tuple[int, ...] = ()
    types: tuple[str, ...] = FLOATS
    runtime: tuple[str, ...] = ()
    runtime_of: Callable[[Node], tuple[str, ...]] = no_more_files
    in_place: tuple[int, ...] = ()
    carried: tuple[tuple[int, int], ...] = ()
    optional: tuple[int, ...] = ()
    takes_activation: bool = False
    pointwise: bool = False
    converts: bool = False
    view: bool = False
    elementwise: bool = False


def expect(condition: bool, node: Node, what: str) -> None:
    """Raise GraphError for ``node`` unless ``condition`` holds; ``what`` says found and expected."""
    if not condition:
        raise GraphError(f"node '{node.name}' ({node.op}): {what}")


def expect_shape(node: Node, what: str, found: Shape, expected: Shape) -> None:
    """Raise GraphError unless the input called ``what`` has the expected shape."""
    expect(found == expected, node, f"{what} has shape {found}, expected {expected}")


def number(node: Node, name: str) -> float:
    """Return a numeric attribute of a node; GraphError when it is missing or not a number."""
    value = node.attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GraphError(f"node '{node.name}' ({node.op}): attribute {name} is {value!r}, expected a number")
    return float(value)


def whole(node: Node, name: str) -> int:
    """Return an integer attribute of a node; GraphError when it is missing or not an integer."""
    value = node.attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphError(f"node '{node.name}' ({node.op}): attribute {name} is {value!r}, expected an integer")
    return value


def wholes(node: Node, name: str) -> tuple[int, ...]:
    """Return a tuple-of-integers attribute of a node; GraphError when it is missing or something else."""
    value = node.attributes.get(name)
    if not isinstance(value, tuple) or not all(isinstance(one, int) for one in value):
        raise GraphError(f"node '{node.name}' ({node.op}): attribute {name} is {value!r}, expected a tuple of integers")
    return value


def elementwise(
    name: str,
    about: str,
    function: Callable[[Array], Array],
    runtime: tuple[str, ...] = (),
) -> Operator:
    """Return the operator that applies ``function`` to each element of its one input."""
    return Operator(
        name=name,
        about=about,
        arity=(1, 1),
        shapes=lambda _node, inputs: (inputs[0],),
        reference=lambda _node, inputs: (function(inputs[0]),),
        runtime=runtime,
        in_place=(0,),
        pointwise=True,
        elementwise=True,
    )


def constant(tensor: Tensor) -> Float32Array:
    """Return the values of a constant, which the gate has checked it is."""
    assert tensor.data is not None
    return tensor.data


def size(shape: Shape) -> int:
    """Return the number of elements of a shape; 1 for a scalar."""
    return prod(shape)
