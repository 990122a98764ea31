"""Layers of several inputs: elementwise ones, and Concatenate."""

from nn4mc.importers.keras_layer import Call, Kind, Layer
from nn4mc.ir import Attribute


def _aligned(layer: Layer, call: Call) -> list[str]:
    """Return the inputs with as many axes as the largest: Keras puts axes of 1 behind the batch."""
    inputs = call.tensors()
    if len(inputs) < 1:
        raise layer.config.error("is called without an input")
    rank = max(len(layer.own_shape(one)) for one in inputs)
    found = []
    for one in inputs:
        own = layer.own_shape(one)
        missing = tuple(1 for _ in range(rank - len(own)))
        found.append(layer.reshape(one, (*layer.shape(one)[: layer.lead], *missing, *own), "axes"))
    return found


def _chain(layer: Layer, inputs: list[str], op: str) -> str:
    first, *others = inputs
    for one in others:
        first = layer.node(op, [first, one])
    return first


def _elementwise(op: str) -> Kind:
    return Kind(lambda layer, call: (_chain(layer, _aligned(layer, call), op),), stepwise=True)


def _subtract(layer: Layer, call: Call) -> tuple[str, ...]:
    inputs = _aligned(layer, call)
    if len(inputs) != 2:
        raise layer.config.error(f"is called with {len(inputs)} inputs, expected 2")
    return (_chain(layer, inputs, "sub"),)


def _average(layer: Layer, call: Call) -> tuple[str, ...]:
    inputs = _aligned(layer, call)
    total = _chain(layer, inputs, "add")
    return (layer.node("div", [total, layer.number("count", float(len(inputs)))], None, "average"),)


def concatenate(layer: Layer, call: Call) -> tuple[str, ...]:
    """Read Concatenate, the layer and the operation: its axis counts the batch."""
    inputs = call.tensors()
    if not inputs:
        raise layer.config.error("is called without an input")
    axis = layer.axis(layer.config.whole("axis", least=-16, default=-1), inputs[0])
    attributes: dict[str, Attribute] = {"axis": axis}
    return (inputs[0] if len(inputs) == 1 else layer.node("concat", inputs, attributes),)


KINDS: dict[str, Kind] = {
    "Add": _elementwise("add"),
    "Multiply": _elementwise("mul"),
    "Maximum": _elementwise("maximum"),
    "Minimum": _elementwise("minimum"),
    "Subtract": Kind(_subtract, stepwise=True),
    "Average": Kind(_average, stepwise=True),
    "Concatenate": Kind(concatenate, stepwise=True),
}
"""The merging layers, by class name."""
