"""Walks the calls of a Keras model in order, nested models included, and has every layer add its nodes."""

from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from nn4mc.errors import UnsupportedError
from nn4mc.importers.keras_calls import Call, Reference, Wire, leaves, replaced
from nn4mc.importers.keras_config import MODELS, LayerConfig
from nn4mc.importers.keras_kinds import kind_of
from nn4mc.importers.keras_layer import Context, Layer
from nn4mc.importers.limits import cap

_Key = tuple[str, int]
Outputs = tuple[str, ...] | None
"""The outputs of a call; None when the call, or one before it, was refused."""


@dataclass
class Walker:
    """One walk; ``calls`` counts, so that models nested in each other cannot multiply without end."""

    context: Context
    calls: int = 0

    def model(self, config: LayerConfig, inputs: tuple[str, ...], lead: int = 0) -> Outputs:
        """Run a model on tensors and return its outputs, in the order Keras gives them."""
        if config.kind == "Sequential":
            return self._sequential(config, inputs, lead)
        return self._functional(config, inputs, lead)

    def _sequential(self, config: LayerConfig, inputs: tuple[str, ...], lead: int) -> Outputs:
        outputs: Outputs = inputs
        for child in config.children:
            if child.kind == "InputLayer":
                continue
            if outputs is None:
                return None
            if len(outputs) != 1:
                raise config.error(f"a layer passes on {len(outputs)} tensors, expected 1")
            outputs = self.call(child, Call((Wire(outputs[0]),)), lead)
        return outputs

    def _functional(self, config: LayerConfig, inputs: tuple[str, ...], lead: int) -> Outputs:
        if len(inputs) != len(config.inputs):
            raise config.error(f"is called with {len(inputs)} inputs, expected {len(config.inputs)}")
        graph = _Graph(config, self.context.version)
        done: dict[_Key, Outputs] = {}
        for reference, tensor in zip(config.inputs, inputs, strict=True):
            done[reference.layer, 0] = (tensor,)
        for key in graph.order():
            if key not in done:
                layer, call = graph.call(key)
                done[key] = self._connected(layer, call, done, lead, graph)
        return _all([graph.output(done, one) for one in graph.outputs])

    def _connected(
        self, layer: LayerConfig, call: Call, done: dict[_Key, Outputs], lead: int, graph: "_Graph"
    ) -> Outputs:
        wanted = [one for one in leaves((call.args, call.kwargs)) if isinstance(one, Reference)]
        if any(graph.output(done, one) is None for one in wanted):
            return None

        def wire(reference: Reference) -> Wire:
            return Wire(str(graph.output(done, reference)))

        return self.call(layer, Call(replaced(call.args, wire), replaced(dict(call.kwargs), wire)), lead)

    def call(self, config: LayerConfig, call: Call, lead: int) -> Outputs:
        """Run one layer; what it refuses is noted, and the walk goes on."""
        self.calls += 1
        cap(self.calls, self.context.limits.nodes, "the number of calls of layers", config.file)
        if not call.args:
            call = replace(call, args=tuple(one for key, one in call.kwargs.items() if key not in _NOT_INPUTS))
        try:
            return self._run(config, call, lead)
        except UnsupportedError as error:
            self.context.graph.refuse(f"{config.label}: {error}")
            return None

    def _run(self, config: LayerConfig, call: Call, lead: int) -> Outputs:
        if config.kind in MODELS:
            return self.model(config, _model_inputs(config, call), lead)
        if config.kind == "TimeDistributed":
            return self._time_distributed(config, call, lead)
        kind = kind_of(config)
        timed = lead == 0 and any(one in self.context.timed for one in call.tensors())
        if timed and not kind.stepwise:
            raise UnsupportedError("works across time, of which --stateful has only one step; compile the window")
        outputs = kind.read(Layer(config, self.context, lead, timed), call)
        if timed and not kind.recurrent:
            self._keep_time(outputs)
        return outputs

    def _time_distributed(self, config: LayerConfig, call: Call, lead: int) -> Outputs:
        """Run the wrapped layer with one more axis in front; that axis stays what it is."""
        tensors = call.tensors()
        if len(tensors) != 1 or len(self.context.graph.shape(tensors[0])) < lead + 2:
            raise config.error("expected one input with a time axis")
        outputs = self._run(config.children[0], call, lead + 1)
        if lead == 0 and tensors[0] in self.context.timed and outputs is not None:
            self._keep_time(outputs)
        return outputs

    def _keep_time(self, outputs: tuple[str, ...]) -> None:
        for one in outputs:
            if self.context.graph.shape(one)[:1] != (1,):
                raise UnsupportedError("has numbers for each time step; compile the window, without --stateful")
        self.context.timed.update(outputs)


