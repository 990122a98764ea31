"""What a reader of one kind of layer is, and what it works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import UnsupportedError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.keras_calls import Call, Wire, leaves
from nn4mc.importers.keras_config import LayerConfig
from nn4mc.importers.keras_weights import Variable, Weights
from nn4mc.importers.limits import Limits
from nn4mc.ir import Attribute, Float32Array, Shape

__all__ = ["Call", "Context", "Kind", "Layer", "LayerConfig", "Variable"]


@dataclass
class Context:
    """What all layers of one import share.

    ``version`` is Keras' major version; ``stateful`` compiles one time step; ``timed`` are the tensors whose first
    axis is time; ``constants`` keeps weights of shared layers from being stored twice.
    """

    graph: GraphBuilder
    weights: Weights
    limits: Limits
    version: int
    stateful: bool
    timed: set[str] = field(default_factory=set)
    constants: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)
    carried: set[tuple[str, ...]] = field(default_factory=set)


@dataclass(frozen=True)
class Layer:
    """A layer at work: its configuration, and the graph it adds to.

    Shapes have no batch axis. ``lead`` counts the axes in front of the layer's own: 1 inside TimeDistributed.
    ``timed`` says that axis 0 is time and only one step of it is there.
    """

    config: LayerConfig
    context: Context
    lead: int = 0
    timed: bool = False

    def of(self, config: LayerConfig) -> "Layer":
        """Return the same place with another configuration: a wrapped layer."""
        return replace(self, config=config)

    def shape(self, tensor: str) -> Shape:
        """Return a tensor's shape, lead included."""
        return self.context.graph.shape(tensor)

    def own_shape(self, tensor: str) -> Shape:
        """Return a tensor's shape without batch and lead."""
        return self.shape(tensor)[self.lead :]

    def axis(self, axis: int, tensor: str) -> int:
        """Return Keras' axis, which counts the batch, as one of ``tensor``.

        Raises UnsupportedError for the batch axis and, in a net of one time step, for time.
        """
        rank = len(self.own_shape(tensor)) + 1
        positive = axis + rank if axis < 0 else axis
        if not 0 <= positive < rank:
            raise self.config.error(f"axis {axis} of {rank - 1} axes and the batch")
        if positive == 0:
            raise UnsupportedError("works along the batch axis; a compiled net takes one sample")
        found = positive - 1 + self.lead
        if found == 0 and self.timed:
            raise UnsupportedError("works along time, of which --stateful has only one step; compile the window")
        return found

    def weight(self, name: str, shape: Sequence[int | None]) -> Float32Array:
        """Return a weight, its shape checked."""
        return self.context.weights.read(self.config, name, tuple(shape))

    def constant(self, label: str, make: Callable[[], npt.NDArray[Any]]) -> str:
        """Return the constant called ``label`` of this layer, made when it is first asked for."""
        key = (self.config.path, label)
        if key not in self.context.constants:
            self.context.constants[key] = self.context.graph.constant(f"{self.name}_{label}", make())
        return self.context.constants[key]

    def number(self, label: str, value: float) -> str:
        """Return a constant of one element."""
        return self.constant(label, lambda: np.array([value]))

    @property
    def name(self) -> str:
        """The name of the layer's nodes."""
        return "_".join(self.config.path[1:] or self.config.path)

    def node(
        self, op: str, inputs: Sequence[str], attributes: Mapping[str, Attribute] | None = None, suffix: str = ""
    ) -> str:
        """Add a node of this layer and return its output; ModelError when shapes do not fit or exceed the limits."""
        return self.context.graph.node(op, f"{self.name}{suffix and '_'}{suffix}", inputs, attributes)

    def reshape(self, tensor: str, shape: Shape, suffix: str = "shape") -> str:
        """Return ``tensor`` in another shape; itself when it has it already."""
        return tensor if self.shape(tensor) == shape else self.node("reshape", [tensor], {"shape": shape}, suffix)

    def transpose(self, tensor: str, perm: tuple[int, ...], suffix: str = "transposed") -> str:
        """Return ``tensor`` with its axes in another order; itself when the order is the old one."""
        same = perm == tuple(range(len(perm)))
        return tensor if same else self.node("transpose", [tensor], {"perm": perm}, suffix)

    def one(self, call: Call) -> str:
        """Return the only input of a call."""
        given = [one for one in leaves(call.args) if one is not None and one is not False]
        if len(given) != 1 or not isinstance(given[0], Wire):
            raise self.config.error(f"is called with {len(given)} inputs, expected one tensor")
        return given[0].tensor

    def rank(self, tensor: str, rank: int) -> str:
        """Return ``tensor`` if it has ``rank`` axes without the batch; ModelError otherwise."""
        shape = self.own_shape(tensor)
        if len(shape) != rank:
            raise self.config.error(f"its input has shape {shape} without the batch, expected {rank} axes")
        return tensor


Read = Callable[[Layer, Call], tuple[str, ...]]
Check = Callable[[LayerConfig, int], None]


def nothing_to_check(_config: LayerConfig, _version: int) -> None:
    """Accept every configuration."""


def no_variables(_config: LayerConfig) -> tuple[Variable, ...]:
    """Return (): the layer has no weights."""
    return ()


@dataclass(frozen=True)
class Kind:
    """How layers of one class are read.

    ``read`` adds nodes and returns the outputs; ``check`` raises UnsupportedError for what the configuration (and
    Keras' major version) alone rules out; ``variables`` lists the weights; a ``stepwise`` layer works on each time step
    for itself.
    """

    read: Read
    check: Check = nothing_to_check
    variables: Callable[[LayerConfig], tuple[Variable, ...]] = no_variables
    stepwise: bool = False
    recurrent: bool = False


def single(read: Callable[[Layer, str], str]) -> Read:
    """Return the reader of a layer with one input and one output."""
    return lambda layer, call: (read(layer, layer.one(call)),)


def keyword_tensors(call: Call, key: str) -> tuple[str, ...]:
    """Return the tensors of a keyword argument."""
    return tuple(one.tensor for one in leaves(call.kwargs.get(key)) if isinstance(one, Wire))


def require(condition: bool, what: str) -> None:
    """Raise UnsupportedError, to which the file and the layer are added, unless ``condition`` holds."""
    if not condition:
        raise UnsupportedError(what)
