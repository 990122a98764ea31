"""A Keras model's inputs: their shapes without the batch, and what becomes of an axis of time."""

from dataclasses import dataclass
from typing import Any

from nn4mc.errors import ModelError
from nn4mc.importers.keras_calls import Reference, leaves
from nn4mc.importers.keras_config import MODELS, LayerConfig
from nn4mc.importers.keras_kinds import LAYERS
from nn4mc.importers.limits import Limits, cap_elements
from nn4mc.ir import Shape

_Open = tuple[int | None, ...]


@dataclass(frozen=True)
class ModelInput:
    """One input: its name, its shape for one sample, and whether axis 0 is one step of time (``timed``)."""

    name: str
    shape: Shape
    timed: bool


def runs_stateful(root: LayerConfig, asked: bool) -> bool:
    """Return whether to compile one time step that carries its state.

    That is so when asked for, and for a model whose recurrent layers are all stateful. Raises ModelError when it is
    asked of a model without recurrent layers.
    """
    recurrent = [one for one in root.tree() if _is_recurrent(one) and not one.children]
    if asked and not recurrent:
        raise ModelError(f"{root.file}: --stateful is for recurrent layers, and the model has none; leave it out")
    return asked or (bool(recurrent) and all(one.flag("stateful") for one in recurrent))


def model_inputs(root: LayerConfig, stateful: bool, limits: Limits) -> list[ModelInput]:
    """Return the inputs in Keras' order; ModelError for an axis of open length that nothing settles."""
    found = []
    for name, shape in _declared(root):
        timed = stateful and len(shape) > 1 and _reaches_recurrent(root, name)
        fixed = (1, *shape[1:]) if timed else shape
        found.append(ModelInput(name, _closed(root, name, fixed), timed))
        cap_elements(found[-1].shape, limits, f"{root.file}: input '{name[:80]}'")
    return found


def _closed(root: LayerConfig, name: str, shape: _Open) -> Shape:
    if None not in shape:
        return tuple(n for n in shape if n is not None)
    where = f"{root.file}: input '{name[:80]}' of shape {('batch', *shape)}"
    if shape[0] is None and len(shape) > 1 and any(_is_recurrent(one) for one in root.tree()):
        raise ModelError(
            f"{where}: the number of time steps is open. Save the model with a fixed window, keras.Input((16, ...)),\n"
            "or compile one step that carries its state, with --stateful."
        )
    raise ModelError(f"{where}: has an axis of open length. Save the model with a fixed input shape.")


def _is_recurrent(config: LayerConfig) -> bool:
    return not config.operation and config.kind in LAYERS and LAYERS[config.kind].recurrent


def _declared(root: LayerConfig) -> list[tuple[str, _Open]]:
    if root.kind == "Sequential":
        return [("input", _sequential_shape(root))]
    layers = {child.name: child for child in root.children}
    found = []
    for reference in root.inputs:
        layer = layers.get(reference.layer)
        if layer is None or layer.kind != "InputLayer":
            raise root.error(f"input '{reference.layer[:80]}' is no InputLayer")
        found.append((layer.name, _shape_of(layer)))
    if len({name for name, _ in found}) != len(found):
        raise root.error("an input is named twice")
    return found


def _sequential_shape(config: LayerConfig) -> _Open:
    """Return the shape a Sequential model takes, from its first layer or the shape it was built with."""
    first = config.children[0]
    if any(key in first.values for key in ("batch_shape", "batch_input_shape")):
        return _shape_of(first)
    if first.kind in MODELS:
        return _declared(first)[0][1]
    if isinstance(config.values.get("build_input_shape"), list):
        return _open_shape(config, config.values["build_input_shape"])
    raise config.error("has no input shape; start it with keras.Input(shape)")


def _shape_of(config: LayerConfig) -> _Open:
    key = "batch_shape" if "batch_shape" in config.values else "batch_input_shape"
    return _open_shape(config, config.values.get(key))


def _open_shape(config: LayerConfig, value: Any) -> _Open:
    good = isinstance(value, list) and len(value) >= 1
    if not good or not all(one is None or (type(one) is int and one >= 1) for one in value):
        raise config.error(f"its input shape is {str(value)[:60]}, expected the batch and sizes of at least 1")
    return tuple(value[1:])


def _reaches_recurrent(root: LayerConfig, name: str) -> bool:
    """Return whether what an input feeds, directly or not, has a recurrent layer."""
    if root.kind == "Sequential":
        return True
    reached, waiting = {name}, [name]
    while waiting:
        source = waiting.pop()
        for child in root.children:
            if child.name not in reached and _takes(child, source):
                reached.add(child.name)
                waiting.append(child.name)
    layers = {child.name: child for child in root.children}
    return any(_is_recurrent(below) for one in reached for below in layers[one].tree())


def _takes(child: LayerConfig, source: str) -> bool:
    used = (one for call in child.calls for one in leaves((call.args, call.kwargs)) if isinstance(one, Reference))
    return any(one.layer == source for one in used)