def _model_inputs(config: LayerConfig, call: Call) -> tuple[str, ...]:
    """Return a nested model's inputs in its own order: a dictionary is matched by name, or by its sorted keys."""
    given = call.args[0] if len(call.args) == 1 else None
    if not isinstance(given, dict) or not isinstance(config.values.get("input_layers"), list):
        return call.tensors()
    found = [given.get(one.layer) for one in config.inputs]
    if not all(isinstance(one, Wire) for one in found):
        raise config.error(f"is called with inputs {sorted(given)}, expected {[one.layer for one in config.inputs]}")
    return tuple(one.tensor for one in found if isinstance(one, Wire))


_NOT_INPUTS = {"initial_state", "mask", "training"}


class _Graph:
    """The calls of one Functional model, by layer and number."""

    def __init__(self, config: LayerConfig, version: int) -> None:
        self.config = config
        self.layers = {child.name: child for child in config.children}
        if version >= 3:  # Keras 3 counts a nested Functional model's calls from 1, but only among the outputs
            later = {name for name, child in self.layers.items() if child.kind in {"Functional", "Model"}}
            self.outputs = tuple(replace(one, node=one.node - (one.layer in later)) for one in config.outputs)
            self.first: dict[str, int] = {}
        else:
            self.outputs = config.outputs
            self.first = self._first_calls()

    def _references(self, call: Call) -> list[Reference]:
        return [one for one in leaves((call.args, call.kwargs)) if isinstance(one, Reference)]

    def _first_calls(self) -> dict[str, int]:
        """Keras 2 counts a nested model's calls from 1, after the one that made it, unless that call is none."""
        used = [one for child in self.config.children for call in child.calls for one in self._references(call)]
        lowest: dict[str, int] = {}
        for one in (*used, *self.config.outputs):
            lowest[one.layer] = min(one.node, lowest.get(one.layer, one.node))
        return {name: min(lowest.get(name, 0), 1) for name, child in self.layers.items() if child.kind in MODELS}

    def _key(self, reference: Reference) -> _Key:
        key = (reference.layer, reference.node - self.first.get(reference.layer, 0))
        layer = self.layers.get(reference.layer)
        is_input = any(one.layer == reference.layer for one in self.config.inputs)
        if layer is None or not (0 <= key[1] < len(layer.calls) or (is_input and key[1] == 0)):
            raise self.config.error(f"call {reference.node} of layer '{reference.layer[:80]}' does not exist")
        return key

    def order(self) -> list[_Key]:
        """Return all calls, each behind those whose outputs it takes."""
        sorter: TopologicalSorter[_Key] = TopologicalSorter()
        for child in self.config.children:
            for number, call in enumerate(child.calls):
                sorter.add((child.name, number), *(self._key(one) for one in self._references(call)))
        try:
            return [key for key in sorter.static_order() if key[1] < len(self.layers[key[0]].calls)]
        except CycleError as error:
            raise self.config.error("its layers call each other in a circle") from error

    def call(self, key: _Key) -> tuple[LayerConfig, Call]:
        layer = self.layers[key[0]]
        return layer, layer.calls[key[1]]

    def output(self, done: dict[_Key, Outputs], reference: Reference) -> str | None:
        key = self._key(reference)
        if key not in done:
            raise self.config.error(f"layer '{reference.layer[:80]}' is not connected to an input")
        outputs = done[key]
        if outputs is None:
            return None
        if reference.tensor >= len(outputs):
            raise self.config.error(f"layer '{reference.layer[:80]}' has no output {reference.tensor}")
        return outputs[reference.tensor]


def _all(tensors: list[str | None]) -> Outputs:
    found = tuple(one for one in tensors if one is not None)
    return found if len(found) == len(tensors) else None
